import { describe, expect, test } from 'vitest'
import { askedFor, readAll } from './schema'

describe('a form is read by its schema', () => {
  test.each([
    ['a number', { n: { type: 'integer' } }, { n: '7' }, { values: { n: 7 }, errors: {} }],
    ['no number', { n: { type: 'integer' } }, { n: 'seven' }, { values: {}, errors: { n: 'This must be a number.' } }],
    ['half a number', { n: { type: 'integer' } }, { n: '7.5' }, { values: {}, errors: { n: 'This must be a whole number.' } }],
    ['too much', { n: { type: 'number', maximum: 5 } }, { n: '7' }, { values: {}, errors: { n: 'This must be at most 5.' } }],
    ['a truth', { b: { type: 'boolean' } }, { b: 'false' }, { values: { b: false }, errors: {} }],
    ['a list', { l: { type: 'array' } }, { l: '[1, "a"]' }, { values: { l: [1, 'a'] }, errors: {} }],
    ['a list of words', { l: { type: 'array' } }, { l: 'web1, web2' }, { values: { l: ['web1', 'web2'] }, errors: {} }],
    ['a list that is none', { l: { type: 'array' } }, { l: '{"a": 1}' }, { values: {}, errors: { l: 'This must be a list, such as ["a", "b"].' } }],
    ['a choice', { c: { enum: [1, 'two'] } }, { c: '1' }, { values: { c: 1 }, errors: {} }],
    ['an expression', { n: { type: 'integer' } }, { n: '{{ config_context.n }}' }, { values: { n: '{{ config_context.n }}' }, errors: {} }],
    ['nothing, which must be there', { s: { type: 'string', required: true } }, {}, { values: {}, errors: { s: 'This must be given.' } }],
    ['nothing, which has a default', { s: { type: 'string', required: true, default: 'x' } }, { s: '' }, { values: {}, errors: {} }],
    ['text that looks like a number', { s: { type: 'string' } }, { s: '007' }, { values: { s: '007' }, errors: {} }],
  ])('%s', (_, properties, draft, want) => {
    expect(readAll(properties as never, draft as never)).toEqual(want)
  })
})

test('what must be there is asked for first, and what cannot be changed never', () => {
  const names = askedFor({ z: {}, b: { position: 1 }, a: { required: true }, fixed: { immutable: true } }).map(([name]) => name)
  expect(names).toEqual(['a', 'b', 'z'])
})
