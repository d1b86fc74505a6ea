import { queryOptions } from '@tanstack/react-query'
import { api, ask, Fault, page } from '@/api/client'
import type { Action, Json, Pack, Properties } from '@/api/types'
import { plain, parse, set } from './model/yaml'
import type { Workflow } from './model/workflow'

/** A file of a pack that is about to be written; was is what is there, if something is. */
export interface Change {
  path: string
  content: string
  was?: string
}

/** Packs that workflows can be written into: those that do not come with the server. */
export const ownPacksQuery = queryOptions({
  queryKey: ['packs', 'own'],
  queryFn: async ({ signal }) => {
    const { items } = await page<Pack>(api.GET('/api/v1/packs', { signal }))
    return items.filter((p) => p.path && !/[/\\](builtin|\.versions)[/\\]/.test(p.path)).map((p) => p.ref)
  },
})

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
  return ask<unknown>(api.PUT('/api/ns/v1/packs/{ref}/files', { params: { path: { ref: pack } }, body: { files: files.filter((f) => f.content !== f.was) } }))
}

/** The version after one. */
export function nextVersion(version: string): string {
  const parts = /^(\d+)\.(\d+)\.(\d+)$/.exec(version)
  return parts ? `${parts[1]}.${parts[2]}.${Number(parts[3]) + 1}` : version
}

/** The files of a workflow that is new. */
export function filesOfNew(name: string, text: string, w: Workflow): Change[] {
  const meta = `name: ${name}\ndescription: ${JSON.stringify(w.description ?? '')}\nrunner_type: orquesta\nentry_point: workflows/${name}.yaml\nenabled: true\n`
  return [
    { path: `actions/${name}.yaml`, content: withParameters(meta, w, {}) },
    { path: `actions/workflows/${name}.yaml`, content: text },
  ]
}

/** The files of a workflow that there was: its definition, and its metadata where it takes other things than it did. */
export async function filesOfOld(action: Action, was: string, text: string, w: Workflow): Promise<Change[]> {
  const files: Change[] = [{ path: `actions/${action.entry_point}`, content: text, was }]
  const path = action.metadata_file
  const meta = path ? await packFile(action.pack, path) : undefined
  if (meta !== undefined) {
    const content = withParameters(meta, w, action.parameters)
    if (content !== meta) files.push({ path, content, was: meta })
  }
  return files
}

/** Metadata in which the action takes all that the workflow does. What it says of a parameter already stays. */
function withParameters(meta: string, w: Workflow, known: Properties): string {
  for (const [name, value] of w.input) {
    if (name in known) continue
    const form: Record<string, Json> = { type: typeIn(value) }
    if (value === undefined) form.required = true
    else if (value !== null) form.default = value
    meta = set(meta, ['parameters', name], form)
  }
  return meta
}

function typeIn(v: Json | undefined): string {
  if (typeof v === 'number') return Number.isInteger(v) ? 'integer' : 'number'
  if (typeof v === 'boolean') return 'boolean'
  if (Array.isArray(v)) return 'array'
  return typeof v === 'object' && v !== null ? 'object' : 'string'
}

/** pack.yaml with the next version in it. */
export async function bumped(pack: string): Promise<(Change & { version: string }) | undefined> {
  const was = await packFile(pack, 'pack.yaml')
  if (was === undefined) return undefined
  const version = nextVersion(String((plain(parse(was)) as { version?: Json } | null)?.version ?? ''))
  return { path: 'pack.yaml', content: set(was, ['version'], version), was, version }
}

/** pack.yaml of a pack that there is not yet. */
export function newPack(ref: string, author: string): Change {
  return { path: 'pack.yaml', content: `ref: ${ref}\nname: ${ref}\ndescription: Our own workflows\nversion: 0.1.0\nauthor: ${JSON.stringify(author)}\n` }
}
