import { isMap, isPair, isScalar, isSeq, LineCounter, type Node } from 'yaml'
import type { Json, JsonObject } from '@/api/types'
import { parse, plain } from '@/edit/yaml'

/** What a name is given. */
export type Assignment = [name: string, value: Json]

export interface Transition {
  when?: string
  publish: Assignment[]
  do: string[]
}

export interface Task {
  name: string
  line: number
  lastLine: number
  action?: string // without the parameters that may follow it
  inline?: Assignment[] // these parameters
  input?: Json
  join?: Json
  with?: { items: string; concurrency?: Json }
  retry?: JsonObject
  delay?: Json
  timeout?: Json
  undo?: JsonObject
  next: Transition[]
}

export interface Workflow {
  name?: string
  description?: string
  tags?: string[]
  timeout?: Json
  outputOnError?: Assignment[] // of a workflow that failed; undefined is as output
  input: Assignment[] // with their defaults; undefined is none
  vars: Assignment[]
  output: Assignment[]
  tasks: Task[]
}

/** A workflow that was read, or why it could not be. */
export type Reading = { workflow: Workflow; problem?: undefined } | { workflow?: undefined; problem: { message: string; line: number } }

/** Names that transitions may lead to without a task of that name. */
export const commands = ['continue', 'fail', 'noop', 'retry']

/** Reads the definition of a workflow, as leniently as the server does. */
export function read(text: string): Reading {
  const lines = new LineCounter()
  const doc = parse(text, lines)
  const line = (at: number) => lines.linePos(at).line
  const broken = doc.errors[0]
  if (broken) return { problem: { message: broken.message, line: line(broken.pos[0]) } }
  let root: Json
  try {
    root = plain(doc)
  } catch (err) {
    return { problem: { message: String(err), line: 1 } }
  }
  if (root === null) root = {}
  if (!isObject(root)) return { problem: { message: 'A workflow is a mapping, with version and tasks.', line: 1 } }
  const places = new Map<string, [number, number]>()
  const tasks = isMap(doc.contents) ? doc.contents.get('tasks', true) : undefined
  if (isMap(tasks)) {
    for (const item of tasks.items) {
      if (!isScalar(item.key)) continue
      const key = item.key.range!
      places.set(String(item.key.value), [line(key[0]), line(Math.max(key[1], lastOf(item.value)))])
    }
  }
  return {
    workflow: {
      name: text_(root.name),
      description: text_(root.description),
      tags: Array.isArray(root.tags) ? root.tags.map(String) : undefined,
      timeout: root.timeout,
      outputOnError: root['output-on-error'] === undefined ? undefined : assignments(root['output-on-error']),
      input: names(root.input),
      vars: assignments(root.vars),
      output: assignments(root.output),
      tasks: Object.entries(isObject(root.tasks) ? root.tasks : {}).map(([name, v]) => taskOf(name, isObject(v) ? v : {}, places.get(name) ?? [1, 1])),
    },
  }
}

function lastOf(node: unknown): number {
  if (isPair(node)) return lastOf(node.value) || lastOf(node.key)
  if ((isMap(node) || isSeq(node)) && node.items.length > 0) return lastOf(node.items.at(-1)) || node.range![0]
  const range = (node as Node | null)?.range
  return range ? Math.max(range[0], range[1] - 1) : 0
}

function taskOf(name: string, v: JsonObject, [line, lastLine]: [number, number]): Task {
  const { action, inline } = splitAction(text_(v.action))
  return {
    name,
    line,
    lastLine,
    action,
    inline,
    input: v.input,
    join: v.join,
    with: typeof v.with === 'string' ? { items: v.with } : isObject(v.with) ? { items: text_(v.with.items) ?? '', concurrency: v.with.concurrency } : undefined,
    retry: isObject(v.retry) ? v.retry : undefined,
    delay: v.delay,
    timeout: v.timeout,
    undo: isObject(v.undo) ? v.undo : undefined,
    next: Array.isArray(v.next) ? v.next.map((t) => transition(isObject(t) ? t : {})) : [],
  }
}

function transition(v: JsonObject): Transition {
  return { when: text_(v.when), publish: typeof v.publish === 'string' ? parseInline(v.publish) : assignments(v.publish), do: targets(v.do) }
}

export function targets(v: Json | undefined): string[] {
  const all = typeof v === 'string' ? v.split(',') : Array.isArray(v) ? v.map(String) : []
  return all.map((t) => t.trim()).filter((t) => t !== '')
}

/** What stands in a list of mappings, or in one mapping. */
function assignments(v: Json | undefined): Assignment[] {
  const all = Array.isArray(v) ? v : [v ?? null]
  return all.flatMap((item) => (isObject(item) ? Object.entries(item) : []))
}

function names(v: Json | undefined): Assignment[] {
  return Array.isArray(v) ? v.flatMap((item) => (isObject(item) ? Object.entries(item) : [[String(item), undefined as never] satisfies Assignment])) : assignments(v)
}

/** An action without the parameters that follow it, which begin after the first white space outside of an expression. */
export function splitAction(text?: string): { action?: string; inline?: Assignment[] } {
  if (text === undefined) return {}
  const [action] = /^(?:<%.*?%>|\{\{.*?\}\}|\S)*/s.exec(text)!
  const inline = parseInline(text.slice(action.length))
  return { action, inline: inline.length > 0 ? inline : undefined }
}

const parameter = /([\p{L}\p{N}_]+)=(\[[^\n]*\]|"[^"]*"|'[^']*'|\{\{.*?\}\}|<%.*?%>|-?(?:\d*\.\d+|\d+)|true|false|null)/giu

/** Reads parameters such as: message="hello" times=3 to=<% ctx(name) %>. */
export function parseInline(text: string): Assignment[] {
  return [...text.matchAll(parameter)].map(([, name, value]) => [name!, inlineValue(value!)])
}

function inlineValue(text: string): Json {
  const quoted = /^(["'])(.*)\1$/s.exec(text)
  if (quoted) return quoted[2]!
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

function isObject(v: unknown): v is JsonObject {
  return typeof v === 'object' && v !== null && !Array.isArray(v) && !(v instanceof Date)
}

function text_(v: Json | undefined): string | undefined {
  return v === null || v === undefined ? undefined : typeof v === 'string' ? v : JSON.stringify(v)
}
