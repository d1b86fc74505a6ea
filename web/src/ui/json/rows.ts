import type { Json } from '@/api/types'

/** A line of JSON as it is shown: a value, or the beginning of one that holds others. */
export interface Row {
  path: string
  depth: number
  name: string | undefined // its key or index
  value: Json
  holds: number // how many others; -1: it is no object or list
  open: boolean
}

const separator = '\u0000'

/** Lists that are longer are shown in part until somebody wants all: nobody reads ten thousand lines. */
export const firstShown = 200

/**
 * The lines of a value. What is closed costs nothing, so a large value is as quick
 * as what of it is open. Before anybody has touched it, what is small is open.
 */
export function rowsOf(value: Json, touched: ReadonlyMap<string, boolean>, whole: ReadonlySet<string>): Row[] {
  const rows: Row[] = []
  const walk = (v: Json, name: string | undefined, path: string, depth: number) => {
    const holds = v !== null && typeof v === 'object' ? (Array.isArray(v) ? v.length : Object.keys(v).length) : -1
    const open = holds > 0 && (touched.get(path) ?? (depth === 0 || (depth < 3 && holds <= 20)))
    rows.push({ path, depth, name, value: v, holds, open })
    if (!open) return
    const entries = Object.entries(v as object) as [string, Json][]
    const shown = whole.has(path) ? entries : entries.slice(0, firstShown)
    for (const [key, item] of shown) walk(item, key, path + separator + key, depth + 1)
    if (shown.length < entries.length) rows.push({ path: path + separator, depth: depth + 1, name: undefined, value: entries.length - shown.length, holds: -2, open: false })
  }
  walk(value, undefined, '', 0)
  return rows
}

/** The paths of what has a text in its key or value, at most so many. */
export function find(value: Json, text: string, most: number): string[] {
  const wanted = text.toLowerCase()
  const found: string[] = []
  const stack: [Json, string, string][] = [[value, '', '']]
  while (stack.length > 0 && found.length < most) {
    const [v, key, path] = stack.pop()!
    const holds = v !== null && typeof v === 'object'
    if (key.toLowerCase().includes(wanted) || (!holds && String(v).toLowerCase().includes(wanted))) found.push(path)
    if (!holds) continue
    const entries = Object.entries(v) as [string, Json][]
    for (let i = entries.length - 1; i >= 0; i--) stack.push([entries[i]![1], entries[i]![0], path + separator + entries[i]![0]])
  }
  return found
}

/** What must be open for a path to be seen. */
export function above(path: string): string[] {
  const parts = path.split(separator)
  return parts.map((_, i) => parts.slice(0, i).join(separator)).slice(1)
}
