import { queryOptions } from '@tanstack/react-query'
import { api, ask, page } from './client'
import type { Inquiry, JsonObject } from './types'

/** The questions that wait for somebody's answer. */
export const inquiriesQuery = queryOptions({
  queryKey: ['inquiries'],
  queryFn: ({ signal }) => page<Inquiry>(api.GET('/api/v1/inquiries', { params: { query: { limit: 100 } }, signal })),
})

export function answer(id: string, response: JsonObject) {
  return ask(api.PUT('/api/v1/inquiries/{id}', { params: { path: { id } }, body: { id, response } }))
}
