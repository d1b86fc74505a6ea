import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import type { Execution, Json, JsonObject, Status } from '@/api/types'

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

/** What an expression gives, with the results of a past run. */
export function answerQuery(definition: string, past: Past, question: Question) {
  return queryOptions({
    queryKey: ['answer', definition, past, question],
    queryFn: async ({ signal }) => (await rehearse(definition, past, 'succeeded', [question], signal)).answers[0]!,
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
  })
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
