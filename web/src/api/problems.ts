import { queryOptions } from '@tanstack/react-query'
import { api, ask } from './client'
import type { components } from './schema'
import type { Status } from './types'

type Schemas = components['schemas']

export type Handling = Omit<Required<Pick<Schemas['Handling'], 'rule' | 'at'>> & Schemas['Handling'], 'status'> & { status?: Status }
export type Problem = Required<Pick<Schemas['Problem'], 'trigger' | 'name' | 'since' | 'status'>> & Omit<Schemas['Problem'], 'handling'> & { handling: Handling[] }

interface Problems {
  problems: Problem[]
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
