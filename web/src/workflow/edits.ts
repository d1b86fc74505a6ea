import { masked, type Json, type JsonObject } from '@/api/types'
import { drop, insert, Refused, remove, rename, set, valueAt } from '@/edit/yaml'
import { read, targets, type Assignment, type Workflow } from './workflow'

// Edits of a workflow. Each takes the text of a definition and returns another, or
// throws Refused. What an edit is not about stays byte for byte.

/** The order in which people write the keys of a task. */
const taskOrder = ['delay', 'join', 'with', 'action', 'input', 'timeout', 'retry', 'undo', 'next']
const rootOrder = ['version', 'name', 'description', 'tags', 'input', 'vars', 'output', 'output-on-error', 'timeout', 'tasks']
const transitionOrder = ['when', 'publish', 'do']

export const conditions = { success: '<% succeeded() %>', failure: '<% failed() %>' }
export type Kind = keyof typeof conditions | 'always'

/** A workflow that does nothing yet. */
export const blank = 'version: 1.0\n\ntasks: {}\n'

function workflowOf(text: string): Workflow {
  const { workflow, problem } = read(text)
  if (!workflow) throw new Refused(`Line ${problem.line} has a mistake that must be repaired first: ${problem.message}`)
  return workflow
}

/** Whether tasks can be called so. */
export function validName(name: string): boolean {
  return /^\w+$/.test(name)
}

/** A name for a task that there is not yet. */
export function freeName(text: string, wish: string): string {
  const taken = new Set(workflowOf(text).tasks.map((t) => t.name))
  const base = wish.replace(/\W+/g, '_').replace(/^_+|_+$/g, '') || 'task'
  for (let i = 1; ; i++) {
    const name = i === 1 ? base : `${base}_${i}`
    if (!taken.has(name)) return name
  }
}

export function addTask(text: string, name: string, action?: string): string {
  if (!validName(name)) throw new Refused('The name of a task has letters, digits and underscores.')
  if (workflowOf(text).tasks.some((t) => t.name === name)) throw new Refused(`There is a task ${name} already.`)
  return set(text, ['tasks', name], action ? { action } : {}, rootOrder)
}

/** A workflow of one task, which does what was run by hand. Secrets, which are shown to nobody, are left to be typed. */
export function outOf(action: string, parameters: JsonObject): string {
  const name = freeName(blank, action.split('.').slice(1).join('_'))
  return setInput(addTask(blank, name, action), name, Object.fromEntries(Object.entries(parameters).filter(([, v]) => v !== masked)))
}

/** Removes a task, and all that leads to it. */
export function removeTask(text: string, name: string): string {
  for (const task of workflowOf(text).tasks) {
    for (let i = task.next.length - 1; i >= 0; i--) {
      if (task.name !== name && task.next[i]!.do.includes(name)) text = disconnect(text, task.name, i, name)
    }
  }
  return remove(text, ['tasks', name])
}

/** Removes tasks, and ways that have nothing to do with them. */
export function removeAll(text: string, tasks: string[], ways: { task: string; index: number; target: string }[]): string {
  // The last come first, for what is behind a transition moves up when nothing is left of it.
  for (const { task, index, target } of ways.toSorted((a, b) => b.index - a.index)) text = disconnect(text, task, index, target)
  for (const task of tasks) text = removeTask(text, task)
  return text
}

/** Gives a task another name, also where transitions lead to it and expressions ask for its result. */
export function renameTask(text: string, from: string, to: string): string {
  if (from === to) return text
  if (!validName(to)) throw new Refused('The name of a task has letters, digits and underscores.')
  for (const task of workflowOf(text).tasks) {
    task.next.forEach((t, i) => {
      if (t.do.includes(from)) text = setTargets(text, task.name, i, t.do.map((name) => (name === from ? to : name)))
    })
  }
  text = rename(text, ['tasks', from], to)
  return text.replace(new RegExp(`\\btask\\((\\s*)(["']?)${from}\\2(\\s*)\\)`, 'g'), (_, a: string, q: string, b: string) => `task(${a}${q}${to}${q}${b})`)
}

/** Leads from one task to another. */
export function connect(text: string, from: string, to: string, kind: Kind): string {
  const task = workflowOf(text).tasks.find((t) => t.name === from)
  if (!task) throw new Refused(`There is no task ${from}.`)
  const when = kind === 'always' ? undefined : conditions[kind]
  const same = task.next.findIndex((t) => kindOf(t.when) === kind && isPlain(t.when))
  if (same >= 0) {
    const before = task.next[same]!.do
    return before.includes(to) ? text : setTargets(text, from, same, [...before.filter((t) => t !== 'continue'), to])
  }
  return addTransition(text, from, { ...(when && { when }), do: to })
}

/** Adds a transition, after those that there are. */
export function addTransition(text: string, task: string, transition: JsonObject): string {
  const path = ['tasks', task, 'next']
  const before = valueAt(text, path)
  return Array.isArray(before) && before.length > 0 ? insert(text, [...path, before.length], transition) : set(text, path, [transition], taskOrder)
}

/** Takes a target away from a transition; the transition, too, if nothing is left of it. */
export function disconnect(text: string, from: string, index: number, to: string): string {
  const t = workflowOf(text).tasks.find((t) => t.name === from)?.next[index]
  if (!t) throw new Refused('There is no such connection.')
  const rest = t.do.filter((name) => name !== to)
  if (rest.length > 0) return setTargets(text, from, index, rest)
  return t.publish.length > 0 ? remove(text, ['tasks', from, 'next', index, 'do']) : removeTransition(text, from, index)
}

export function removeTransition(text: string, task: string, index: number): string {
  return drop(text, ['tasks', task, 'next', index], 2)
}

export function setCondition(text: string, task: string, index: number, when: string): string {
  return setTransition(text, task, index, 'when', when || undefined)
}

export function setTargets(text: string, task: string, index: number, to: string[]): string {
  const before = valueAt(text, ['tasks', task, 'next', index, 'do'])
  if (to.join() === targets(before).join()) return text
  return setTransition(text, task, index, 'do', to.length === 0 ? undefined : Array.isArray(before) ? to : to.join(', '))
}

export function setPublish(text: string, task: string, index: number, publish: Assignment[]): string {
  return setTransition(text, task, index, 'publish', publish.length > 0 ? listOf(publish) : undefined)
}

function setTransition(text: string, task: string, index: number, key: string, value: Json | undefined): string {
  const path = ['tasks', task, 'next', index, key]
  return value === undefined ? drop(text, path, 2) : set(text, path, value, transitionOrder)
}

/** Sets a key of a task; undefined takes it away. */
export function setField(text: string, task: string, key: string, value: Json | undefined): string {
  const path = ['tasks', task, key]
  return value === undefined ? drop(text, path, 2) : set(text, path, value, taskOrder)
}

/** Sets what a task gives its action. Parameters that follow the action become a mapping. */
export function setInput(text: string, task: string, input: JsonObject): string {
  const t = workflowOf(text).tasks.find((t) => t.name === task)
  if (t?.inline) text = setField(text, task, 'action', t.action)
  return setField(text, task, 'input', Object.keys(input).length > 0 ? input : undefined)
}

/** Sets a key of the workflow itself; undefined takes it away. */
export function setWhole(text: string, key: 'name' | 'description' | 'tags' | 'timeout', value: Json | undefined): string {
  return value === undefined ? drop(text, [key], 0) : set(text, [key], value, rootOrder)
}

/** Sets the input, the variables or an output of the workflow. A value that is undefined is an input that must be given. */
export function setList(text: string, key: 'input' | 'vars' | 'output' | 'output-on-error', all: [string, Json | undefined][]): string {
  if (all.length === 0) return drop(text, [key], 0)
  return set(text, [key], all.map(([name, v]) => (v === undefined ? name : { [name]: v })), rootOrder)
}

function listOf(all: Assignment[]): Json {
  return all.map(([name, v]) => ({ [name]: v }))
}

/** What a condition asks for, by colour: of what is neither success nor failure nothing is known. */
export function kindOf(when?: string): Kind | 'other' {
  if (when === undefined || /^(<%|\{\{)\s*completed\(\)\s*(%>|\}\})$/.test(when.trim())) return 'always'
  const inside = when.trim().replace(/^(<%|\{\{)\s*|\s*(%>|\}\})$/g, '')
  if (/^succeeded\(\)(\s+and\s|$)/.test(inside)) return 'success'
  if (/^failed\(\)(\s+and\s|$)/.test(inside)) return 'failure'
  return 'other'
}

/** Whether a condition asks for nothing but success or failure. */
export function isPlain(when?: string): boolean {
  return when === undefined || /^(<%|\{\{)\s*(succeeded|failed|completed)\(\)\s*(%>|\}\})$/.test(when.trim())
}
