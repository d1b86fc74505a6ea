import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { history, redo, undo } from '@codemirror/commands'
import { EditorState, type StateCommand } from '@codemirror/state'
import type { Json, JsonObject } from '@/api/types'
import { change } from '@/edit/change'
import * as edits from './edits'
import { read, type Assignment, type Task, type Workflow } from './workflow'

// A workflow as people write one: with comments, empty lines, either style of
// collections and of line ends.

const pick = <T>(...all: T[]) => fc.constantFrom(...all)
const texts = pick('plain', 'two words', 'a: b', '# no comment', "it's", '"quoted"', '<% ctx(x) %>', '{{ ctx().x }}', '<% result().a = "b" %>', 'yes', 'y', '1.0', '', ' padded ', 'two\nlines', 'ends\n', '- dash', '2026-01-02', 'null', '~', '*star', '&and')
const leaf: fc.Arbitrary<Json> = fc.oneof(texts, pick<Json>(0, 1, -5, 1.5, true, false, null))
const json: fc.Arbitrary<Json> = fc.oneof({ weight: 5, arbitrary: leaf }, fc.array(leaf, { maxLength: 3 }), fc.dictionary(pick('k', 'key two', 'on'), leaf, { maxKeys: 3 }))
const names = pick('x', 'y', 'no_1', 'answer')
const publish: fc.Arbitrary<Assignment[]> = fc.array(fc.tuple(names, leaf), { maxLength: 3 })
const whens = pick('<% succeeded() %>', '<% failed() %>', '<% succeeded() and ctx(x) > 1 %>', '{{ ctx().x }}')
const taskNames = ['t0', 't1', 't2', 't3', 'fresh']

interface Style {
  step: number
  seq: number // how much lists are indented
  eol: string
  flow: boolean // inputs and targets are written on one line
  noise: number[] // where comments and empty lines are
}
const style: fc.Arbitrary<Style> = fc.record({ step: pick(2, 3, 4), seq: pick(0, 2), eol: pick('\n', '\r\n'), flow: fc.boolean(), noise: fc.array(fc.nat(9), { minLength: 40, maxLength: 40 }) })

const tasks = fc.array(
  fc.record({
    action: pick('core.noop', 'core.local cmd="date" times=2', 'p.x', undefined),
    input: pick<JsonObject | undefined>(undefined, { cmd: 'date' }, { cmd: 'date', 'a b': 1, deep: { list: [1, 'two'] } }),
    next: fc.array(fc.record({ when: fc.option(whens, { nil: undefined }), publish: pick('', 'x=1 y=<% ctx(x) %>', 'list'), do: fc.array(fc.nat(3), { maxLength: 2 }) }), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 4 },
)

/** Writes a workflow, with noise between the lines. */
function write(all: typeof tasks extends fc.Arbitrary<infer T> ? T : never, s: Style): string {
  const lines: string[] = []
  let n = 0
  const line = (depth: number, text: string, seq = 0) => {
    const noise = s.noise[n++ % s.noise.length]!
    const pad = ' '.repeat(Math.max(0, depth * s.step + seq))
    if (noise === 0) lines.push('')
    if (noise === 1) lines.push(`${pad}# above ${n}`)
    lines.push(pad + text + (noise === 2 ? ` # beside ${n}` : ''))
  }
  line(0, 'version: 1.0')
  line(0, 'tasks:')
  all.forEach((t, i) => {
    line(1, `t${i}:`)
    const before = n
    if (t.action) line(2, `action: ${t.action}`)
    if (t.input && s.flow) line(2, `input: ${JSON.stringify(t.input).replaceAll('":', '": ')}`)
    else if (t.input) {
      line(2, 'input:')
      for (const [k, v] of Object.entries(t.input)) line(3, `${k}: ${JSON.stringify(v).replaceAll('":', '": ')}`)
    }
    if (t.next.length > 0) {
      line(2, 'next:')
      for (const { when, publish, do: to } of t.next) {
        const keys: [string, number][] = []
        if (when) keys.push([`when: ${JSON.stringify(when)}`, 0])
        if (publish === 'list') keys.push(['publish:', 0], ['- x: 1', s.seq], ['- y: text', s.seq])
        else if (publish) keys.push([`publish: ${publish}`, 0])
        const targets = to.map((k) => `t${k % all.length}`)
        if (targets.length > 0) keys.push([`do: ${s.flow ? `[${targets.join(', ')}]` : targets.join(', ')}`, 0])
        if (keys.length === 0) keys.push(['do: continue', 0])
        keys.forEach(([text, deeper], k) => line(2, (k === 0 ? '- ' : '  ') + ' '.repeat(deeper) + text, s.seq))
      }
    }
    if (n === before) lines[lines.length - 1] = lines[lines.length - 1]!.replace(/(t\d):/, '$1: {}')
  })
  return lines.join(s.eol) + s.eol
}

/** An edit, what it means for a workflow, and the tasks that it may touch. It is undefined where it cannot be made. */
interface Op {
  edit: (text: string) => string
  mean: (w: Workflow) => void
  touches: string[]
}
type Intent = (w: Workflow) => Op | undefined

const nth = <T>(all: T[], n: number): T | undefined => all[n % Math.max(1, all.length)]
const nat = fc.nat(20)
const leads = (w: Workflow, to: string) => w.tasks.filter((t) => t.next.some((n) => n.do.includes(to))).map((t) => t.name)
const field = (w: Workflow, name: string): Task => w.tasks.find((t) => t.name === name)!

function withoutTarget(t: Task, i: number, to: string) {
  const n = t.next[i]!
  n.do = n.do.filter((d) => d !== to)
  if (n.do.length === 0 && n.publish.length === 0) t.next.splice(i, 1)
}

const intents: fc.Arbitrary<Intent> = fc.oneof(
  fc.tuple(pick(...taskNames), pick('core.noop', undefined)).map(([name, action]): Intent => (w) =>
    w.tasks.some((t) => t.name === name)
      ? undefined
      : { edit: (x) => edits.addTask(x, name, action), touches: [name], mean: (m) => void m.tasks.push({ name, action, next: [] } as unknown as Task) },
  ),
  nat.map((n): Intent => (w) => {
    const t = nth(w.tasks, n)
    if (!t) return undefined
    return {
      edit: (x) => edits.removeTask(x, t.name),
      touches: [t.name, ...leads(w, t.name)],
      mean: (m) => {
        m.tasks = m.tasks.filter((o) => o.name !== t.name)
        for (const o of m.tasks) for (let i = o.next.length - 1; i >= 0; i--) if (o.next[i]!.do.includes(t.name)) withoutTarget(o, i, t.name)
      },
    }
  }),
  fc.tuple(nat, pick(...taskNames)).map(([n, to]): Intent => (w) => {
    const t = nth(w.tasks, n)
    if (!t || w.tasks.some((o) => o.name === to)) return undefined
    return {
      edit: (x) => edits.renameTask(x, t.name, to),
      touches: [t.name, to, ...leads(w, t.name)],
      mean: (m) => {
        field(m, t.name).name = to
        for (const o of m.tasks) for (const e of o.next) e.do = e.do.map((d) => (d === t.name ? to : d))
      },
    }
  }),
  fc.tuple(nat, nat, pick<edits.Kind>('success', 'failure', 'always')).map(([a, b, kind]): Intent => (w) => {
    const from = nth(w.tasks, a)
    const to = nth(w.tasks, b)
    if (!from || !to) return undefined
    return {
      edit: (x) => edits.connect(x, from.name, to.name, kind),
      touches: [from.name],
      mean: (m) => {
        const t = field(m, from.name)
        const same = t.next.find((e) => edits.isPlain(e.when) && edits.kindOf(e.when) === kind)
        if (!same) t.next.push({ when: kind === 'always' ? undefined : edits.conditions[kind], publish: [], do: [to.name] })
        else if (!same.do.includes(to.name)) same.do = [...same.do.filter((d) => d !== 'continue'), to.name]
      },
    }
  }),
  fc.tuple(nat, nat, nat).map(([a, b, c]): Intent => (w) => {
    const from = nth(w.tasks.filter((t) => t.next.some((e) => e.do.length > 0)), a)
    const i = from && nth(from.next.flatMap((e, i) => (e.do.length > 0 ? [i] : [])), b)
    if (!from || i === undefined) return undefined
    const to = nth(from.next[i]!.do, c)!
    return { edit: (x) => edits.disconnect(x, from.name, i, to), touches: [from.name], mean: (m) => withoutTarget(field(m, from.name), i, to) }
  }),
  fc.tuple(nat, nat, whens).map(([a, b, when]): Intent => (w) => {
    const t = nth(w.tasks.filter((t) => t.next.length > 0), a)
    if (!t) return undefined
    const i = b % t.next.length
    return { edit: (x) => edits.setCondition(x, t.name, i, when), touches: [t.name], mean: (m) => void (field(m, t.name).next[i]!.when = when) }
  }),
  fc.tuple(nat, nat, publish).map(([a, b, all]): Intent => (w) => {
    const t = nth(w.tasks.filter((t) => t.next.length > 0), a)
    if (!t) return undefined
    const i = b % t.next.length
    return {
      edit: (x) => edits.setPublish(x, t.name, i, all),
      touches: [t.name],
      mean: (m) => {
        const o = field(m, t.name)
        o.next[i]!.publish = all
        if (all.length === 0 && o.next[i]!.do.length === 0 && o.next[i]!.when === undefined) o.next.splice(i, 1)
      },
    }
  }),
  fc.tuple(nat, fc.dictionary(pick('cmd', 'a b', 'deep', 'new'), json, { maxKeys: 4 })).map(([a, input]): Intent => (w) => {
    const t = nth(w.tasks, a)
    if (!t) return undefined
    return {
      edit: (x) => edits.setInput(x, t.name, input),
      touches: [t.name],
      mean: (m) => {
        const o = field(m, t.name)
        o.inline = undefined
        o.input = Object.keys(input).length > 0 ? input : undefined
      },
    }
  }),
  fc.tuple(nat, pick<['join' | 'delay' | 'retry' | 'undo', Json | undefined]>(['join', 'all'], ['join', 2], ['join', undefined], ['delay', '<% ctx(x) %>'], ['delay', undefined], ['retry', { count: 3, delay: 1 }], ['retry', { count: 3 }], ['retry', undefined], ['undo', { action: 'p.back', input: { x: '<% ctx(x) %>' } }], ['undo', { action: 'p.back' }], ['undo', undefined])).map(
    ([a, [key, v]]): Intent =>
      (w) => {
        const t = nth(w.tasks, a)
        if (!t) return undefined
        return { edit: (x) => edits.setField(x, t.name, key, v), touches: [t.name], mean: (m) => void ((field(m, t.name) as unknown as JsonObject)[key] = v as Json) }
      },
  ),
  fc.tuple(pick<'input' | 'vars' | 'output'>('input', 'vars', 'output'), fc.uniqueArray(fc.tuple(names, leaf), { selector: ([n]) => n, maxLength: 3 })).map(([key, all]): Intent => () => ({
    edit: (x) => edits.setList(x, key, all),
    touches: [],
    mean: (m) => void (m[key] = all),
  })),
  fc.uniqueArray(fc.tuple(names, leaf), { selector: ([n]) => n, maxLength: 3 }).map((all): Intent => () => ({
    edit: (x) => edits.setList(x, 'output-on-error', all),
    touches: [],
    mean: (m) => void (m.outputOnError = all.length > 0 ? all : undefined),
  })),
  pick<['name' | 'description' | 'tags' | 'timeout', Json | undefined]>(['timeout', 60], ['timeout', '<% ctx(x) %>'], ['timeout', undefined], ['description', 'a: b'], ['description', undefined], ['name', 'n'], ['tags', ['a', 'b']], ['tags', undefined]).map(
    ([key, v]): Intent =>
      () => ({ edit: (x) => edits.setWhole(x, key, v), touches: [], mean: (m) => void ((m as unknown as JsonObject)[key] = v as Json) }),
  ),
)

/** A workflow without its places in the text, and with what stands for nothing left out. */
function essence(w: Workflow): unknown {
  return JSON.parse(
    JSON.stringify(w, (key, v: unknown) => (key === 'line' || key === 'lastLine' ? undefined : (v ?? undefined))),
  )
}

/** The lines that an edit of these tasks does not touch; that of none touches what is before the tasks. Empty lines do not count. */
function others(text: string, w: Workflow, touched: string[]): string[] {
  const lines = text.split(/\r?\n/).map((l) => l.replace(/^tasks: \{\}/, 'tasks:'))
  for (const t of w.tasks) if (touched.includes(t.name)) lines.fill('', t.line - 1, t.lastLine)
  if (touched.length === 0) lines.splice(0, lines.findIndex((l) => l.startsWith('tasks:')))
  return lines.filter((l) => l.trim() !== '')
}

function workflowOf(text: string): Workflow {
  const { workflow, problem } = read(text)
  if (!workflow) throw new Error(`line ${problem.line}: ${problem.message}\n${text}`)
  return workflow
}

const runs = Number(process.env.RUNS ?? 100) // more are for a night

describe('any sequence of edits', () => {
  it('means for the text what it means for the graph, and touches nothing else', () => {
    let made = 0
    fc.assert(
      fc.property(tasks, style, fc.array(intents, { minLength: 1, maxLength: 12 }), (all, s, sequence) => {
        let text = write(all, s)
        for (const intent of sequence) {
          const before = workflowOf(text)
          const op = intent(before)
          if (!op) continue
          const want = structuredClone(before)
          op.mean(want)
          const after = op.edit(text)
          const got = workflowOf(after)
          expect(essence(got)).toEqual(essence(want))
          // A comment of a task that becomes smaller may come to stand after it.
          const rest = others(after, got, op.touches)
          const kept = others(text, before, op.touches)
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
      fc.property(tasks, style, fc.array(fc.oneof(intents, fc.tuple(nat, pick('# typed\n', '\n')).map(([n, typed]) => ({ n, typed }))), { minLength: 1, maxLength: 8 }), (all, s, sequence) => {
        let state = EditorState.create({ doc: write(all, { ...s, eol: '\n' }), extensions: [history({ newGroupDelay: 0 })] })
        const was = [state.doc.toString()]
        for (const step of sequence) {
          const text = state.doc.toString()
          let next: string
          if (typeof step === 'function') {
            const { workflow } = read(text) // none after a comment within a block of text: the canvas waits
            next = (workflow && step(workflow)?.edit(text)) ?? text
          } else next = [...text.split('\n').slice(0, step.n), step.typed + text.split('\n').slice(step.n).join('\n')].join('\n')
          if (next === text) continue
          state = state.update({ changes: change(text, next), userEvent: 'input.edit', annotations: [] }).state
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
      fc.property(tasks, style, nat, nat, fc.string({ maxLength: 5 }), (all, s, a, b, typed) => {
        const text = write(all, s)
        const at = (a * 37) % text.length
        const broken = text.slice(0, at) + typed + text.slice(at + b)
        const { workflow, problem } = read(broken)
        expect(Boolean(workflow) !== Boolean(problem)).toBe(true)
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})
