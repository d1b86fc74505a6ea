import type { Json, Properties } from '@/api/types'

/** Something that events of a kind have in them. */
export interface Field {
  path: string // from the payload, as criteria and templates have it: body.host
  type: string
  says?: string // what the schema says of it
  examples: Json[] // from events that have been, the latest first
}

const deepest = 6
const mostFields = 300
const mostExamples = 5

/** The fields that the payload of events has, as their schema says and as they really were. */
export function fieldsOf(schema: Properties, payloads: Json[]): Field[] {
  const fields = new Map<string, Field>()
  const field = (path: string, type: string): Field | undefined => {
    const known = fields.get(path)
    if (known || fields.size >= mostFields) return known
    const fresh: Field = { path, type, examples: [] }
    fields.set(path, fresh)
    return fresh
  }
  const declare = (properties: Properties, above: string, depth: number) => {
    for (const [name, p] of Object.entries(properties)) {
      const path = above + step(name, above)
      const f = field(path, [p.type ?? 'any'].flat().filter((t) => t !== 'null').join(' or '))
      if (f) f.says = p.description
      if (p.properties && depth < deepest) declare(p.properties, path, depth + 1)
    }
  }
  const see = (v: Json, path: string, depth: number) => {
    if (typeof v === 'object' && v !== null) {
      if (depth >= deepest) return
      // Of a list the first item stands for all: criteria take the first value that is found.
      const parts = Array.isArray(v) ? (v.length > 0 ? ([['[0]', v[0]!]] as const) : []) : Object.entries(v).map(([name, item]) => [step(name, path), item] as const)
      for (const [name, item] of parts) see(item, path + name, depth + 1)
      if (parts.length > 0 || path === '') return
    }
    const f = field(path, v === null ? 'null' : Array.isArray(v) ? 'array' : typeof v)
    if (f && f.examples.length < mostExamples && !f.examples.some((e) => JSON.stringify(e) === JSON.stringify(v))) f.examples.push(v)
  }
  declare(schema, '', 0)
  for (const p of payloads) see(p, '', 0)
  return [...fields.values()].sort((a, b) => a.path.localeCompare(b.path))
}

function step(name: string, above: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) return `['${name.replaceAll("'", "\\'")}']`
  return above === '' ? name : '.' + name
}

/** How a criterion names a field. */
export function keyOf(f: Field): string {
  return f.path.startsWith('[') ? `trigger${f.path}` : `trigger.${f.path}`
}

/** How a parameter is given what a field has. */
export function templateOf(f: Field): string {
  return `{{ ${keyOf(f)} }}`
}

/** What criteria can ask, by what is written for it. */
export const operators: [name: string, says: string][] = [
  ['equals', 'is'],
  ['nequals', 'is not'],
  ['iequals', 'is, whatever the case'],
  ['contains', 'contains'],
  ['icontains', 'contains, whatever the case'],
  ['ncontains', 'does not contain'],
  ['incontains', 'does not contain, whatever the case'],
  ['startswith', 'begins with'],
  ['istartswith', 'begins with, whatever the case'],
  ['endswith', 'ends with'],
  ['iendswith', 'ends with, whatever the case'],
  ['matchwildcard', 'fits, with * and ?'],
  ['regex', 'has the pattern in it'],
  ['iregex', 'has the pattern in it, whatever the case'],
  ['matchregex', 'begins with the pattern'],
  ['lessthan', 'is less than'],
  ['greaterthan', 'is more than'],
  ['timediff_lt', 'was fewer seconds ago than'],
  ['timediff_gt', 'was more seconds ago than'],
  ['exists', 'is there'],
  ['nexists', 'is not there'],
  ['inside', 'is one of'],
  ['ninside', 'is none of'],
  ['search', 'is a list with items such that'],
]

const short: Record<string, string> = { eq: 'equals', neq: 'nequals', ieq: 'iequals', lt: 'lessthan', gt: 'greaterthan', td_lt: 'timediff_lt', td_gt: 'timediff_gt', in: 'inside', nin: 'ninside' }

/** What an operator asks, whichever of its names is written. */
export function saysOf(type: string): string {
  return operators.find(([name]) => name === (short[type] ?? type))?.[1] ?? type
}
