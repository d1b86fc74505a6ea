import { Document, isAlias, isCollection, isMap, isPair, isScalar, isSeq, parseDocument, Scalar, visit, type LineCounter, type Node, type Pair, type Tags, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Json, JsonObject } from '@/api/types'

/** Where something is in a document: keys of mappings and places in lists. */
export type Path = readonly (string | number)[]

/** An edit that cannot be made without touching what it should not. */
export class Refused extends Error {}

/** YAML as the server has it: 1.1, in which y and n are texts. */
const dialect = {
  version: '1.1' as const,
  customTags: (tags: Tags): Tags => tags.map((t) => (typeof t === 'object' && t.tag === 'tag:yaml.org,2002:bool' && t.test ? { ...t, test: words[Number(/y/i.test(t.test.source))]! } : t)),
}
const words = [/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/]

export function parse(text: string, lineCounter?: LineCounter): Document.Parsed {
  return parseDocument(text, { ...dialect, uniqueKeys: false, logLevel: 'silent', prettyErrors: false, lineCounter })
}

/** What a node stands for. */
export function plain(doc: Document, node: unknown = doc.contents): Json {
  return ((node as Node | null)?.toJS(doc) ?? null) as Json
}

export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || Array.isArray(a) !== Array.isArray(b)) return false
  if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && a.getTime() === b.getTime()
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((k) => Object.hasOwn(b, k) && equal(a[k as never], b[k as never]))
}

/**
 * Gives what is at a path another value. What is the same before and after stays
 * as it is written: only the parts of a mapping or list that differ are written
 * anew. A new key comes before those that follow it in order, or else last.
 */
export function set(text: string, path: Path, value: Json, order?: readonly string[]): string {
  const e = new Editor(text)
  const { parent, key, node, rest } = e.find(path)
  if (rest.length > 0) return e.checked(e.insert(parent, key, wrap(rest.slice(1), value), order), path, value)
  const old = plain(e.doc, node)
  if (node !== undefined && equal(old, value)) return text
  if (isMap(node) && node.items.length > 0 && isObject(value) && Object.keys(value).length > 0) {
    const kept = Object.keys(old as object).filter((k) => Object.hasOwn(value, k))
    if (kept.length > 0) {
      let out = text
      for (const k of Object.keys(old as object)) if (!Object.hasOwn(value, k)) out = remove(out, [...path, k])
      for (const k of Object.keys(value)) out = set(out, [...path, k], value[k]!, order)
      return out
    }
  }
  if (isSeq(node) && node.items.length > 0 && Array.isArray(value) && value.length > 0) return setItems(text, path, old as Json[], value)
  return e.checked(e.replace(parent, key, value), path, value)
}

/** Makes a list another one by changing what lies between the beginning and the end that both share. */
function setItems(text: string, path: Path, old: Json[], value: Json[]): string {
  let head = 0
  while (head < old.length && head < value.length && equal(old[head], value[head])) head++
  let tail = 0
  while (tail < old.length - head && tail < value.length - head && equal(old[old.length - 1 - tail], value[value.length - 1 - tail])) tail++
  const before = old.length - head - tail
  const after = value.length - head - tail
  for (let i = 0; i < Math.min(before, after); i++) text = set(text, [...path, head + i], value[head + i]!)
  for (let i = after; i < before; i++) text = remove(text, [...path, head + after])
  for (let i = before; i < after; i++) text = insert(text, [...path, head + i], value[head + i]!)
  return text
}

/** Puts something into a list, before what is at its place now. */
export function insert(text: string, path: Path, value: Json): string {
  const e = new Editor(text)
  const list = e.find(path.slice(0, -1)).node
  if (!isSeq(list)) throw new Refused('It is not a list.')
  return e.checked(e.insertItem(list, Number(path.at(-1)), value), path, value, true)
}

/** Takes away what is at a path. What remains empty is {} or []. */
export function remove(text: string, path: Path): string {
  const e = new Editor(text)
  const { parent, key, rest } = e.find(path)
  if (rest.length > 0) return text
  return e.checked(e.remove(parent, key, path), path, undefined)
}

/** Gives a key of a mapping another name. */
export function rename(text: string, path: Path, name: string): string {
  const e = new Editor(text)
  const { parent, key, rest } = e.find(path)
  if (!isMap(parent) || rest.length > 0) throw new Refused(`There is no ${path.join('.')}.`)
  if (e.index(parent, name) >= 0) throw new Refused(`There is a ${name} already.`)
  const node = parent.items[e.index(parent, key)]!.key as Node
  return e.splice(node.range![0], node.range![1], inFlow(name))
}

/** Whether something is at a path. */
export function has(text: string, path: Path): boolean {
  return new Editor(text).find(path).rest.length === 0
}

function isObject(v: unknown): v is { [key: string]: Json } {
  return typeof v === 'object' && v !== null && !Array.isArray(v)
}

function wrap(path: Path, value: Json): Json {
  return path.reduceRight<Json>((v, key) => (typeof key === 'number' ? [v] : { [key]: v }), value)
}

/** What a text says at a path; undefined if nothing. */
export function valueAt(text: string, path: Path): Json | undefined {
  let v: Json | undefined = plain(parse(text))
  for (const key of path) v = v === null || typeof v !== 'object' ? undefined : (v as JsonObject)[key]
  return v
}

/** Removes something, and what is empty then, down to a depth that stays. */
export function drop(text: string, path: Path, depth: number): string {
  if (valueAt(text, path) === undefined) return text
  while (path.length - 1 > depth) {
    const parent = valueAt(text, path.slice(0, -1))
    if (parent === null || typeof parent !== 'object' || Object.keys(parent).length > 1) break
    path = path.slice(0, -1)
  }
  return remove(text, path)
}

type Parent = YAMLMap<unknown, unknown> | YAMLSeq<unknown>

/** One edit of a text, by places in it. */
class Editor {
  readonly doc: Document.Parsed
  private readonly eol: string
  private readonly step: number
  private readonly indentSeq: boolean

  constructor(readonly text: string) {
    this.doc = parse(text)
    if (this.doc.errors.length > 0) throw new Refused('The text has a mistake that must be repaired first: ' + this.doc.errors[0]!.message)
    this.eol = text.includes('\r\n') ? '\r\n' : '\n'
    ;[this.step, this.indentSeq] = this.style()
  }

  /** How the text is indented. */
  private style(): [number, boolean] {
    let step: number | undefined
    let seq: boolean | undefined
    visit(this.doc, {
      Pair: (_, pair) => {
        const { key, value } = pair as Pair<Node, Node>
        if (!isCollection(value) || value.flow || !key?.range || !value.range) return
        const deeper = this.column(this.first(value)) - this.column(key.range[0])
        if (isMap(value) && deeper > 0) step ??= deeper
        if (isSeq(value)) seq ??= deeper > 0
        return step !== undefined && seq !== undefined ? visit.BREAK : undefined
      },
    })
    return [step ?? 2, seq ?? true]
  }

  /** Where a block collection begins: at its first key or dash. */
  private first(node: Node): number {
    return isSeq(node) && node.items.length > 0 ? this.dash(node, 0) : node.range![0]
  }

  index(parent: Parent, key: string | number): number {
    if (isSeq(parent)) return typeof key === 'number' && key < parent.items.length ? key : -1
    return parent.items.findLastIndex((p) => isScalar(p.key) && String(p.key.value) === String(key))
  }

  /** Follows a path as far as it goes. rest is what is not there; node is then what it should be in. */
  find(path: Path): { parent: Parent; key: string | number; node: unknown; rest: Path } {
    let node: unknown = this.doc.contents
    let parent: Parent | undefined
    for (const [i, key] of path.entries()) {
      if (isAlias(node)) throw new Refused('That is written by an alias, and would change in other places, too. Edit the text.')
      if (isScalar(node) && node.value === null) node = null
      if (isCollection(node) ? node.items.length === 0 && parent && !parent.flow : node === null && parent) {
        return { parent: parent!, key: path[i - 1]!, node, rest: path.slice(i - 1) } // what is empty is written anew
      }
      if (!isCollection(node)) throw new Refused(`There is no place for ${path.join('.')}.`)
      parent = node as Parent
      const at = this.index(parent, key)
      if (at < 0) return { parent, key, node, rest: path.slice(i) }
      const item = parent.items[at]
      node = isPair(item) ? item.value : item
    }
    return { parent: parent!, key: path.at(-1)!, node, rest: [] }
  }

  splice(from: number, to: number, by: string): string {
    return this.text.slice(0, from) + (this.eol === '\n' ? by : by.replaceAll('\n', this.eol)) + this.text.slice(to)
  }

  private lineStart(at: number): number {
    return this.text.lastIndexOf('\n', at - 1) + 1
  }

  private lineEnd(at: number): number {
    const end = this.text.indexOf('\n', at)
    if (end < 0) return this.text.length
    return this.text[end - 1] === '\r' ? end - 1 : end
  }

  private column(at: number): number {
    return at - this.lineStart(at)
  }

  /** Where a node ends, without the white space and comments after it. */
  private end(node: unknown, otherwise: number): number {
    if (isPair(node)) return this.end(node.value, this.colon(node) + 1)
    if (isCollection(node) && !node.flow && node.items.length > 0) {
      const last = node.items.length - 1
      return this.end(node.items[last], isSeq(node) ? this.dash(node, last) + 1 : 0)
    }
    const range = (node as Node | null)?.range
    if (!range || range[0] === range[1]) return otherwise
    let end = range[1]
    while (/\s/.test(this.text[end - 1]!)) end--
    return Math.max(end, otherwise)
  }

  private colon(pair: Pair<unknown, unknown>): number {
    const end = (pair.key as Node).range![1]
    const at = this.text.indexOf(':', end)
    return at < 0 || this.text.slice(end, at).trim() !== '' ? end - 1 : at
  }

  /** Where the dash before an item is: on its line, or above it where comments come between. */
  private dash(seq: YAMLSeq<unknown>, i: number): number {
    const first = seq.range![0]
    const column = this.column(first)
    for (let line = this.lineStart(this.itemStart(seq, i)); i > 0 && line > first; line = this.lineStart(line - 1)) {
      if (this.text[line + column] === '-' && this.text.slice(line, line + column).trim() === '') return line + column
    }
    if (i > 0 || this.text[first] !== '-') throw new Refused('That is written in a way that can only be edited as text.')
    return first
  }

  private start(pair: Pair<unknown, unknown>): number {
    return (pair.key as Node).range![0]
  }

  private options() {
    return { ...dialect, lineWidth: 0, indent: this.step, indentSeq: this.indentSeq, aliasDuplicateObjects: false }
  }

  /** A value as it is written after "key:", at a column. */
  private afterKey(value: Json, column: number): string {
    return indented(written({ k: value }, this.options()).slice(2), column)
  }

  private asPair(key: string, value: Json, column: number): string {
    return indented(written({ [key]: value }, this.options()), column)
  }

  private asItem(value: Json, column: number): string {
    return indented(written([value], this.options()), column)
  }

  insert(parent: Parent, key: string | number, value: Json, order?: readonly string[]): string {
    const at = this.index(parent, key)
    if (at >= 0) return this.replace(parent, key, value) // it was empty
    if (isSeq(parent)) return this.insertItem(parent, parent.items.length, value)
    const name = String(key)
    if (parent.items.length === 0) {
      return parent === this.doc.contents ? this.replaceAll({ [name]: value }) : this.splice(parent.range![0], parent.range![1], inFlow({ [name]: value }))
    }
    const rank = order?.indexOf(name) ?? -1
    let before = rank < 0 ? -1 : parent.items.findIndex((p) => order!.indexOf(String((p.key as Scalar).value)) > rank)
    if (before < 0) before = parent.items.length
    if (parent.flow) {
      const pair = inFlow({ [name]: value }).slice(1, -1).trim()
      if (before === 0) return this.splice(this.start(parent.items[0]!), this.start(parent.items[0]!), pair + ', ')
      const end = this.end(parent.items[before - 1], 0)
      return this.splice(end, end, ', ' + pair)
    }
    const first = this.start(parent.items[0]!)
    const column = this.column(first)
    const pair = this.asPair(name, value, column)
    if (before === 0) return this.splice(first, first, pair + '\n' + ' '.repeat(column))
    const end = this.lineEnd(this.end(parent.items[before - 1], 0))
    return this.splice(end, end, (this.spaced(parent) ? '\n' : '') + '\n' + ' '.repeat(column) + pair)
  }

  /** Whether there is an empty line before the last key of a mapping. */
  private spaced(map: YAMLMap<unknown, unknown>): boolean {
    const n = map.items.length
    return n > 1 && /\n[ \t\r]*\n/.test(this.text.slice(this.end(map.items[n - 2], 0), this.start(map.items[n - 1]!)))
  }

  insertItem(seq: YAMLSeq<unknown>, at: number, value: Json): string {
    if (seq.flow || seq.items.length === 0) {
      const item = inFlow([value]).slice(1, -1).trim()
      if (seq.items.length === 0) return this.splice(seq.range![0], seq.range![1], `[${item}]`)
      if (at === 0) return this.splice(this.itemStart(seq, 0), this.itemStart(seq, 0), item + ', ')
      const end = this.end(seq.items[at - 1], 0)
      return this.splice(end, end, ', ' + item)
    }
    const first = this.dash(seq, 0)
    const column = this.column(first)
    const item = this.asItem(value, column)
    if (at === 0) return this.splice(first, first, item + '\n' + ' '.repeat(column))
    const end = this.lineEnd(this.end(seq.items[at - 1], this.dash(seq, at - 1) + 1))
    return this.splice(end, end, '\n' + ' '.repeat(column) + item)
  }

  private itemStart(seq: YAMLSeq<unknown>, i: number): number {
    const item = seq.items[i]
    return isPair(item) ? this.start(item) : ((item as Node | null)?.range?.[0] ?? 0)
  }

  replaceAll(value: Json): string {
    const node = this.doc.contents as Node | null
    const printed = written(value, this.options())
    if (!node?.range) return this.text + (this.text === '' || this.text.endsWith('\n') ? '' : this.eol) + printed + this.eol
    return this.splice(node.range[0], this.end(node, node.range[1]), printed)
  }

  replace(parent: Parent | undefined, key: string | number, value: Json): string {
    if (!parent) return this.replaceAll(value)
    const at = this.index(parent, key)
    const item = parent.items[at]
    const node = (isPair(item) ? item.value : item) as Node | null
    if (isAlias(node)) throw new Refused('That is written by an alias. Edit the text.')
    const empty = !node?.range || node.range[0] === node.range[1]
    if (parent.flow) {
      if (empty) return this.splice(this.end(item, 0), this.end(item, 0), ' ' + inFlow(value))
      return this.splice(node.range![0], this.end(node, 0), inFlow([value]).slice(1, -1).trim())
    }
    if (isSeq(parent)) {
      const dash = this.dash(parent, at)
      return this.spliceValue(dash, this.end(node, dash + 1), this.asItem(value, this.column(dash)))
    }
    const pair = item as Pair<unknown, unknown>
    const colon = this.colon(pair)
    const by = this.afterKey(value, this.column(this.start(pair)))
    const sameLine = !empty && by.startsWith(' ') && !this.text.slice(colon, node.range![0]).includes('\n')
    if (sameLine) return this.spliceValue(node.range![0], this.end(node, 0), by.slice(1))
    return this.spliceValue(colon + 1, this.end(node, colon + 1), by)
  }

  /** A comment beside a value stays on its line, if the value gets more lines. */
  private spliceValue(from: number, to: number, by: string): string {
    const stop = this.lineEnd(to)
    const rest = this.text.slice(to, stop)
    const first = by.indexOf('\n')
    if (first < 0 || !/^\s+#/.test(rest)) return this.splice(from, to, by)
    return this.splice(from, stop, by.slice(0, first) + rest + by.slice(first))
  }

  remove(parent: Parent, key: string | number, path: Path): string {
    const at = this.index(parent, key)
    if (parent.items.length === 1) {
      const above = path.slice(0, -1)
      const by = isSeq(parent) ? '[]' : '{}'
      if (parent.flow) return this.splice(parent.range![0], parent.range![1], by)
      if (above.length === 0) return this.replaceAll({})
      const { parent: holder, key: name } = this.find(above)
      const line = this.lineStart(this.first(parent))
      const pair = holder.items[this.index(holder, name)]
      if (!isPair(pair) || this.colon(pair) > line) return this.replace(holder, name, isSeq(parent) ? [] : {})
      // Comments above what goes stay where they are.
      const empty = this.colon(pair) + 1
      const stop = this.lineEnd(this.end(parent, 0))
      return this.text.slice(0, empty) + ' ' + by + this.text.slice(empty, line - this.eol.length) + this.text.slice(stop)
    }
    const item = parent.items[at]
    const from = isSeq(parent) && !parent.flow ? this.dash(parent, at) : isSeq(parent) ? this.itemStart(parent, at) : this.start(item as Pair)
    const end = this.end(item, from + 1)
    if (parent.flow) {
      const next = at + 1 < parent.items.length ? (isSeq(parent) ? this.itemStart(parent, at + 1) : this.start(parent.items[at + 1] as Pair)) : -1
      return next >= 0 ? this.splice(from, next, '') : this.splice(this.end(parent.items[at - 1], 0), end, '')
    }
    const line = this.lineStart(from)
    if (this.text.slice(line, from).trim() === '') {
      const stop = this.lineEnd(end)
      // Empty lines before it go with it; comments stay.
      const above = at > 0 ? this.lineEnd(this.end(parent.items[at - 1], isSeq(parent) ? this.dash(parent, at - 1) + 1 : 0)) : line
      if (at > 0) return this.splice(this.text.slice(above, line).trim() === '' ? above : line - this.eol.length, stop, '')
      const below = this.text.slice(stop).search(/\S/)
      return this.splice(line, this.lineStart(stop + below), '')
    }
    // The first of a mapping that begins on the line of a dash: the next takes its place.
    let next = this.lineEnd(end)
    while (/\s/.test(this.text[next] ?? 'x')) next++
    return this.splice(from, next, '')
  }

  /** Returns a text if it says what the edit was meant to say, and nothing else has changed. */
  checked(out: string, path: Path, value: Json | undefined, inserts = false): string {
    const want = changed(plain(this.doc), path, value, inserts)
    const doc = parse(out)
    if (doc.errors.length > 0 || !equal(plain(doc), want)) {
      throw new Refused('That is written in a way that can only be edited as text.')
    }
    return out
  }
}

/** A copy in which what is at a path is another value, or is not there. */
function changed(root: Json, path: Path, value: Json | undefined, inserts: boolean): Json {
  const [key, ...rest] = path
  if (key === undefined) return value ?? null
  if (Array.isArray(root)) {
    const out = [...root]
    const i = Number(key)
    if (rest.length === 0 && inserts) out.splice(i, 0, value!)
    else if (rest.length === 0 && value === undefined) out.splice(i, 1)
    else out[i] = changed(root[i] ?? null, rest, value, inserts)
    return out
  }
  if (root === null && typeof key === 'number') return [changed(null, rest, value, inserts)]
  const out = { ...(root as { [key: string]: Json } | null) }
  if (rest.length === 0 && value === undefined) Reflect.deleteProperty(out, key)
  else out[key] = changed(out[key] ?? null, rest, value, inserts)
  return out
}

function indented(text: string, column: number): string {
  return text.replace(/\n(?=[^\n])/g, '\n' + ' '.repeat(column))
}

type WriteOptions = typeof dialect & { lineWidth: number; indent?: number; indentSeq?: boolean }

/** A value as YAML, without the end of its last line. */
function written(value: Json, options: WriteOptions): string {
  const doc = new Document(value, options)
  visit(doc, {
    Scalar: (_, node) => {
      // Texts whose last empty lines count would need more of their surroundings.
      if (typeof node.value === 'string' && /\n\n$|\r|^\n|^[ \t]+\n/.test(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  return doc.toString(options).replace(/\n$/, '')
}

/** A value on one line. */
function inFlow(value: Json): string {
  const options = { ...dialect, lineWidth: 0, collectionStyle: 'flow' as const, flowCollectionPadding: false }
  const doc = new Document(value, options)
  visit(doc, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && node.value.includes('\n')) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  return doc.toString(options).replace(/\n$/, '')
}
