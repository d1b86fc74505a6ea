import { expect, test } from 'vitest'
import { above, find, firstShown, rowsOf } from './rows'

const value = { host: 'web1', load: [0.5, { now: 'high' }], none: null }
const shown = (touched = new Map<string, boolean>(), whole = new Set<string>()) => rowsOf(value, touched, whole).map((r) => `${' '.repeat(r.depth)}${r.name ?? ''}`)

test('what is small is open', () => {
  expect(shown()).toEqual(['', ' host', ' load', '  0', '  1', '   now', ' none'])
})

test('what somebody closes is closed', () => {
  expect(shown(new Map([['\u0000load', false]]))).toEqual(['', ' host', ' load', ' none'])
})

test('a long list is shown in part until all of it is wanted', () => {
  const long = Array.from({ length: 1000 }, (_, i) => i)
  expect(rowsOf(long, new Map(), new Set())).toHaveLength(firstShown + 2)
  expect(rowsOf(long, new Map(), new Set(['']))).toHaveLength(1001)
})

test('keys and values are found, in their order', () => {
  expect(find(value, 'h', 10)).toEqual(['\u0000host', '\u0000load\u00001\u0000now'])
  expect(find(value, 'H', 1)).toEqual(['\u0000host'])
  expect(above('\u0000load\u00001\u0000now')).toEqual(['', '\u0000load', '\u0000load\u00001'])
})
