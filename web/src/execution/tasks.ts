import { taskOf, type TaskRun, type WorkflowGraph } from '@/api/executions'
import type { ExecutionRow, Status } from '@/api/types'
import { isFinal } from '@/ui/status'

/** How a task stands: what all its runs and their executions say together. */
export interface TaskState {
  status?: Status // of its latest run; none: it has not begun
  runs: TaskRun[]
  parts: ExecutionRow[] // its executions, the oldest first
  seconds?: number
  from?: string
}

/**
 * The states of the tasks of a workflow, by their names. The runs say how each stands, also
 * where not all parts are known; how long a task took is said only if all of its own are.
 */
export function taskStates(graph: WorkflowGraph, parts: ExecutionRow[], all = true): Map<string, TaskState> {
  const states = new Map<string, TaskState>(graph.nodes.map((n) => [n.name, { runs: [], parts: [] }]))
  for (const run of graph.runs) states.get(run.task)?.runs.push(run)
  for (const part of parts) states.get(taskOf(part) ?? '')?.parts.push(part)
  for (const state of states.values()) {
    state.status = state.runs.at(-1)?.status || state.parts.at(-1)?.status
    const [first] = state.parts
    if (!first || !state.status) continue
    state.from = first.start_timestamp
    if (!isFinal(state.status) || (!all && state.parts.length < wanted(state.runs))) continue
    const ends = state.parts.map((p) => Date.parse(p.end_timestamp ?? p.start_timestamp))
    state.seconds = (Math.max(...ends) - Date.parse(first.start_timestamp)) / 1000
  }
  return states
}

/** How many executions there are of some runs, at most. */
function wanted(runs: TaskRun[]): number {
  return runs.reduce((n, r) => n + (r.items ? Object.values(r.items).reduce((a, b) => a + b, 0) : 1), 0)
}

/** Which ways were taken, by their places among the edges. */
export function taken(graph: WorkflowGraph, states: Map<string, TaskState>): Set<number> {
  if (graph.language !== 'action-chain') return new Set(graph.runs.flatMap((r) => r.took))
  // A chain does not note its ways: they follow from how its tasks ended.
  return new Set(
    graph.edges.flatMap((e, i) => {
      const from = states.get(e.from)?.status
      const went = from !== undefined && isFinal(from) && (e.on === 'success') === (from === 'succeeded')
      return went && states.get(e.to)?.status ? [i] : []
    }),
  )
}
