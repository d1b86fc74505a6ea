import { describe, expect, it } from 'vitest'
import { complete, expressionBefore, namesOf } from './names'
import { arrange, draw } from './graph'
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
  it.each([
    ['ctx(', 0, 'host'],
    ['ctx().lo', 2, 'load'],
    ["ctx('t", 1, 'tried'],
    ['task(l', 1, 'look'],
    ['1 + su', 2, 'succeeded'],
    ['', 0, 'ctx'],
  ])('complete %j', (before, typed, label) => {
    const got = complete(before, names)!
    expect(got.typed).toBe(typed)
    expect(got.options.map((o) => o.label)).toContain(label)
  })
  it('are not offered after a dot', () => expect(complete('result().std', names)).toBeUndefined())
  it.each([
    ['a: <% ctx(', 10, ' ctx('],
    ['a: <% x %>', 10, undefined],
    ['a: plain', 8, undefined],
    ['a: {{ x }} {{ y', 15, ' y'],
  ])('are looked for inside of expressions only: %j', (text, at, want) => expect(expressionBefore(text, at)).toBe(want))
})

describe('a drawing', () => {
  const { nodes, edges } = draw(workflow!)
  it('has a place for each', () => {
    const places = Object.values(arrange({ nodes, edges }))
    expect(new Set(places.map((p) => JSON.stringify(p))).size).toBe(4)
  })
  it('of many tasks has them in layers, each below those that lead to it', () => {
    const many = draw({ input: [], vars: [], output: [], tasks: Array.from({ length: 300 }, (_, i) => ({ name: `t${i}`, line: 1, lastLine: 1, next: [{ publish: [], do: i < 297 ? [`t${i + 1}`, `t${i + 3}`] : ['t0'] }] })) })
    const places = arrange(many)
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
