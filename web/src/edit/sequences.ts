import { history, redo, undo } from '@codemirror/commands'
import { EditorState, type StateCommand } from '@codemirror/state'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '@/api/types'
import { change } from './change'

// What tests of edits have in common: a text as people write one, with comments, empty lines, either
// style of collections and of line ends, and what holds whatever is done to it. Only tests use it.

export const pick = <T>(...all: T[]) => fc.constantFrom(...all)
export const nat = fc.nat(20)
export const nth = <T>(all: T[], n: number): T | undefined => all[n % Math.max(1, all.length)]

const plain = ['plain', 'two words', 'a: b', '# no comment', "it's", 'yes', 'y', '1.0', '', ' padded ', 'two\nlines', '- dash', 'null', '*star']

/** Values that are hard to write; texts are those of the language that the values are written in. */
export function values(...texts: string[]) {
  const leaf: fc.Arbitrary<Json> = fc.oneof(pick(...plain, ...texts), pick<Json>(0, 1, -5, 1.5, true, false, null))
  const json: fc.Arbitrary<Json> = fc.oneof({ weight: 5, arbitrary: leaf }, fc.array(leaf, { maxLength: 3 }), fc.dictionary(pick('k', 'key two', 'on'), leaf, { maxKeys: 3 }))
  return { leaf, json }
}

export const flow = (v: Json) => JSON.stringify(v).replaceAll('":', '": ')

export interface Style {
  step: number
  seq: number // how much lists are indented
  eol: string
  flow: boolean // collections are written on one line
  noise: number[] // where comments and empty lines are
}
const style: fc.Arbitrary<Style> = fc.record({ step: pick(2, 3, 4), seq: pick(0, 2), eol: pick('\n', '\r\n'), flow: fc.boolean(), noise: fc.array(fc.nat(9), { minLength: 40, maxLength: 40 }) })

/** Writes lines, with noise between them. */
export class Writer {
  readonly lines: string[] = []
  private n = 0
  private readonly style: Style
  constructor(style: Style) {
    this.style = style
  }
  line(depth: number, text: string, seq = 0) {
    const noise = this.style.noise[this.n++ % this.style.noise.length]!
    const pad = ' '.repeat(depth * this.style.step + seq)
    if (noise === 0) this.lines.push('')
    if (noise === 1) this.lines.push(`${pad}# above ${this.n}`)
    this.lines.push(pad + text + (noise === 2 ? ` # beside ${this.n}` : ''))
  }
  get text(): string {
    return this.lines.join(this.style.eol) + this.style.eol
  }
}

/** An edit, what it means for what the text says, and the places that it may touch. */
export interface Op<Model, Place> {
  edit: (text: string) => string
  mean: (m: Model) => void
  touches: Place[]
}

/** What somebody wants to do. It is undefined where it cannot be done. */
export type Intent<Model, Place> = (m: Model) => Op<Model, Place> | undefined

interface Language<Written, Model, Place> {
  written: fc.Arbitrary<Written>
  write: (w: Written, style: Style) => string
  read: (text: string) => { said?: Model; problem?: { line: number; message: string } }
  essence?: (m: Model) => unknown // what of it counts
  intents: fc.Arbitrary<Intent<Model, Place>>
  others: (text: string, said: Model, touched: Place[]) => string[] // the lines that are none of some places, without empty ones
}

const runs = Number(process.env.RUNS ?? 100) // more are for a night

/** Holds that edits of a text mean what they mean for what is drawn of it, touch nothing else, and can be undone. */
export function holds<Written, Model, Place>(what: string, { written, write, read, essence = (m) => m, intents, others }: Language<Written, Model, Place>) {
  const said = (text: string): Model => {
    const { said, problem } = read(text)
    if (!said) throw new Error(`line ${problem?.line}: ${problem?.message}\n${text}`)
    return said
  }

  describe(`any sequence of edits of ${what}`, () => {
    it('means for the text what it means for the canvas, and touches nothing else', () => {
      let made = 0
      fc.assert(
        fc.property(written, style, fc.array(intents, { minLength: 1, maxLength: 12 }), (w, s, sequence) => {
          let text = write(w, s)
          for (const intent of sequence) {
            const before = said(text)
            const op = intent(before)
            if (!op) continue
            const want = structuredClone(before)
            op.mean(want)
            const after = op.edit(text)
            const got = said(after)
            expect(essence(got)).toEqual(essence(want))
            // A comment of what becomes smaller may come to stand after it.
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
      const typing = fc.tuple(nat, pick('# typed\n', '\n')).map(([n, typed]) => ({ n, typed }))
      fc.assert(
        fc.property(written, style, fc.array(fc.oneof(intents, typing), { minLength: 1, maxLength: 8 }), (w, s, sequence) => {
          let state = EditorState.create({ doc: write(w, { ...s, eol: '\n' }), extensions: [history({ newGroupDelay: 0 })] })
          const was = [state.doc.toString()]
          for (const step of sequence) {
            const text = state.doc.toString()
            let next: string
            if (typeof step === 'function') {
              const { said } = read(text) // nothing after a comment within a block of text: the canvas waits
              next = (said && step(said)?.edit(text)) ?? text
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
        fc.property(written, style, nat, nat, fc.string({ maxLength: 5 }), (w, s, a, b, typed) => {
          const text = write(w, s)
          const at = (a * 37) % text.length
          const { said, problem } = read(text.slice(0, at) + typed + text.slice(at + b))
          expect(Boolean(said) !== Boolean(problem)).toBe(true)
        }),
        { numRuns: 300 },
      )
    }, 60_000)
  })
}
