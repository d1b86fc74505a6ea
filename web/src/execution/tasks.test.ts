import { expect, test } from 'vitest'
import type { WorkflowGraph } from '@/api/executions'
import type { ExecutionRow } from '@/api/types'
import { taken, taskStates } from './tasks'

const node = (name: string) => ({ name, lines: [], kind: 'task', start: false })
const part = (id: string, task: string, status: string, from: number, to?: number): ExecutionRow =>
  ({
    id,
    status,
    start_timestamp: new Date(from * 1000).toISOString(),
    end_timestamp: to && new Date(to * 1000).toISOString(),
    context: { orquesta: { task_name: task } },
  }) as ExecutionRow

test('a task is as its latest run is, and takes as long as all its executions', () => {
  const graph = {
    language: 'orquesta',
    nodes: ['a', 'b', 'c'].map(node),
    edges: [],
    runs: [
      { task: 'a', route: 0, status: 'failed', took: [] },
      { task: 'a', route: 0, status: 'succeeded', took: [0] },
      { task: 'b', route: 0, status: 'running', took: [] },
    ],
  } as unknown as WorkflowGraph
  const states = taskStates(graph, [part('1', 'a', 'failed', 10, 12), part('2', 'a', 'succeeded', 13, 20), part('3', 'b', 'running', 21)])
  expect([states.get('a')?.status, states.get('a')?.seconds, states.get('a')?.parts.length]).toEqual(['succeeded', 10, 2])
  expect([states.get('b')?.status, states.get('b')?.seconds]).toEqual(['running', undefined])
  expect(states.get('c')).toEqual({ runs: [], parts: [], status: undefined })
  expect([...taken(graph, states)]).toEqual([0])
})

test('a chain went where its tasks sent it', () => {
  const graph = {
    language: 'action-chain',
    nodes: ['a', 'b', 'c'].map(node),
    edges: [
      { from: 'a', to: 'b', on: 'success' },
      { from: 'a', to: 'c', on: 'failure' },
    ],
    runs: [
      { task: 'a', status: 'failed', took: [] },
      { task: 'c', status: 'succeeded', took: [] },
    ],
  } as unknown as WorkflowGraph
  expect([...taken(graph, taskStates(graph, []))]).toEqual([1])
})

test('where parts are not known, the runs say how a task stands, and nobody says how long it took', () => {
  const graph = {
    language: 'orquesta',
    nodes: ['many', 'last'].map(node),
    edges: [],
    runs: [
      { task: 'many', route: 0, status: 'succeeded', took: [], items: { succeeded: 3 } },
      { task: 'last', route: 0, status: 'failed', took: [], execution: '9' },
    ],
  } as unknown as WorkflowGraph
  const parts = [part('1', 'many', 'succeeded', 10, 12), part('2', 'many', 'succeeded', 13, 20)]
  const some = taskStates(graph, parts, false)
  expect([some.get('many')?.status, some.get('many')?.seconds, some.get('last')?.status]).toEqual(['succeeded', undefined, 'failed'])
  expect(taskStates(graph, [...parts, part('3', 'many', 'succeeded', 13, 25)], false).get('many')?.seconds).toBe(15)
})
