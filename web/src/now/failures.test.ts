import { expect, test } from 'vitest'
import type { ExecutionRow, Status } from '@/api/types'
import { grouped } from './failures'

const row = (id: string, ref: string, user: string, status: Status = 'failed'): ExecutionRow => ({ id, status, start_timestamp: '2026-11-29T02:00:00Z', action: { ref }, context: { user } })

test('failures of one kind are shown once, and counted', () => {
  const rows = [row('5', 'a.x', 'ada'), row('4', 'a.y', 'ada'), row('3', 'a.x', 'ada'), row('2', 'a.x', 'ada', 'timeout'), row('1', 'a.x', 'bob')]
  expect(grouped(rows).map((f) => `${f.latest.id} ${f.times}`)).toEqual(['5 2', '4 1', '2 1', '1 1'])
})
