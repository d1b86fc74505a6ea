import { queryOptions, type QueryClient } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import type { Execution, Json, JsonObject, Status } from '@/api/types'
import type { Option } from '@/edit/expressions'
import type { Task } from '@/workflow/workflow'

/** What an action gives when a workflow is played; the form is that of files of tests. */
export interface Mock {
  task_id: string
  item_id?: number
  num_iter?: number
  status?: Status
  result?: Json
}

/** A run of a workflow, or what is assumed of one. */
export interface Past {
  inputs: JsonObject
  mocks: Mock[]
}

export interface Question {
  task: string
  before: boolean
  expression: string
}

export interface Play {
  calls: { task_id: string; item_id?: number; action: string; input: Json; status?: Status; result?: Json; delay: number }[]
  path: string[]
  status: Status
  output: Json
  errors: { message: string; task_id?: string }[]
  answers: { value: Json; error?: string }[]
}

export type Assumed = '' | 'succeeded' | 'failed'

/** Plays a definition without running anything. */
export function rehearse(definition: string, past: Past, assume: Assumed, questions: Question[] = [], signal?: AbortSignal) {
  return ask<Play>(api.POST('/api/ns/v1/workflows/rehearse', { body: { definition, test: testOf(past), assume, questions } as never, signal }))
}

/** A test that expects what comes of a definition with these results. path is where the test finds the definition. */
export async function record(definition: string, past: Past, assume: Assumed, path: string, description: string, signal?: AbortSignal): Promise<string> {
  const test = { ...(description && { description }), ...testOf(past) }
  const played = await ask<Play & { recorded: string }>(api.POST('/api/ns/v1/workflows/rehearse', { body: { definition, test, assume, record: path } as never, signal }))
  return played.recorded
}

function testOf({ inputs, mocks }: Past): JsonObject {
  return { inputs, mock_action_executions: mocks as unknown as JsonObject[] }
}

/** What expressions give, with the results of a past run, and those that are likely where that has none. */
export function answersQuery(definition: string, past: Past, questions: Question[], assume: Assumed = 'succeeded') {
  return queryOptions({
    queryKey: ['answers', definition, past, questions, assume],
    queryFn: async ({ signal }) => (await rehearse(definition, past, assume, questions, signal)).answers,
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
  })
}

/**
 * What a value has in it that an expression gives. What only runs after a failure is known from a play in which all fails; a task
 * that no play comes to is asked at the end, and then by itself.
 */
export async function fieldsOf(client: QueryClient, definition: string, tasks: Task[], past: Past | undefined, question: Question): Promise<Option[]> {
  const plays: [definition: string, assume: Assumed][] = [
    [definition, 'succeeded'],
    [definition, 'failed'],
  ]
  const action = tasks.find((t) => t.name === question.task)?.action
  if (action && /^[\w.-]+$/.test(action)) plays.push([`version: 1.0\ntasks:\n  ${question.task}:\n    action: ${action}\n`, 'succeeded'])
  for (const [played, assume] of plays) {
    const answers = await client.fetchQuery(answersQuery(played, past ?? { inputs: {}, mocks: [] }, [question, { ...question, task: '' }], assume)).catch(() => [])
    for (const { value } of answers) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) continue
      const says = (v: Json) => (past ? JSON.stringify(v) : Array.isArray(v) ? 'array' : v === null ? '' : typeof v)
      return Object.entries(value).flatMap(([label, v]) => (/^\w+$/.test(label) ? [{ label, says: says(v), kind: 'field' as const }] : []))
    }
  }
  return []
}

/** What a run of a workflow was given, and what its actions gave. */
export function pastQuery(id: string) {
  return queryOptions({
    queryKey: ['past', id],
    queryFn: async ({ signal }): Promise<Past> => {
      const [run, parts] = await Promise.all([
        ask<Execution>(api.GET('/api/v1/executions/{id}', { params: { path: { id } }, signal })),
        ask<Execution[]>(api.GET('/api/v1/executions/{id}/children', { params: { path: { id }, query: { depth: 1 } as never }, signal })),
      ])
      parts.sort((a, b) => a.start_timestamp.localeCompare(b.start_timestamp))
      return {
        inputs: run.parameters ?? {},
        mocks: parts.flatMap((p): Mock[] => {
          const { task_name: task, item_id: item } = p.context?.orquesta ?? {}
          return task ? [{ task_id: task, ...(item !== undefined && { item_id: item }), status: p.status, result: p.result ?? null }] : []
        }),
      }
    },
    staleTime: Infinity,
  })
}
