import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, ask, Fault, page } from './client'
import { useThoseWith } from './rights'
import type { Pack } from './types'

/** A file of a pack that is about to be written; was is what is there, if something is. */
export interface Change {
  path: string
  content: string
  was?: string
}

/** Packs that can be written into, by those who may: they neither come with the server nor were installed. */
export const ownPacksQuery = queryOptions({
  queryKey: ['packs', 'own'],
  queryFn: async ({ signal }) => {
    const { items } = await page<Pack>(api.GET('/api/v1/packs', { signal }))
    return items.filter((p) => p.path && !/[/\\](builtin|\.versions)[/\\]/.test(p.path)).map((p) => p.ref)
  },
})

/** Packs that whoever is logged in may write into; undefined is that it is not known yet. */
export function useOwnPacks(): { packs?: string[]; error: Error | null } {
  const { data, error } = useQuery(ownPacksQuery)
  const those = useThoseWith('pack_modify', data?.map((ref) => 'pack:' + ref) ?? [])
  return { packs: data && those && data.filter((ref) => those.includes('pack:' + ref)), error }
}

/** The text of a file of a pack, or nothing if there is none. */
export async function packFile(pack: string, name: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    return await ask<string>(api.GET('/api/v1/packs/views/file/{ref}/{name}', { params: { path: { ref: pack, name } }, parseAs: 'text', signal, cache: 'no-store' }))
  } catch (err) {
    if (err instanceof Fault && err.status === 404) return undefined
    throw err
  }
}

export function writeFiles(pack: string, files: Change[]) {
  return ask<unknown>(api.PUT('/api/ns/v1/packs/{ref}/files', { params: { path: { ref: pack } }, body: { files: files.filter((f) => f.content !== f.was).map(({ path, content, was }) => ({ path, content, was })) } }))
}

/** pack.yaml of a pack that there is not yet. */
export function newPack(ref: string, author: string): Change {
  return { path: 'pack.yaml', content: `ref: ${ref}\nname: ${ref}\ndescription: Our own workflows\nversion: 0.1.0\nauthor: ${JSON.stringify(author)}\n` }
}
