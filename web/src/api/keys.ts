import { queryOptions } from '@tanstack/react-query'
import { api, ask, page } from './client'
import type { Key } from './types'

export function keysQuery(scope: string) {
  return queryOptions({
    queryKey: ['keys', scope],
    queryFn: ({ signal }) => page<Key>(api.GET('/api/v1/keys', { params: { query: { scope } }, signal })),
  })
}

/** The user's own keys, or those of the whole system. */
export function setKey(scope: string, { name, value, secret, ttl }: { name: string; value: string; secret: boolean; ttl?: number }) {
  return ask<Key>(api.PUT('/api/v1/keys/{name}', { params: { path: { name } }, body: { name, value, secret, scope, ...(ttl && { ttl }) } }))
}

export function deleteKey(scope: string, name: string) {
  return ask(api.DELETE('/api/v1/keys/{name}', { params: { path: { name }, query: { scope } } }))
}
