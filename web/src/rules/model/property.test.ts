import fc from 'fast-check'
import { isMap, isPair, LineCounter, type Node, type Pair } from 'yaml'
import type { Json, JsonObject } from '@/api/types'
import { flow, holds, nat, nth, pick, values, Writer, type Intent as Wanted, type Style } from '@/edit/sequences'
import { parse } from '@/edit/yaml'
import * as edits from './edits'
import { read, type Criterion, type Draft } from './rule'

const { leaf, json } = values('{{ trigger.body.host }}')
const keys = pick('trigger.a', 'trigger.b', "trigger.c['x y']", 'trigger.d[0].e', 'trigger.a#2')
const names = pick('host', 'cmd', 'keep', 'a b')
const types = pick('equals', 'exists', 'search', 'gt')
const criterion = fc.record({ type: types, pattern: json, condition: fc.option(pick('any', 'all'), { nil: undefined }) })

const written = fc.record({
  trigger: pick('core.st2.webhook', 'p.t'),
  url: fc.option(pick('a', 'b'), { nil: undefined }),
  criteria: fc.uniqueArray(fc.tuple(keys, pick('equals', 'gt'), leaf), { selector: ([k]) => k, maxLength: 4 }),
  parameters: fc.uniqueArray(fc.tuple(names, json), { selector: ([n]) => n, maxLength: 3 }),
})
type Written = typeof written extends fc.Arbitrary<infer T> ? T : never

function write(r: Written, s: Style): string {
  const w = new Writer(s)
  const line = w.line.bind(w)
  line(0, 'name: r')
  line(0, 'enabled: true')
  line(0, 'trigger:')
  line(1, `type: ${r.trigger}`)
  if (r.url) line(1, `parameters: {url: ${r.url}}`)
  if (r.criteria.length > 0) line(0, 'criteria:')
  for (const [key, type, pattern] of r.criteria) {
    if (s.flow) line(1, `${JSON.stringify(key)}: {type: ${type}, pattern: ${flow(pattern)}}`)
    else {
      line(1, `${JSON.stringify(key)}:`)
      line(2, `type: ${type}`)
      line(2, `pattern: ${flow(pattern)}`)
    }
  }
  line(0, 'action:')
  line(1, 'ref: p.a')
  if (r.parameters.length > 0) line(1, 'parameters:')
  for (const [name, v] of r.parameters) line(2, `${JSON.stringify(name)}: ${flow(v)}`)
  return w.text
}

type Intent = Wanted<Draft, string[]> // places are paths

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

/** The lines that are none of some places. Empty ones do not count. */
function others(text: string, _: Draft, touched: string[][]): string[] {
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

holds('a rule', {
  written,
  write,
  read: (text) => {
    const { rule, problem } = read(text)
    return { said: rule, problem }
  },
  intents,
  others,
})
