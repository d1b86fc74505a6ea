import { queryOptions } from '@tanstack/react-query'
import { api, ask, page } from './client'
import type { JsonObject, Pack, Properties } from './types'

export const packsQuery = queryOptions({
  queryKey: ['packs'],
  queryFn: ({ signal }) => page<Pack>(api.GET('/api/v1/packs', { signal })),
})

export function packQuery(ref: string) {
  return queryOptions({
    queryKey: ['pack', ref],
    queryFn: ({ signal }) => ask<Pack>(api.GET('/api/v1/packs/{ref}', { params: { path: { ref } }, signal })),
  })
}

/** A text of a pack; what is not there is empty. */
export function packFileQuery(ref: string, name: string) {
  return queryOptions({
    queryKey: ['pack', ref, 'file', name],
    queryFn: ({ signal }) => ask<string>(api.GET('/api/v1/packs/views/file/{ref}/{name}', { params: { path: { ref, name } }, parseAs: 'text', signal })),
    retry: false,
  })
}

export function configSchemaQuery(ref: string) {
  return queryOptions({
    queryKey: ['pack', ref, 'schema'],
    queryFn: ({ signal }) => ask<{ attributes: Properties }>(api.GET('/api/v1/config_schemas/{ref}', { params: { path: { ref } }, signal })),
    retry: false,
  })
}

export function configQuery(ref: string) {
  return queryOptions({
    queryKey: ['pack', ref, 'config'],
    queryFn: ({ signal }) => ask<{ values: JsonObject }>(api.GET('/api/v1/configs/{ref}', { params: { path: { ref } }, signal })),
    retry: false,
  })
}

export function saveConfig(ref: string, values: JsonObject) {
  return ask(api.PUT('/api/v1/configs/{ref}', { params: { path: { ref } }, body: values as never }))
}

export interface Found {
  name: string
  ref?: string
  description?: string
  version?: string
  author?: string
}

export function searchPacks(query: string) {
  return ask<Found[]>(api.POST('/api/v1/packs/index/search', { body: { query } }))
}

/** Both answer with the execution that does it. */
export function installPacks(packs: string[]) {
  return ask<{ execution_id: string }>(api.POST('/api/v1/packs/install', { body: { packs } }))
}

export function uninstallPack(pack: string) {
  return ask<{ execution_id: string }>(api.POST('/api/v1/packs/uninstall', { body: { packs: [pack] } }))
}
