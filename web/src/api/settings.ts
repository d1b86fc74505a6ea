import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, ask, page } from './client'
import type { components } from './schema'
import type { Json } from './types'

type Schemas = components['schemas']

export const versionQuery = queryOptions({
  queryKey: ['version'],
  queryFn: ({ signal }) => ask<{ version: string; go: string }>(api.GET('/api/ns/v1/version', { signal })),
  staleTime: Infinity,
})

/** Whether the server can do its work; a refusal says why not. */
export const readyQuery = queryOptions({
  queryKey: ['ready'],
  queryFn: ({ signal }) => ask<{ status: string }>(api.GET('/readyz', { signal })),
  refetchInterval: 10_000,
  retry: false,
})

export const workersQuery = queryOptions({
  queryKey: ['workers'],
  queryFn: async ({ signal }) => {
    const answer = await ask<{ members: { member_id: string }[] }>(api.GET('/api/v1/service_registry/groups/{id}/members', { params: { path: { id: 'actionrunner' } }, signal }))
    return answer.members
  },
  refetchInterval: 10_000,
})

export type APIKey = Required<Omit<Schemas['APIKey'], 'metadata'>> & { metadata?: { name?: string } }

export const apiKeysQuery = queryOptions({
  queryKey: ['api keys'],
  queryFn: ({ signal }) => page<APIKey>(api.GET('/api/v1/apikeys', { params: { query: { limit: 100 } }, signal })),
})

export function makeAPIKey(name: string) {
  return ask<APIKey>(api.POST('/api/v1/apikeys', { body: { metadata: { name } } }))
}

export function enableAPIKey({ id, user, metadata }: APIKey, enabled: boolean) {
  return ask(api.PUT('/api/v1/apikeys/{id}', { params: { path: { id } }, body: { user, metadata, enabled } }))
}

export function deleteAPIKey(id: string) {
  return ask(api.DELETE('/api/v1/apikeys/{id}', { params: { path: { id } } }))
}

/** Some of the server's own figures, by their names; what it does not give is not there. */
export const figuresQuery = queryOptions({
  queryKey: ['figures'],
  queryFn: async ({ signal }) => {
    const text = await ask<string>(api.GET('/metrics', { parseAs: 'text', signal }))
    return new Map(Array.from(text.matchAll(/^(process_\w+) (\S+)$/gm), ([, name, value]) => [name!, Number(value)]))
  },
  refetchInterval: 10_000,
})

export interface AuditEntry {
  seq: number
  hash: string
  record: {
    at: string
    user: string
    credential: string
    execution?: string
    address: string
    client?: string
    request_id: string
    method: string
    route: string
    object?: string
    origin?: string
    permission?: string
    outcome: 'done' | 'refused'
    reason?: string
    missed?: number
    changes?: { kind: string; object: string; before?: Json; after?: Json }[]
    more_changes?: number
  }
}

export interface AuditFilter {
  user?: string
  outcome?: AuditEntry['record']['outcome']
}

const auditPage = 100

/** The audit log, the latest entry first, page by page. */
export function auditPages(filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ['audit', filter],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) => ask<AuditEntry[]>(api.GET('/api/ns/v1/audit', { params: { query: { ...filter, limit: auditPage, ...(pageParam && { before: pageParam }) } }, signal })),
    getNextPageParam: (last) => (last.length < auditPage ? undefined : last.at(-1)!.seq),
  })
}

/** Where the audit log begins, and has come to. */
export const auditHeadQuery = queryOptions({
  queryKey: ['audit', 'head'],
  queryFn: ({ signal }) => ask<Record<'base' | 'head', { seq: number; hash: string }>>(api.GET('/api/ns/v1/audit/head', { signal })),
})
