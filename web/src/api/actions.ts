import { queryOptions } from '@tanstack/react-query'
import { api, ask, page } from './client'
import type { Action, Properties } from './types'

/** All actions: a name is found by typing a part of it, so they are all here. */
export const actionsQuery = queryOptions({
  queryKey: ['actions'],
  queryFn: ({ signal }) =>
    page<Pick<Action, 'ref' | 'pack' | 'name' | 'description' | 'runner_type' | 'enabled' | 'problem'>>(
      api.GET('/api/v1/actions', { params: { query: { include_attributes: ['ref', 'pack', 'name', 'description', 'runner_type', 'enabled', 'problem'] } }, signal }),
    ),
  staleTime: 60_000,
})

export function actionQuery(ref: string) {
  return queryOptions({
    queryKey: ['action', ref],
    queryFn: ({ signal }) => ask<Action>(api.GET('/api/v1/actions/{ref}', { params: { path: { ref } }, signal })),
  })
}

/** All that an action takes, what its runner takes included. */
export function parametersQuery(ref: string) {
  return queryOptions({
    queryKey: ['action', ref, 'parameters'],
    queryFn: async ({ signal }) => (await ask<{ parameters: Properties }>(api.GET('/api/v1/actions/views/parameters/{ref}', { params: { path: { ref } }, signal }))).parameters,
  })
}

/** The program or definition of an action. */
export function sourceQuery(ref: string) {
  return queryOptions({
    queryKey: ['action', ref, 'source'],
    queryFn: ({ signal }) => ask<string>(api.GET('/api/v1/actions/views/entry_point/{ref}', { params: { path: { ref } }, parseAs: 'text', signal })),
    retry: false,
  })
}
