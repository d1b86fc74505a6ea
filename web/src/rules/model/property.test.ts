import fc from 'fast-check'
import { isMap, isPair, LineCounter, type Node, type Pair } from 'yaml'
import { describe, expect, it } from 'vitest'
import { history, redo, undo } from '@codemirror/commands'
import { EditorState, type StateCommand } from '@codemirror/state'
import type { Json, JsonObject } from '@/api/types'
import { change } from '@/edit/change'
import { parse } from '@/edit/yaml'
import * as edits from './edits'
import { read, type Criterion, type Draft } from './rule'

// A rule as people write one: with comments, empty lines, either style of collections
// and of line ends.

const pick = <T>(...all: T[]) => fc.constantFrom(...all)
const texts = pick('plain', 'two words', 'a: b', '# no comment', "it's", '{{ trigger.body.host }}', 'yes', 'y', '1.0', '', ' padded ', 'two\nlines', '- dash', 'null', '*star')
const leaf: fc.Arbitrary<Json> = fc.oneof(texts, pick<Json>(0, 1, -5, 1.5, true, false, null))
const json: fc.Arbitrary<Json> = fc.oneof({ weight: 5, arbitrary: leaf }, fc.array(leaf, { maxLength: 3 }), fc.dictionary(pick('k', 'key two', 'on'), leaf, { maxKeys: 3 }))
const keys = pick('trigger.a', 'trigger.b', "trigger.c['x y']", 'trigger.d[0].e', 'trigger.a#2')
const names = pick('host', 'cmd', 'keep', 'a b')
const types = pick('equals', 'exists', 'search', 'gt')
const criterion = fc.record({ type: types, pattern: json, condition: fc.option(pick('any', 'all'), { nil: undefined }) })

interface Style {
  step: number
  eol: string
  flow: boolean
  noise: number[]
}
const style: fc.Arbitrary<Style> = fc.record({ step: pick(2, 4), eol: pick('\n', '\r\n'), flow: fc.boolean(), noise: fc.array(fc.nat(9), { minLength: 30, maxLength: 30 }) })
const written = fc.record({
  trigger: pick('core.st2.webhook', 'p.t'),
  url: fc.option(pick('a', 'b'), { nil: undefined }),
  criteria: fc.uniqueArray(fc.tuple(keys, pick('equals', 'gt'), leaf), { selector: ([k]) => k, maxLength: 4 }),
  parameters: fc.uniqueArray(fc.tuple(names, json), { selector: ([n]) => n, maxLength: 3 }),
})
type Written = typeof written extends fc.Arbitrary<infer T> ? T : never

const flat = (v: Json) => JSON.stringify(v).replaceAll('":', '": ')

function write(r: Written, s: Style): string {
  const lines: string[] = []
  let n = 0
  const line = (depth: number, text: string) => {
    const noise = s.noise[n++ % s.noise.length]!
    const pad = ' '.repeat(depth * s.step)
    if (noise === 0) lines.push('')
    if (noise === 1) lines.push(`${pad}# above ${n}`)
    lines.push(pad + text + (noise === 2 ? ` # beside ${n}` : ''))
  }
  line(0, 'name: r')
  line(0, 'enabled: true')
  line(0, 'trigger:')
  line(1, `type: ${r.trigger}`)
  if (r.url) line(1, `parameters: {url: ${r.url}}`)
  if (r.criteria.length > 0) line(0, 'criteria:')
  for (const [key, type, pattern] of r.criteria) {
    if (s.flow) line(1, `${JSON.stringify(key)}: {type: ${type}, pattern: ${flat(pattern)}}`)
    else {
      line(1, `${JSON.stringify(key)}:`)
      line(2, `type: ${type}`)
      line(2, `pattern: ${flat(pattern)}`)
    }
  }
  line(0, 'action:')
  line(1, 'ref: p.a')
  if (r.parameters.length > 0) line(1, 'parameters:')
  for (const [name, v] of r.parameters) line(2, `${JSON.stringify(name)}: ${flat(v)}`)
  return lines.join(s.eol) + s.eol
}

/** An edit, what it means for the rule, and the places that it may touch. It is undefined where it cannot be made. */
interface Op {
  edit: (text: string) => string
  mean: (r: Draft) => void
  touches: string[][]
}
type Intent = (r: Draft) => Op | undefined

const nat = fc.nat(20)
const nth = <T>(all: T[], n: number): T | undefined => all[n % Math.max(1, all.length)]
const clean = (key: string, c: { type: string; pattern: Json; condition?: string }): Criterion => ({ key, type: c.type, pattern: c.pattern, ...(c.condition !== undefined && { condition: c.condition }) })

const intents: fc.Arbitrary<Intent> = fc.oneof(
  fc.tuple(pick('name', 'description', 'type'), pick('x', 'two words', '- odd', '1.0')).map(([key, v]): Intent => () => ({
    edit: (x) => edits.setField(x, key as 'name', v),
    touches: [[key]],
    mean: (m) => void ((m as unknown as JsonObject)[key === 'type' ? 'kind' : key] = v),
  })),
  fc.boolean().map((v): Intent => () => ({ edit: (x) => edits.setField(x, 'enabled', v), touches: [['enabled']], mean: (m) => void (m.enabled = v) })),
  pick('core.st2.webhook', 'p.t', 'p.u').map((type): Intent => (r) => ({
    edit: (x) => edits.setTrigger(x, type),
    touches: [['trigger', 'type'], ['trigger', 'parameters']],
    mean: (m) => void (m.trigger = { type, parameters: r.trigger.type === type ? r.trigger.parameters : {} }),
  })),
  fc.dictionary(pick('url', 'unit'), leaf, { maxKeys: 2 }).map((parameters): Intent => () => ({
    edit: (x) => edits.setTriggerParameters(x, parameters),
    touches: [['trigger', 'parameters']],
    mean: (m) => void (m.trigger.parameters = parameters),
  })),
  fc.tuple(keys, criterion).map(([key, c]): Intent => (r) =>
    r.criteria.some((o) => o.key === key) ? undefined : { edit: (x) => edits.addCriterion(x, clean(key, c)), touches: r.criteria.length === 0 ? [['criteria']] : [['criteria', key]], mean: (m) => void m.criteria.push(clean(key, c)) },
  ),
  fc.tuple(nat, fc.option(keys, { nil: undefined }), criterion).map(([n, rename, c]): Intent => (r) => {
    const was = nth(r.criteria, n)
    const key = rename ?? was?.key
    if (!was || (key !== was.key && r.criteria.some((o) => o.key === key))) return undefined
    return {
      edit: (x) => edits.setCriterion(x, was.key, clean(key!, c)),
      touches: [['criteria', was.key], ['criteria', key!]],
      mean: (m) => void (m.criteria[m.criteria.findIndex((o) => o.key === was.key)] = clean(key!, c)),
    }
  }),
  nat.map((n): Intent => (r) => {
    const was = nth(r.criteria, n)
    return was && { edit: (x) => edits.removeCriterion(x, was.key), touches: r.criteria.length === 1 ? [['criteria']] : [['criteria', was.key]], mean: (m) => void (m.criteria = m.criteria.filter((o) => o.key !== was.key)) }
  }),
  pick('p.a', 'p.b').map((ref): Intent => (r) => ({
    edit: (x) => edits.setAction(x, ref),
    touches: [['action', 'ref'], ['action', 'parameters'], ...(r.action.ref === '' ? [['action']] : [])],
    mean: (m) => void (m.action = { ref, parameters: r.action.ref === ref ? r.action.parameters : {} }),
  })),
  fc.constant<Intent>((r) => (r.action.ref === '' ? undefined : { edit: (x) => edits.setAction(x, ''), touches: [['action']], mean: (m) => void (m.action = { ref: '', parameters: {} }) })),
  fc.tuple(names, fc.option(json, { nil: undefined })).map(([name, v]): Intent => (r) => {
    if (r.action.ref === '') return undefined
    const whole = Object.keys(r.action.parameters).filter((k) => k !== name).length === 0
    return {
      edit: (x) => edits.setParameter(x, name, v),
      touches: [whole ? ['action', 'parameters'] : ['action', 'parameters', name]],
      mean: (m) => void (m.action.parameters = Object.fromEntries([...Object.entries(m.action.parameters).filter(([k]) => k !== name || v !== undefined), ...(v === undefined ? [] : [[name, v]])])),
    }
  }),
)

function ruleOf(text: string): Draft {
  const { rule, problem } = read(text)
  if (!rule) throw new Error(`line ${problem.line}: ${problem.message}\n${text}`)
  return rule
}

/** The lines that are none of some places. Empty ones do not count. */
function others(text: string, touched: string[][]): string[] {
  const counter = new LineCounter()
  const doc = parse(text, counter)
  const lines = text.split(/\r?\n/)
  const last = (n: unknown): number => (isPair(n) ? Math.max(last(n.value), last(n.key)) : ((n as Node | null)?.range?.[1] ?? 0))
  for (const path of touched) {
    let node: unknown = doc.contents
    let pair: Pair | undefined
    for (const key of path) {
      pair = isMap(node) ? (node.items.find((p) => String((p.key as { value?: unknown }).value) === key) as Pair | undefined) : undefined
      node = pair?.value
    }
    if (!pair) continue
    const from = counter.linePos((pair.key as Node).range![0]).line
    const to = counter.linePos(Math.max(last(pair) - 1, (pair.key as Node).range![0])).line
    lines.fill('', from - 1, to)
    // What becomes empty, or is not empty any more, is written on the line of its key.
    if (path.length > 1) lines.forEach((l, i) => (lines[i] = l.replace(/^(\s*(?:trigger|criteria|action|parameters):) *\{\}/, '$1')))
  }
  return lines.filter((l) => l.trim() !== '')
}

const runs = Number(process.env.RUNS ?? 100) // more are for a night

describe('any sequence of edits of a rule', () => {
  it('means for the text what it means for the canvas, and touches nothing else', () => {
    let made = 0
    fc.assert(
      fc.property(written, style, fc.array(intents, { minLength: 1, maxLength: 12 }), (r, s, sequence) => {
        let text = write(r, s)
        for (const intent of sequence) {
          const before = ruleOf(text)
          const op = intent(before)
          if (!op) continue
          const want = structuredClone(before)
          op.mean(want)
          const after = op.edit(text)
          expect(ruleOf(after)).toEqual(want)
          const rest = others(after, op.touches)
          const kept = others(text, op.touches)
          // Comments of what became smaller may come to stand after it.
          expect(rest.filter((l) => kept.includes(l) || !l.trim().startsWith('#'))).toEqual(kept)
          expect(after.includes('\r\n') || !text.includes('\r\n')).toBe(true)
          text = after
          made++
        }
      }),
      { numRuns: runs },
    )
    expect(made).toBeGreaterThan(runs)
  }, 600_000)

  it('can be undone and done again, with what was typed between', () => {
    fc.assert(
      fc.property(written, style, fc.array(fc.oneof(intents, fc.tuple(nat, pick('# typed\n', '\n')).map(([n, typed]) => ({ n, typed }))), { minLength: 1, maxLength: 8 }), (r, s, sequence) => {
        let state = EditorState.create({ doc: write(r, { ...s, eol: '\n' }), extensions: [history({ newGroupDelay: 0 })] })
        const was = [state.doc.toString()]
        for (const step of sequence) {
          const text = state.doc.toString()
          let next: string
          if (typeof step === 'function') {
            const { rule } = read(text)
            next = (rule && step(rule)?.edit(text)) ?? text
          } else next = [...text.split('\n').slice(0, step.n), step.typed + text.split('\n').slice(step.n).join('\n')].join('\n')
          if (next === text) continue
          state = state.update({ changes: change(text, next), userEvent: 'input.edit' }).state
          expect(state.doc.toString()).toBe(next)
          was.push(next)
        }
        const run = (command: StateCommand) => command({ state, dispatch: (tr) => void (state = tr.state) })
        while (run(undo)) expect(was).toContain(state.doc.toString())
        expect(state.doc.toString()).toBe(was[0])
        while (run(redo)) expect(was).toContain(state.doc.toString())
        expect(state.doc.toString()).toBe(was.at(-1))
      }),
      { numRuns: 50 },
    )
  }, 60_000)

  it('never fails on a text that is being typed', () => {
    fc.assert(
      fc.property(written, style, nat, nat, fc.string({ maxLength: 5 }), (r, s, a, b, typed) => {
        const text = write(r, s)
        const at = (a * 37) % text.length
        const { rule, problem } = read(text.slice(0, at) + typed + text.slice(at + b))
        expect(Boolean(rule) !== Boolean(problem)).toBe(true)
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})
