import { causeOf } from '@/api/executions'
import type { ExecutionRow } from '@/api/types'

/** Executions of one action, by the same rule or person, that have failed. */
export interface Failure {
  latest: ExecutionRow
  times: number
}

/** Failures, of which those of one kind are one; the latest first, as they come. */
export function grouped(rows: ExecutionRow[]): Failure[] {
  const known = new Map<string, Failure>()
  for (const row of rows) {
    const { rule, user } = causeOf(row)
    const key = JSON.stringify([row.action?.ref, rule ?? user, row.status])
    const seen = known.get(key)
    if (seen) seen.times++
    else known.set(key, { latest: row, times: 1 })
  }
  return [...known.values()]
}
