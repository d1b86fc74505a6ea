import { packFile, type Change } from '@/api/files'
import type { Action, Json, Properties } from '@/api/types'
import { remove, set } from '@/edit/yaml'
import type { Workflow } from '@/workflow/workflow'

/** The files of a workflow that is new. Where it begins as another one, it takes what that takes. */
export function filesOfNew(name: string, text: string, w: Workflow, from?: { metadata: string; parameters: Properties }): Change[] {
  const entry = `workflows/${name}.yaml`
  const meta = from ? set(set(remove(from.metadata, ['pack']), ['name'], name), ['entry_point'], entry) : `name: ${name}\ndescription: ${JSON.stringify(w.description ?? '')}\nrunner_type: orquesta\nentry_point: ${entry}\nenabled: true\n`
  return [
    { path: `actions/${name}.yaml`, content: withParameters(meta, w, from?.parameters ?? {}) },
    { path: `actions/${entry}`, content: text },
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
