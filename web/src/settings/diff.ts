import type { Json } from '@/api/types'

export interface Difference {
  path: string
  before?: string
  after?: string
}

/** What is different in a thing, attribute by attribute. What was or is not there is left out. */
export function differences(before: Json | undefined, after: Json | undefined): Difference[] {
  const [was, is] = [leaves(before), leaves(after)]
  return [...new Set([...was.keys(), ...is.keys()])].filter((path) => was.get(path) !== is.get(path)).map((path) => ({ path, before: was.get(path), after: is.get(path) }))
}

/** All values that hold no others, by the way to them. */
function leaves(v: Json | undefined, path = '', out = new Map<string, string>()): Map<string, string> {
  if (v === undefined) return out
  if (v === null || typeof v !== 'object' || Object.keys(v).length === 0) out.set(path, JSON.stringify(v))
  else for (const [name, below] of Object.entries(v)) leaves(below as Json, path ? `${path}.${name}` : name, out)
  return out
}
