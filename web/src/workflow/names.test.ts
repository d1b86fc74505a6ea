import { describe, expect, it } from 'vitest'
import type { Word } from '@/api/expressions'
import { arrange } from '@/graph/arrange'
import { expressionBefore, ownerBefore } from '@/edit/expressions'
import { complete, namesOf, placeAt } from './names'
import { outOf } from './edits'
import { draw, sizeOf } from './graph'
import { read } from './workflow'

const { workflow } = read(`version: 1.0
input: [host, {port: 80}]
vars: [tried: 0]
tasks:
  look:
    action: core.local cmd="uptime"
    next:
      - when: <% succeeded() and ctx(port) > 1 %>
        publish: load=<% result().stdout %>
        do: mend
      - when: <% failed() %>
        do: fail
  mend:
    next:
      - do: [look, gone]
`)

describe('names in expressions', () => {
  const names = namesOf(workflow)
  it('are all that there are', () => {
    expect(names).toEqual({ variables: ['host', 'load', 'port', 'st2', 'tried'], tasks: ['look', 'mend'] })
  })
  const word = (kind: string, name: string, signature: string): Word => ({ kind, name, signature, doc: `${name}.` })
  const words = [
    word('workflow', 'ctx', 'ctx([key])'),
    word('workflow', 'succeeded', 'succeeded()'),
    word('yaql', 'where', 'collection.where(predicate)'),
    word('yaql', 'len', 'len(sequence)'),
    word('yaql', 'len', 'len(string)'),
    word('filter', 'upper', 'value | upper'),
    word('filter', 'regex_search', 'value | regex_search(pattern, [ignorecase])'),
    word('test', 'defined', 'value is defined'),
    word('global', 'range', 'range(stop)'),
  ]
  const known = { names, actions: [], words }
  it.each([
    ['yaql', 'ctx(', 0, 'host'],
    ['yaql', 'ctx().lo', 2, 'load'],
    ['yaql', "ctx('t", 1, 'tried'],
    ['yaql', 'task(l', 1, 'look'],
    ['yaql', '1 + su', 2, 'succeeded'],
    ['yaql', '', 0, 'ctx'],
    ['yaql', 'ctx(x).wh', 2, 'where'],
    ['jinja', 'ctx().x | up', 2, 'upper'],
    ['jinja', 'ctx().x is not de', 2, 'defined'],
    ['jinja', 'ra', 2, 'range'],
    ['jinja', 'su', 2, 'succeeded'],
  ] as const)('complete %s %j', (language, before, typed, label) => {
    const got = complete(before, language, known)!
    expect(got.typed).toBe(typed)
    expect(got.options.map((o) => o.label)).toContain(label)
  })
  it('are of the language that they are in, and each is there once', () => {
    const labels = (language: 'yaql' | 'jinja', before: string) => complete(before, language, known)?.options.map((o) => o.label)
    expect(labels('jinja', 'result().std')).toBeUndefined()
    expect(labels('yaql', 'x | ')).not.toContain('upper')
    expect(labels('yaql', 'ctx(x).')).toEqual(['where', 'len'])
    expect(labels('jinja', 'x | ')).toEqual(['upper', 'regex_search'])
  })
  it('are written as they are called', () => {
    const written = (before: string, language: 'yaql' | 'jinja', label: string) => complete(before, language, known)?.options.find((o) => o.label === label)?.apply
    expect([written('', 'yaql', 'succeeded'), written('', 'yaql', 'ctx'), written('x | ', 'jinja', 'upper'), written('x | ', 'jinja', 'regex_search')]).toEqual(['succeeded()', 'ctx(', 'upper', 'regex_search('])
  })
  it.each([
    ['a: <% ctx(', 10, { inside: ' ctx(', language: 'yaql' }],
    ['a: <% x %>', 10, undefined],
    ['a: plain', 8, undefined],
    ['a: {{ x }} {{ y', 15, { inside: ' y', language: 'jinja' }],
  ])('are looked for inside of expressions only: %j', (text, at, want) => expect(expressionBefore(text, at)).toEqual(want))
})

describe('what a dot is behind', () => {
  it.each([
    ['succeeded() and result().st', { owner: 'result()', typed: 2 }],
    ['result().body.items[0].', { owner: 'result().body.items[0]', typed: 0 }],
    ['1 + int(task(look).result.st', { owner: 'task(look).result', typed: 2 }],
    [`ctx("a)").b['c]'].`, { owner: `ctx("a)").b['c]']`, typed: 0 }],
    ['item(x).', { owner: 'item(x)', typed: 0 }],
    ['ctx(list).where($.', undefined],
    ['ctx(list).where($.name.', undefined],
    ['result()', undefined],
    ['1.', undefined],
    [').x', undefined],
    ['"x".', undefined],
    ['.', undefined],
  ])('is found: %s', (text, want) => expect(ownerBefore(text)).toEqual(want))
})

describe('a place', () => {
  const lines = `version: 1.0
tasks:
  # the first
  a:
    action: core.local
    input:
      cmd: x
    next:
      - publish:
          - y: <% result(). %>

  "b":
    retry:
      when: x
output:
  - z: 1`
  it.each([
    [1, '', false],
    [3, '', false],
    [4, 'a', true],
    [7, 'a', true],
    [10, 'a', false],
    [12, 'b', true],
    [14, 'b', false],
    [16, '', false],
  ])('of line %i', (line, task, before) => expect(placeAt(lines, line)).toEqual({ task, before }))
})

it('a workflow out of what was run has its parameters, but no secrets, and a name that tasks may have', () =>
  expect(outOf('examples.chain-test', { n: 3, token: '********' })).toBe('version: 1.0\n\ntasks:\n  chain_test:\n    action: examples.chain-test\n    input:\n      n: 3\n'))

describe('a drawing', () => {
  const { nodes, edges } = draw(workflow!)
  it('has a place for each', () => {
    const places = Object.values(arrange(nodes.map((n) => ({ id: n.id, size: sizeOf(n) })), edges).places)
    expect(new Set(places.map((p) => JSON.stringify(p))).size).toBe(4)
  })
  it('of many tasks has them in layers, each below those that lead to it', () => {
    const many = draw({ input: [], vars: [], output: [], tasks: Array.from({ length: 300 }, (_, i) => ({ name: `t${i}`, line: 1, lastLine: 1, next: [{ publish: [], do: i < 297 ? [`t${i + 1}`, `t${i + 3}`] : ['t0'] }] })) })
    const { places } = arrange(many.nodes.map((n) => ({ id: n.id, size: sizeOf(n) })), many.edges)
    expect(new Set(Object.values(places).map((p) => `${p.x} ${p.y}`)).size).toBe(300)
    for (const e of many.edges) if (e.to !== 't0') expect(places[e.to]!.y).toBeGreaterThan(places[e.from]!.y)
  })
  it('has tasks, ends and what is missing', () => expect(nodes.map((n) => [n.kind, n.name])).toEqual([['task', 'look'], ['task', 'mend'], ['end', 'fail'], ['missing', 'gone']]))
  it('names conditions that are not simply success or failure', () =>
    expect(edges.map((e) => [e.from, e.target, e.kind, e.label])).toEqual([
      ['look', 'mend', 'success', 'ctx(port) > 1'],
      ['look', 'fail', 'failure', ''],
      ['mend', 'look', 'always', ''],
      ['mend', 'gone', 'always', ''],
    ]))
})
