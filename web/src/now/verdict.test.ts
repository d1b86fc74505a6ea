import { expect, test } from 'vitest'
import type { Handling, Problem } from '@/api/problems'
import type { Status } from '@/api/types'
import { shownHandling, standing, verdict } from './verdict'

const by = (...states: (Status | undefined)[]): Problem => ({
  id: 'e1',
  may_close: true,
  trigger: 'alerts.alertmanager',
  name: 'Down',
  status: 'firing',
  since: '2026-11-29T02:00:00Z',
  handling: states.map((status, i): Handling => ({ rule: 'web.down', at: '2026-11-29T02:00:00Z', execution: String(i), status, reason: status ? undefined : 'no such action' })),
})

test.each<[string, (Status | undefined)[], string]>([
  ['nothing took it up', [], 'alone'],
  ['it could not be started', [undefined], 'failed'],
  ['it runs', ['running'], 'working'],
  ['it runs after another failed', ['running', 'failed'], 'working'],
  ['it asks', ['paused'], 'asks'],
  ['it worked', ['succeeded', 'failed'], 'repaired'],
  ['it failed after it had worked', ['failed', 'succeeded'], 'failed'],
  ['it was canceled', ['canceled'], 'alone'],
  ['its worker has gone', ['abandoned'], 'failed'],
])('%s', (_, states, want) => {
  expect(standing(by(...states))).toBe(want)
})

test('what runs is shown before what ran last', () => {
  expect(shownHandling(by('succeeded', 'running'))?.status).toBe('running')
  expect(shownHandling(by('failed', 'succeeded'))?.status).toBe('failed')
  expect(shownHandling(by())).toBeUndefined()
})

test('the worst is said first', () => {
  const quiet = { problems: [], asked: 0, failed: 0, running: 0 }
  expect(verdict(quiet)).toEqual({ tone: 'good', words: 'All is quiet. Nothing is wrong, and nothing runs.', more: '' })
  expect(verdict({ ...quiet, running: 2 })).toEqual({ tone: 'good', words: 'Nothing is wrong.', more: '2 executions are under way.' })
  expect(verdict({ ...quiet, failed: 1 }).words).toBe('One execution has failed in the last 24 hours.')
  expect(verdict({ ...quiet, failed: 1, asked: 2 })).toMatchObject({ tone: 'warn', words: '2 questions wait for an answer.' })
  expect(verdict({ problems: ['working', 'repaired'], asked: 0, failed: 0, running: 1 })).toEqual({
    tone: 'busy',
    words: 'What is wrong is being handled. Nobody is needed.',
    more: 'One problem is being handled, one was acted on and waits for the all-clear, one execution is under way.',
  })
  expect(verdict({ problems: ['alone', 'failed', 'asks'], asked: 1, failed: 3, running: 1 })).toMatchObject({ tone: 'bad', words: '2 problems need a person.' })
})
