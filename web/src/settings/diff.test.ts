import { expect, it } from 'vitest'
import { differences } from './diff'

it.each([
  ['what was changed, and nothing else', { enabled: true, a: { b: 1, c: [1, 2] } }, { enabled: false, a: { b: 1, c: [1, 3] } }, [{ path: 'enabled', before: 'true', after: 'false' }, { path: 'a.c.1', before: '2', after: '3' }]],
  ['all of what is new', undefined, { name: 'x' }, [{ path: 'name', before: undefined, after: '"x"' }]],
  ['all of what is gone', { name: 'x' }, undefined, [{ path: 'name', before: '"x"', after: undefined }]],
  ['what became empty', { a: [1] }, { a: [] }, [{ path: 'a.0', before: '1', after: undefined }, { path: 'a', before: undefined, after: '[]' }]],
  ['nothing where nothing changed', { a: null }, { a: null }, []],
])('shows %s', (_, before, after, want) => expect(differences(before, after)).toEqual(want))
