import type { Json } from '@/api/types'

/** A line of JSON as it is shown. It holds no more than what is drawn, so lines can come from a worker. */
export interface Row {
  path: string
  depth: number
  name?: string // its key or index
  kind: 'object' | 'list' | 'scalar' | 'more'
  holds: number // how many others; of "more": how many are not shown
  scalar?: null | boolean | number | string
  open: boolean
}

/** What somebody has opened and closed, and how much of what is long they want to see. */
export interface Folds {
  open: ReadonlyMap<string, boolean>
  shown: ReadonlyMap<string, number>
}

export const nothingFolded: Folds = { open: new Map(), shown: new Map() }

const separator = '\u0000'

/** How much of what is long is shown at first, and more each time that it is wanted. */
export const portion = 200

const longest = 2000 // characters of a text on its line

/** The lines of a value. What is closed costs nothing. Before anybody has touched it, what is small is open. */
export function rowsOf(value: Json, folds: Folds): Row[] {
  const rows: Row[] = []
  const walk = (v: Json, name: string | undefined, path: string, depth: number) => {
    if (v === null || typeof v !== 'object') {
      const scalar = typeof v === 'string' && v.length > longest ? v.slice(0, longest) + ' …' : v
      rows.push({ path, depth, name, kind: 'scalar', holds: 0, scalar, open: false })
      return
    }
    const list = Array.isArray(v)
    const keys = list ? undefined : Object.keys(v)
    const holds = keys ? keys.length : (v as Json[]).length
    const open = holds > 0 && (folds.open.get(path) ?? (depth === 0 || (depth < 3 && holds <= 20)))
    rows.push({ path, depth, name, kind: list ? 'list' : 'object', holds, open })
    if (!open) return
    const shown = Math.min(holds, folds.shown.get(path) ?? portion)
    for (let i = 0; i < shown; i++) {
      const key = keys ? keys[i]! : String(i)
      walk((v as Record<string, Json>)[key]!, key, path + separator + key, depth + 1)
    }
    if (shown < holds) rows.push({ path: path + separator, depth: depth + 1, kind: 'more', holds: holds - shown, open: false })
  }
  walk(value, undefined, '', 0)
  return rows
}

/** Where a text is found, in keys and values: the paths, at most so many, and what must be open for them to be seen. */
export function find(value: Json, text: string, most: number, folds: Folds): { paths: string[]; folds: Folds } {
  const wanted = text.toLowerCase()
  const paths: string[] = []
  const open = new Map(folds.open)
  const shown = new Map(folds.shown)
  // The way to what is looked at: for each thing on it, its path and the place of the next one in it.
  const way: { path: string; at: number }[] = []
  const look = (v: Json, key: string, path: string) => {
    if (paths.length >= most) return
    const holds = v !== null && typeof v === 'object'
    if (key.toLowerCase().includes(wanted) || (!holds && String(v).toLowerCase().includes(wanted))) {
      paths.push(path)
      for (const { path: above, at } of way) {
        open.set(above, true)
        shown.set(above, Math.max(shown.get(above) ?? portion, at + 1))
      }
    }
    if (!holds) return
    const here = { path, at: 0 }
    way.push(here)
    for (const name in v) {
      look((v as Record<string, Json>)[name]!, name, path + separator + name)
      here.at++
    }
    way.pop()
  }
  look(value, '', '')
  return { paths, folds: { open, shown } }
}

/** What somebody gets to see who touches a line. */
export function touched(folds: Folds, row: Row): Folds {
  if (row.kind !== 'more') return { ...folds, open: new Map(folds.open).set(row.path, !row.open) }
  const path = row.path.slice(0, -separator.length)
  return { ...folds, shown: new Map(folds.shown).set(path, (folds.shown.get(path) ?? portion) + 5 * portion) }
}
