import { describe, expect, it } from 'vitest'
import { endsOf } from './trial'

describe('a span of the past', () => {
  const now = Date.parse('2026-11-29T12:00:00Z')
  it('ends now, and begins so many hours ago', () => expect(endsOf({ events: 100, hours: 24 }, now)).toEqual({ after: '2026-11-28T12:00:00.000Z' }))
  it('is all time unless something is said', () => expect(endsOf({ events: 100 }, now)).toEqual({}))
  it('lies between two times of the reader', () => {
    const [after, before] = ['2026-11-01T08:30', '2026-11-02T08:30']
    expect(endsOf({ events: 20, after, before }, now)).toEqual({ after: new Date(after).toISOString(), before: new Date(before).toISOString() })
  })
  it('has only the ends that are times yet', () => expect(endsOf({ events: 20, after: '2026-11-', before: '' }, now)).toEqual({}))
})
