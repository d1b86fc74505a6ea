import { queryOptions } from '@tanstack/react-query'
import { api, ask, Fault, page } from './client'
import { runAction } from './executions'
import type { JsonObject, Pack, Properties } from './types'

export const packsQuery = queryOptions({
  queryKey: ['packs'],
  queryFn: ({ signal }) => page<Pack>(api.GET('/api/v1/packs', { params: { query: { limit: 100 } }, signal })),
  staleTime: 30_000,
})

export function packQuery(ref: string) {
  return queryOptions({
    queryKey: ['pack', ref],
    queryFn: ({ signal }) => ask<Pack>(api.GET('/api/v1/packs/{ref}', { params: { path: { ref } }, signal })),
  })
}

/** Whether a pack comes with the server. */
export function builtIn(p: Pack): boolean {
  return /\/builtin\/[^/]+$/.test(p.path ?? '')
}

/** What an index says of a pack. Whoever writes an index leaves out what they like. */
export interface IndexedPack {
  name?: string
  ref?: string
  description?: string
  version?: string
  author?: string
  keywords?: string[]
  repo_url?: string
}

export interface PackIndex {
  index: Record<string, IndexedPack>
  status: { url: string; packs: number; message: string; error: string | null }[]
}

/** The packs that can be installed. */
export const indexQuery = queryOptions({
  queryKey: ['packs', 'index'],
  queryFn: ({ signal }) => ask<PackIndex>(api.GET('/api/v1/packs/index', { signal })),
  staleTime: 5 * 60_000,
  retry: false,
})

export function packFileQuery(ref: string, name: string) {
  return queryOptions({
    queryKey: ['pack', ref, 'file', name],
    queryFn: ({ signal }) => ask<string>(api.GET('/api/v1/packs/views/file/{ref}/{name}', { params: { path: { ref, name } }, parseAs: 'text', signal })),
    retry: false,
  })
}

/** What a pack can be configured by; null if it has no schema. */
export function configSchemaQuery(ref: string) {
  return queryOptions({
    queryKey: ['pack', ref, 'schema'],
    queryFn: ({ signal }) => orNull(ask<{ attributes: Properties }>(api.GET('/api/v1/config_schemas/{ref}', { params: { path: { ref } }, signal }))).then((c) => c?.attributes ?? null),
  })
}

/** How a pack is configured, with its secrets masked. */
export function configQuery(ref: string) {
  return queryOptions({
    queryKey: ['pack', ref, 'config'],
    queryFn: ({ signal }) => orNull(ask<{ values: JsonObject }>(api.GET('/api/v1/configs/{ref}', { params: { path: { ref } }, signal }))).then((c) => c?.values ?? {}),
  })
}

/** Configures a pack. What is sent as it came, masked, stays as it is. */
export function configure(ref: string, values: JsonObject) {
  return ask<{ values: JsonObject }>(api.PUT('/api/v1/configs/{ref}', { params: { path: { ref } }, body: values as never }))
}

function orNull<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch((err: unknown) => {
    if (err instanceof Fault && err.status === 404) return null
    throw err
  })
}

// Each of these is done by an execution, whose id they return.

export async function installPack(source: string, force: boolean): Promise<string> {
  return (await ask<{ execution_id: string }>(api.POST('/api/v1/packs/install', { body: { packs: [source], force } }))).execution_id
}

export async function updatePack(ref: string, force: boolean): Promise<string> {
  return (await runAction('packs.update', { packs: [ref], force })).id
}

export async function removePack(ref: string, force: boolean): Promise<string> {
  return (await ask<{ execution_id: string }>(api.POST('/api/v1/packs/uninstall', { body: { packs: [ref], force } }))).execution_id
}
