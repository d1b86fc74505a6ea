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

interface Known {
  name: string
  says: string
  jinja?: boolean // written with a | before it
}

/** What expressions are made with most; the server knows more. */
export const functions: Known[] = [
  { name: 'ctx', says: 'a variable of the workflow' },
  { name: 'result', says: 'what the action of this task gave' },
  { name: 'succeeded', says: 'whether this task has succeeded' },
  { name: 'failed', says: 'whether this task has failed' },
  { name: 'completed', says: 'whether this task has ended' },
  { name: 'task', says: 'another task, with its result and status' },
  { name: 'task_status', says: 'how a task ended' },
  { name: 'item', says: 'the item that a task with items is at' },
  { name: 'st2kv', says: 'a key of the datastore' },
  { name: 'json_parse', says: 'a value out of a text of JSON' },
  { name: 'json_dump', says: 'the JSON of a value' },
  { name: 'yaml_parse', says: 'a value out of a text of YAML' },
  { name: 'to_json_string', says: 'the JSON of a value' },
  { name: 'regex_match', says: 'whether a text begins with a pattern' },
  { name: 'regex_search', says: 'whether a text has a pattern in it' },
  { name: 'regex_replace', says: 'a text with a pattern replaced' },
  { name: 'jsonpath_query', says: 'what a path of JSON finds' },
  { name: 'version_compare', says: 'which of two versions is the later' },
  { name: 'now', says: 'the present' },
  { name: 'str', says: 'a value as a text' },
  { name: 'int', says: 'a value as a whole number' },
  { name: 'len', says: 'how long something is' },
]

/** The expression that a place of a text is in: what there is of it before the place. */
export function expressionBefore(text: string, at: number): string | undefined {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  const open = Math.max(line.lastIndexOf('<%'), line.lastIndexOf('{{'))
  if (open < 0 || open < Math.max(line.lastIndexOf('%>'), line.lastIndexOf('}}'))) return undefined
  return line.slice(open + 2)
}

/** What can follow what has been typed of an expression, and how much of that it replaces. */
export function complete(before: string, { variables, tasks }: Names): { typed: number; options: { label: string; says: string; apply?: string; kind: 'variable' | 'function' | 'task' }[] } | undefined {
  const variable = /(?:\bctx\(\s*["']?|\bctx\(\)\.)(\w*)$/.exec(before)
  if (variable) return { typed: variable[1]!.length, options: variables.map((label) => ({ label, says: 'variable', kind: 'variable' as const })) }
  const task = /\btask(?:_status)?\(\s*["']?(\w*)$/.exec(before)
  if (task) return { typed: task[1]!.length, options: tasks.map((label) => ({ label, says: 'task', kind: 'task' as const })) }
  const word = /(?:^|[^.\w$])(\w*)$/.exec(before)
  if (!word) return undefined
  return {
    typed: word[1]!.length,
    options: [
      ...functions.map(({ name, says }) => ({ label: name, says, kind: 'function' as const, apply: /^(succeeded|failed|completed|result)$/.test(name) ? `${name}()` : `${name}(` })),
      ...variables.map((name) => ({ label: name, says: 'variable', kind: 'variable' as const, apply: `ctx(${name})` })),
    ],
  }
}
