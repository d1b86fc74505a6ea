import { queryOptions } from '@tanstack/react-query'
import { api, ask } from './client'

export interface Pulse {
  minutes: { at: string; events: number }[]
  complete: boolean
  started: Record<string, number>
  since: string
}

/** How busy the server is, and what it has done by itself. */
export const pulseQuery = queryOptions({
  queryKey: ['pulse'],
  queryFn: ({ signal }) => ask<Pulse>(api.GET('/api/ns/v1/pulse', { signal })),
  refetchInterval: 15_000,
})
