import type { Json, JsonObject, Properties, Property } from '@/api/types'

/** What somebody has typed into a form, by the name of the property. What has not been touched is not there. */
export type Draft = Record<string, string>

export type Kind = 'text' | 'long' | 'secret' | 'number' | 'boolean' | 'choice' | 'json'

/** How a property is asked for. */
export function kindOf(p: Property): Kind {
  const types = [p.type ?? 'string'].flat().filter((t) => t !== 'null')
  if (p.enum) return 'choice'
  if (p.secret) return 'secret'
  if (types.length !== 1) return types.includes('string') ? 'text' : 'json'
  switch (types[0]) {
    case 'boolean':
      return 'boolean'
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
    case 'object':
      return 'json'
    default:
      return typeof p.default === 'string' && p.default.includes('\n') ? 'long' : 'text'
  }
}

/** The properties that can be given, in the order in which they are asked for. */
export function askedFor(properties: Properties): [string, Property][] {
  const rank = (p: Property) => (p.position ?? 1000) + (p.required ? 0 : 10_000)
  return Object.entries(properties)
    .filter(([, p]) => !p.immutable)
    .sort(([a, p], [b, q]) => rank(p) - rank(q) || a.localeCompare(b))
}

/** A value as it is typed. */
export function written(v: Json | undefined): string {
  if (v === undefined || v === null) return ''
  return typeof v === 'string' ? v : JSON.stringify(v, null, typeof v === 'object' ? 2 : 0)
}

/** What was typed for a property as a value, or what is wrong with it. Expressions are left to the server. */
export function read(p: Property, text: string): { value: Json } | { error: string } {
  if (/^\s*(\{\{|<%)/.test(text)) return { value: text }
  switch (kindOf(p)) {
    case 'number': {
      const n = Number(text)
      if (text.trim() === '' || Number.isNaN(n)) return { error: 'This must be a number.' }
      if (p.type === 'integer' && !Number.isInteger(n)) return { error: 'This must be a whole number.' }
      if (p.minimum !== undefined && n < p.minimum) return { error: `This must be at least ${p.minimum}.` }
      if (p.maximum !== undefined && n > p.maximum) return { error: `This must be at most ${p.maximum}.` }
      return { value: n }
    }
    case 'boolean':
      return { value: text === 'true' }
    case 'choice':
      return { value: p.enum?.find((v) => written(v) === text) ?? text }
    case 'json':
      return readJson(p, text)
    default:
      if (p.pattern && !new RegExp(p.pattern).test(text)) return { error: `This must match ${p.pattern}.` }
      return { value: text }
  }
}

function readJson(p: Property, text: string): { value: Json } | { error: string } {
  try {
    const v = JSON.parse(text) as Json
    if (p.type === 'array' && !Array.isArray(v)) return { error: 'This must be a list, such as ["a", "b"].' }
    if (p.type === 'object' && (v === null || typeof v !== 'object' || Array.isArray(v))) return { error: 'This must be an object, such as {"a": 1}.' }
    return { value: v }
  } catch (err) {
    // A list of words may be written as such; that is how the command line has it, too.
    if (p.type === 'array' && !/^\s*[[{]/.test(text)) return { value: text.split(',').map((s) => s.trim()) }
    return { error: err instanceof Error ? err.message : 'This is no JSON.' }
  }
}

/** All of a draft as values, and what is wrong with it. What was emptied is left out, and has its default. */
export function readAll(properties: Properties, draft: Draft): { values: JsonObject; errors: Record<string, string> } {
  const values: JsonObject = {}
  const errors: Record<string, string> = {}
  for (const [name, p] of askedFor(properties)) {
    const text = draft[name]
    if (text === undefined || text === '') {
      if (p.required && p.default === undefined) errors[name] = 'This must be given.'
      continue
    }
    const got = read(p, text)
    if ('error' in got) errors[name] = got.error
    else values[name] = got.value
  }
  return { values, errors }
}
