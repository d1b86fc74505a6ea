import fc from 'fast-check'
import type { Json, JsonObject } from '@/api/types'
import { flow, holds, nat, nth, pick, values, Writer, type Intent as Wanted, type Style } from '@/edit/sequences'
import * as edits from './edits'
import { read, type Assignment, type Task, type Workflow } from './workflow'

const { leaf, json } = values('"quoted"', '<% ctx(x) %>', '{{ ctx().x }}', '<% result().a = "b" %>', 'ends\n', '2026-01-02', '~', '&and')
const names = pick('x', 'y', 'no_1', 'answer')
const publish: fc.Arbitrary<Assignment[]> = fc.array(fc.tuple(names, leaf), { maxLength: 3 })
const whens = pick('<% succeeded() %>', '<% failed() %>', '<% succeeded() and ctx(x) > 1 %>', '{{ ctx().x }}')
const taskNames = ['t0', 't1', 't2', 't3', 'fresh']

const tasks = fc.array(
  fc.record({
    action: pick('core.noop', 'core.local cmd="date" times=2', 'p.x', undefined),
    input: pick<JsonObject | undefined>(undefined, { cmd: 'date' }, { cmd: 'date', 'a b': 1, deep: { list: [1, 'two'] } }),
    next: fc.array(fc.record({ when: fc.option(whens, { nil: undefined }), publish: pick('', 'x=1 y=<% ctx(x) %>', 'list'), do: fc.array(fc.nat(3), { maxLength: 2 }) }), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 4 },
)

function write(all: typeof tasks extends fc.Arbitrary<infer T> ? T : never, s: Style): string {
  const w = new Writer(s)
  const line = w.line.bind(w)
  line(0, 'version: 1.0')
  line(0, 'tasks:')
  all.forEach((t, i) => {
    line(1, `t${i}:`)
    const before = w.lines.length
    if (t.action) line(2, `action: ${t.action}`)
    if (t.input && s.flow) line(2, `input: ${flow(t.input)}`)
    else if (t.input) {
      line(2, 'input:')
      for (const [k, v] of Object.entries(t.input)) line(3, `${k}: ${flow(v as Json)}`)
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
    if (w.lines.length === before) w.lines[before - 1] = w.lines[before - 1]!.replace(/(t\d):/, '$1: {}')
  })
  return w.text
}

type Intent = Wanted<Workflow, string> // places are tasks

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
  fc.tuple(fc.uniqueArray(nat, { maxLength: 2 }), fc.uniqueArray(nat, { maxLength: 4 })).map(([ns, ms]): Intent => (w) => {
    const gone = [...new Set(ns.flatMap((n) => nth(w.tasks, n)?.name ?? []))]
    const all = w.tasks.flatMap((t) => t.next.flatMap((e, index) => [...new Set(e.do)].map((target) => ({ task: t.name, index, target }))))
    const ways = [...new Set(ms.flatMap((m) => nth(all, m) ?? []))].filter((e) => !gone.includes(e.task) && !gone.includes(e.target))
    if (gone.length + ways.length === 0) return undefined
    return {
      edit: (x) => edits.removeAll(x, gone, ways),
      touches: [...gone, ...gone.flatMap((name) => leads(w, name)), ...ways.map((e) => e.task)],
      mean: (m) => {
        m.tasks = m.tasks.filter((t) => !gone.includes(t.name))
        for (const t of m.tasks) {
          for (let i = t.next.length - 1; i >= 0; i--) {
            for (const to of [...new Set(t.next[i]!.do)]) {
              if (gone.includes(to) || ways.some((e) => e.task === t.name && e.index === i && e.target === to)) withoutTarget(t, i, to)
            }
          }
        }
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

holds('a workflow', {
  written: tasks,
  write,
  read: (text) => {
    const { workflow, problem } = read(text)
    return { said: workflow, problem }
  },
  essence,
  intents,
  others,
})
