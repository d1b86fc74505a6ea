import type { Completion } from '@codemirror/autocomplete'
import type { Word } from '@/api/expressions'

export type Language = 'yaql' | 'jinja'

/** The expression that a place of a text is in: what there is of it before the place. */
export function expressionBefore(text: string, at: number): { inside: string; language: Language } | undefined {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  const [yaql, jinja] = [line.lastIndexOf('<%'), line.lastIndexOf('{{')]
  const open = Math.max(yaql, jinja)
  if (open < 0 || open < Math.max(line.lastIndexOf('%>'), line.lastIndexOf('}}'))) return undefined
  return { inside: line.slice(open + 2), language: jinja > yaql ? 'jinja' : 'yaql' }
}

/** The value that a dot is behind, and what has been typed after the dot: of "succeeded() and result().st" it is "result()" and "st". */
export function ownerBefore(before: string): { owner: string; typed: number } | undefined {
  const typed = /\w*$/.exec(before)![0].length
  const end = before.length - typed - 1
  if (before[end] !== '.') return undefined
  let at = end
  while (at > 0) {
    const c = before[at - 1]!
    if (c === ')' || c === ']') {
      at = openingOf(before, at - 1)
      if (at < 0) return undefined
    } else if (/[\w.]/.test(c)) at--
    else break
  }
  const owner = before.slice(at, end)
  return /^[A-Za-z_]/.test(owner) && before[at - 1] !== '$' ? { owner, typed } : undefined
}

/** Where the bracket is that a closing one belongs to; what is quoted has none. -1: nowhere. */
function openingOf(text: string, closing: number): number {
  let open = 0
  for (let at = closing; at >= 0; at--) {
    const c = text[at]!
    if (c === ')' || c === ']') open++
    else if ((c === '(' || c === '[') && --open === 0) return at
    else if (c === '"' || c === "'") at = text.lastIndexOf(c, at - 1)
  }
  return -1
}

export interface Option {
  label: string
  says: string
  apply?: string
  kind: 'variable' | 'function' | 'task' | 'filter' | 'field'
}

/** What is said beside something that is offered. */
export function shortened(text = ''): string {
  return text.length > 70 ? text.slice(0, 69) + '…' : text
}

/** An option as the editors offer it. */
export function completion(o: Option): Completion {
  return { label: o.label, detail: shortened(o.says), apply: o.apply, type: o.kind }
}

/** What can follow what has been typed, and how much of that it replaces. */
export interface Options {
  typed: number
  options: Option[]
}

const bare = /^(succeeded|failed|completed|result|now|len)$/ // mostly called without anything

/**
 * The functions, filters and tests that can follow what has been typed of an
 * expression. In rules there are none of workflows.
 */
export function wordsAt(before: string, language: Language, words: readonly Word[], inWorkflow: boolean): Options | undefined {
  const options = (typed: string, kinds: Word['kind'][], kind: Option['kind'], call: (name: string, signature: string) => string): Options => {
    const seen = new Set<string>()
    return {
      typed: typed.length,
      options: words.flatMap(({ kind: k, name, signature, doc }) => {
        if (!kinds.includes(k) || seen.has(name) || !/^\w+$/.test(name)) return []
        seen.add(name)
        return [{ label: name, says: doc, kind, apply: call(name, signature) }]
      }),
    }
  }
  const takes = (name: string, signature: string) => (/\(\s*\)$/.test(signature) || bare.test(name) ? `${name}()` : `${name}(`)
  const filter = (name: string, signature: string) => (signature.endsWith(')') && !/\(\[/.test(signature) ? `${name}(` : name)
  if (language === 'jinja') {
    const piped = /\|\s*(\w*)$/.exec(before)
    if (piped) return options(piped[1]!, ['filter'], 'filter', filter)
    const tested = /\bis\s+(?:not\s+)?(\w*)$/.exec(before)
    if (tested) return options(tested[1]!, ['test'], 'filter', (name) => name)
  } else {
    const method = /[\w)\]'"]\.(\w*)$/.exec(before)
    if (method) return options(method[1]!, ['yaql'], 'function', takes)
  }
  const word = /(?:^|[^.\w$])(\w*)$/.exec(before)
  if (!word) return undefined
  return options(word[1]!, language === 'jinja' ? (inWorkflow ? ['workflow', 'global'] : ['global']) : ['workflow', 'yaql'], 'function', takes)
}
