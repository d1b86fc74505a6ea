import type { Word } from '@/api/expressions'
import { wordsAt, type Language, type Option, type Options } from '@/edit/expressions'
import type { Workflow } from './workflow'

/** What expressions can name at some place of a workflow. */
export interface Names {
  variables: string[]
  tasks: string[]
}

/** All variables that a workflow has: those it is given, those it begins with, and those that tasks publish. */
export function namesOf(w: Workflow | undefined): Names {
  if (!w) return { variables: [], tasks: [] }
  const published = w.tasks.flatMap((t) => t.next.flatMap((n) => n.publish.map(([name]) => name)))
  return { variables: [...new Set([...w.input.map(([n]) => n), ...w.vars.map(([n]) => n), ...published, 'st2'])].sort(), tasks: w.tasks.map((t) => t.name) }
}

/** Where an expression stands: at which task, or at none, and whether what it says is wanted before the action has run. */
export interface Place {
  task: string
  before: boolean
}

/** The place of a line of a definition, which need not be whole. */
export function placeAt(text: string, line: number): Place {
  const above = text.split('\n').slice(0, line)
  const tasks = above.findLastIndex((l) => /^[^\s#]/.test(l))
  const below = above.slice(tasks + 1).filter((l) => /^\s*[^\s#]/.test(l))
  const indent = /^\s*/.exec(below[0] ?? '')![0].length
  const at = below.findLastIndex((l) => l.search(/\S/) === indent)
  const name = /^\s+["']?(\w+)["']?\s*:/.exec(below[at] ?? '')?.[1]
  if (!name || !/^tasks\s*:/.test(above[tasks]!)) return { task: '', before: false }
  return { task: name, before: !below.slice(at).some((l) => /^\s+(next|retry)\s*:/.test(l)) }
}

/** What completions are made of. */
export interface Known {
  names: Names
  actions: { ref: string; description: string }[]
  words: readonly Word[] // that the server knows
  fields?: (place: Place, expression: string) => Promise<Option[]> // what a value has in it
}

/** What can follow what has been typed of an expression, and how much of that it replaces. */
export function complete(before: string, language: Language, { names: { variables, tasks }, words }: Known): Options | undefined {
  const variable = /(?:\bctx\(\s*["']?|\bctx\(\)\.)(\w*)$/.exec(before)
  if (variable) return { typed: variable[1]!.length, options: variables.map((label) => ({ label, says: 'variable', kind: 'variable' as const })) }
  const task = /\btask(?:_status)?\(\s*["']?(\w*)$/.exec(before)
  if (task) return { typed: task[1]!.length, options: tasks.map((label) => ({ label, says: 'task', kind: 'task' as const })) }
  const found = wordsAt(before, language, words, true)
  if (!found || /[|.]\s*\w*$|\bis\s+(not\s+)?\w*$/.test(before)) return found
  return { typed: found.typed, options: [...found.options, ...variables.map((name) => ({ label: name, says: 'variable', kind: 'variable' as const, apply: `ctx(${name})` }))] }
}
