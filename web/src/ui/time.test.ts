import { describe, expect, test } from 'vitest'
import { ago, duration, utc } from './time'

describe('duration', () => {
  test.each([
    [0.0124, '12 ms'],
    [1.24, '1.2 s'],
    [59.6, '60 s'],
    [61, '1 min 1 s'],
    [3 * 3600 + 120, '3 h 2 min'],
    [3 * 86400, '3 d 0 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })
})

test('a moment is told as far away as it is', () => {
  const at = '2026-11-29T12:00:00Z'
  const then = Date.parse(at)
  expect([1, 30, 90, 7200, 400_000].map((s) => ago(at, then + s * 1000))).toEqual(['just now', '30 s ago', '1 min ago', '2 h ago', '4 d ago'])
})

test('utc is what servers write in their logs', () => {
  expect(utc('2026-11-29T12:00:00.123456Z')).toBe('2026-11-29 12:00:00 UTC')
})
