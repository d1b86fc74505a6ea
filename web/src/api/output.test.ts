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
