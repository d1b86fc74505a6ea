import { queryOptions } from '@tanstack/react-query'
import { api, ask } from './client'
import type { components } from './schema'
import type { Status } from './types'

type Schemas = components['schemas']

export type Handling = Omit<Schemas['Handling'], 'status'> & { status?: Status }
export type Problem = Omit<Schemas['Problem'], 'handling'> & { handling: Handling[] }

interface Problems {
  problems: Problem[]
  closed: Problem[]
  complete: boolean
  ended: number
  repaired: number
}

/** What is broken by what monitoring systems and probes have said, and what is done about it. */
export const problemsQuery = queryOptions({
  queryKey: ['problems'],
  queryFn: ({ signal }) => ask<Problems>(api.GET('/api/ns/v1/problems', { signal })),
  refetchInterval: 15_000,
})

/** Says that a problem is over, though its sender has not. With its next event it is open again. */
export function closeProblem(id: string, reason: string) {
  return ask<unknown>(api.PUT('/api/ns/v1/problems/{id}/closing', { params: { path: { id } }, body: { reason } }))
}

export function reopenProblem(id: string) {
  return ask<unknown>(api.DELETE('/api/ns/v1/problems/{id}/closing', { params: { path: { id } } }))
}
