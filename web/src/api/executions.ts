import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, ask, page, type PageOf } from './client'
import type { components } from './schema'
import type { Execution, ExecutionRow, ExecutionWhy, Json, Status } from './types'

/** What lists show; not the parameters and results, which may be large. */
const rowAttributes = ['id', 'status', 'start_timestamp', 'end_timestamp', 'elapsed_seconds', 'action.ref', 'action.runner_type', 'context', 'rule.ref', 'rule.name', 'parent', 'trigger_instance.id', 'trigger_instance.trigger']

/** What executions can be looked for by, in the server's words. A test holds that with the status and the times these are all. */
export const filterNames = ['action', 'rule', 'user', 'runner', 'trigger', 'trigger_type', 'trigger_instance', 'parent', 'id', 'liveaction', 'timestamp', 'filter'] as const
export type FilterName = (typeof filterNames)[number]

export type Filters = Partial<Record<FilterName, string>> & {
  status?: string
  from?: string
  to?: string
  last?: string // 15m, 1h, 24h, 7d: instead of from and to
  parts?: string // "1": those that workflows started, too
}

const units: Record<string, number> = { m: 60e3, h: 3600e3, d: 86400e3 }

/** The moment that something like 24h ago was, or nothing if it is not like that. */
export function sinceLast(last: string | undefined, now = Date.now()): string | undefined {
  const [, n, unit] = /^(\d+)([mhd])$/.exec(last ?? '') ?? []
  return n && unit ? new Date(now - Number(n) * units[unit]!).toISOString() : undefined
}

/** What the server is asked for some filters. */
export function queryOf(f: Filters) {
  const { status, from, to, last, parts, ...named } = f
  return {
    ...named,
    ...(status && { status }),
    ...(!parts && !named.parent && { parent: 'null' }),
    ...((from || last) && { timestamp_gt: from ?? sinceLast(last) }),
    ...(to && { timestamp_lt: to }),
  }
}

const pageLength = 100

/** So many pages are kept; who goes far leaves the others behind, and has them again on the way back. */
const pagesKept = 30

/** Where a page begins: with executions before a moment, and in which place among all that are listed. */
export interface PageStart {
  before: string // empty: with the latest
  at: number
  from?: PageStart // the page before
}

/**
 * Where the page after one begins. Several executions may have begun at one moment and
 * only some of them be on the page, so the next one has that moment, too, and what
 * comes twice is shown once.
 */
export function nextStart(items: ExecutionRow[], start: PageStart): PageStart | undefined {
  const [first, last] = [items[0], items.at(-1)]
  if (items.length < pageLength || !first || !last) return undefined
  if (first.start_timestamp === last.start_timestamp) return { before: last.start_timestamp, at: start.at + items.length, from: start }
  const again = items.filter((e) => e.start_timestamp === last.start_timestamp).length
  return { before: justAfter(last.start_timestamp), at: start.at + items.length - again, from: start }
}

/** The next microsecond. */
export function justAfter(at: string): string {
  const next = Number(at.slice(20, 26)) + 1
  if (next === 1_000_000) return new Date(Date.parse(at.slice(0, 19) + 'Z') + 1000).toISOString()
  return `${at.slice(0, 20)}${String(next).padStart(6, '0')}Z`
}

/** Executions, the latest first, page by page. */
export function executionPages(filters: Filters) {
  return infiniteQueryOptions({
    queryKey: ['executions', filters],
    initialPageParam: { before: '', at: 0 } as PageStart,
    queryFn: ({ pageParam: { before }, signal }) =>
      page<ExecutionRow>(
        api.GET('/api/v1/executions', {
          params: { query: { ...queryOf(filters), ...(before && { timestamp_lt: before }), limit: pageLength, include_attributes: rowAttributes } },
          signal,
        }),
      ),
    getNextPageParam: (last: PageOf<ExecutionRow>, _, start) => nextStart(last.items, start),
    getPreviousPageParam: (_first: PageOf<ExecutionRow>, _, start) => start.from,
    maxPages: pagesKept,
    structuralSharing: false, // comparing thousands of lines costs more than drawing those that are seen
    staleTime: 30_000,
  })
}

/** A few executions, for views that show them beside other things. */
export function executionList(what: Filters, limit: number) {
  return queryOptions({
    queryKey: ['executions', 'few', what, limit],
    queryFn: ({ signal }) => page<ExecutionRow>(api.GET('/api/v1/executions', { params: { query: { ...queryOf(what), limit, include_attributes: rowAttributes } }, signal })),
  })
}

/** Results up to this size come with their execution, others when somebody wants to see them. */
export const inlineResult = 256 << 10

export function executionQuery(id: string) {
  return queryOptions({
    queryKey: ['execution', id],
    queryFn: ({ signal }) => ask<Execution>(api.GET('/api/v1/executions/{id}', { params: { path: { id }, query: { max_result_size: inlineResult } }, signal })),
  })
}

export function whyQuery(id: string) {
  return queryOptions({
    queryKey: ['execution', id, 'why'],
    queryFn: ({ signal }) => ask<ExecutionWhy>(api.GET('/api/ns/v1/executions/{id}/why', { params: { path: { id } }, signal })),
  })
}

export interface WorkflowGraph {
  language: string
  nodes: GraphNode[]
  edges: GraphEdge[]
  runs: TaskRun[]
}
export type GraphNode = Required<components['schemas']['GraphNode']>
export type GraphEdge = Required<components['schemas']['GraphEdge']>
export type TaskRun = Required<Omit<components['schemas']['TaskRun'], 'published' | 'items' | 'execution' | 'status'>> & {
  status: Status | ''
  published?: Json
  items?: Record<string, number>
  execution?: string
}

export function graphQuery(id: string) {
  return queryOptions({
    queryKey: ['execution', id, 'graph'],
    queryFn: ({ signal }) => ask<WorkflowGraph>(api.GET('/api/ns/v1/executions/{id}/graph', { params: { path: { id } }, signal })),
    retry: false,
  })
}

export type Part = ExecutionRow & { log?: Execution['log'] }

const partsAtATime = 1000

/** What a workflow has started, the oldest first, page by page. New parts come at the end, so the pages before stay as they are. */
export function partPages(id: string) {
  return infiniteQueryOptions({
    queryKey: ['execution', id, 'parts'],
    initialPageParam: 0,
    queryFn: ({ pageParam: offset, signal }) =>
      page<Part>(api.GET('/api/v1/executions', { params: { query: { parent: id, offset, limit: partsAtATime, sort: ['start_timestamp'], include_attributes: [...rowAttributes, 'log'] } }, signal })),
    getNextPageParam: (last: PageOf<Part>, all: PageOf<Part>[]) => {
      const there = all.reduce((n, p) => n + p.items.length, 0)
      return last.items.length > 0 && there < last.total ? there : undefined
    },
  })
}

export function setStatus(id: string, status: 'canceling' | 'pausing' | 'resuming') {
  return ask<Execution>(status === 'canceling' ? api.DELETE('/api/v1/executions/{id}', { params: { path: { id } } }) : api.PUT('/api/v1/executions/{id}', { params: { path: { id } }, body: { status } }))
}

export function reRun(id: string, body: { parameters?: Record<string, Json>; tasks?: string[]; reset?: string[]; failed?: boolean }) {
  return ask<Execution>(api.POST('/api/v1/executions/{id}/re_run', { params: { path: { id } }, body }))
}

export function runAction(action: string, parameters: Record<string, Json>) {
  return ask<Execution>(api.POST('/api/v1/executions', { body: { action, parameters } }))
}

/** The task of a workflow that an execution is a run of. */
export function taskOf(e: ExecutionRow): string | undefined {
  return e.context?.orquesta?.task_name ?? e.context?.chain?.name
}

/** On whose behalf, or because of which rule, an execution is there. */
export function causeOf(e: ExecutionRow): { rule?: string; user?: string } {
  return { rule: e.rule?.ref ?? e.rule?.name ?? e.context?.rule?.name, user: e.context?.user }
}
