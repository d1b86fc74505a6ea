import { expect, test } from 'vitest'
import { Pieces } from './output'

test('pieces become lines, each stream for itself', () => {
  const p = new Pieces()
  p.add('one\ntw', 'stdout')
  p.add('oops\r\n', 'stderr')
  p.add('o\nthree', 'stdout')
  expect(p.lines()).toEqual([
    { text: 'one', stream: 'stdout' },
    { text: 'oops', stream: 'stderr' },
    { text: 'two', stream: 'stdout' },
    { text: 'three', stream: 'stdout' },
  ])
})

test('a line of megabytes is broken, and nothing of it is lost', () => {
  const p = new Pieces()
  for (let i = 0; i < 100; i++) p.add('x'.repeat(999), 'stdout')
  p.add('\n', 'stdout')
  const lines = p.lines()
  expect(Math.max(...lines.map((l) => l.text.length))).toBe(2000)
  expect(lines.reduce((n, l) => n + l.text.length, 0)).toBe(99_900)
})
