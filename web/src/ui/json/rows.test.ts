import { expect, test } from 'vitest'
import { find, nothingFolded, portion, rowsOf, touched, type Folds } from './rows'

const value = { host: 'web1', load: [0.5, { now: 'high' }], none: null }
const shown = (folds: Folds = nothingFolded) => rowsOf(value, folds).map((r) => `${' '.repeat(r.depth)}${r.name ?? ''}`)

test('what is small is open', () => {
  expect(shown()).toEqual(['', ' host', ' load', '  0', '  1', '   now', ' none'])
})

test('what somebody closes is closed', () => {
  const load = rowsOf(value, nothingFolded)[2]!
  expect(shown(touched(nothingFolded, load))).toEqual(['', ' host', ' load', ' none'])
})

test('a long list is shown in portions', () => {
  const long = Array.from({ length: 10_000 }, (_, i) => i)
  const rows = rowsOf(long, nothingFolded)
  expect(rows).toHaveLength(portion + 2)
  expect(rows.at(-1)).toMatchObject({ kind: 'more', holds: 10_000 - portion })
  expect(rowsOf(long, touched(nothingFolded, rows.at(-1)!))).toHaveLength(6 * portion + 2)
})

test('keys and values are found, in their order, and opened', () => {
  expect(find(value, 'h', 10, nothingFolded).paths).toEqual(['\u0000host', '\u0000load\u00001\u0000now'])
  expect(find(value, 'H', 1, nothingFolded).paths).toEqual(['\u0000host'])
  const deep = { a: { b: { c: { d: Array.from({ length: 1000 }, (_, i) => `item ${i}`) } } } }
  const found = find(deep, 'item 700', 10, nothingFolded)
  expect(rowsOf(deep, found.folds).map((r) => r.path)).toContain(found.paths[0])
})

test('a long text is cut on its line', () => {
  expect((rowsOf('x'.repeat(5000), nothingFolded)[0]!.scalar as string).length).toBe(2002)
})
