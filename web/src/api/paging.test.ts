import { expect, test } from 'vitest'
import { nextStart } from './executions'
import { withNews } from './live'
import type { Execution, ExecutionRow } from './types'

const row = (n: number, second: number): ExecutionRow => ({ id: `e${n}`, status: 'succeeded', start_timestamp: new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().replace('Z', '000Z') }) as ExecutionRow
const rows = (from: number, seconds: number[]) => seconds.map((s, i) => row(from + i, s))

test('the next page begins where the last ended, with what has its moment', () => {
  const hundred = rows(0, Array.from({ length: 100 }, (_, i) => (i < 98 ? 1000 - i : 800)))
  const start = { before: '', at: 0 }
  // Two have the last moment: both come again, so the next page has their places.
  expect(nextStart(hundred, start)).toEqual({ before: '2026-01-01T00:13:20.000001Z', at: 98, from: start })
  expect(nextStart(hundred.slice(1), start)).toBeUndefined()
})

test('news go to the top only where the top is', () => {
  const e = { id: 'new', status: 'running', start_timestamp: '2026-01-02T00:00:00.000000Z' } as Execution
  const page = { items: rows(0, [1000, 999]), total: 2, atLeast: false }
  const top = withNews({ pages: [page], pageParams: [{ before: '', at: 0 }] }, e, {})
  expect(top.pages[0]!.items.map((r) => r.id)).toEqual(['new', 'e0', 'e1'])
  const far = { pages: [page], pageParams: [{ before: 'x', at: 5000 }] }
  expect(withNews(far, e, {})).toBe(far)
})
