import { queryOptions } from '@tanstack/react-query'
import { api, ask } from './client'
import type { components } from './schema'

/** Something that expressions can be made of. */
export type Word = Required<components['schemas']['ExpressionName']>

export const wordsQuery = queryOptions({
  queryKey: ['expressions'],
  queryFn: ({ signal }) => ask<Word[]>(api.GET('/api/ns/v1/expressions', { signal })),
  staleTime: Infinity,
})
