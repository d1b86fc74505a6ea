import type { Completion, CompletionContext, CompletionResult, CompletionSource } from '@codemirror/autocomplete'
import type { Word } from '@/api/expressions'
import { completion, expressionBefore, shortened, wordsAt, type Option } from '@/edit/expressions'
import { keyOf, operators, type Field } from './model/fields'

/** What completions in a rule are made of. */
export interface Known {
  fields: readonly Field[] // of its events
  triggers: { ref: string; description?: string }[]
  actions: { ref: string; description: string }[]
  words: readonly Word[]
}

const about: Option[] = ['id', 'ref', 'name', 'pack'].map((name) => ({ label: `rule.${name}`, says: 'of this rule', kind: 'variable' }))

/** Offers what can be named where one types: fields in templates and keys of criteria, types, actions and operators. */
export function completionsOf(known: () => Known): CompletionSource {
  return (c: CompletionContext): CompletionResult | null => {
    const { fields, triggers, actions, words } = known()
    const list = (from: number, options: Completion[], validFor: RegExp): CompletionResult => ({ from, options, validFor })
    const paths = fields.map((f): Completion => ({ label: keyOf(f), detail: shortened(f.says ?? f.type), type: 'variable' }))
    const inside = expressionBefore(c.state.doc.toString(), c.pos)
    if (inside?.language === 'jinja') {
      const path = /[\w.[\]'"]*$/.exec(inside.inside)![0]
      const found = wordsAt(inside.inside, 'jinja', words, false)
      if (found && /[|]\s*\w*$|\bis\s+(not\s+)?\w*$/.test(inside.inside)) return list(c.pos - found.typed, found.options.map(completion), /^\w*$/)
      if (path === '' && !c.explicit && inside.inside.trim() !== '') return null
      const kv = ['st2kv.system.', 'st2kv.user.'].map((label): Completion => ({ label, detail: 'a key of the datastore', type: 'variable' }))
      return list(c.pos - path.length, [...paths, ...about.map(completion), ...kv, ...(found?.options ?? []).map(completion)], /^[\w.[\]'"]*$/)
    }
    const line = c.state.doc.lineAt(c.pos)
    const before = line.text.slice(0, c.pos - line.from)
    const above = sectionOf(c.state.doc.sliceString(0, line.from))
    const value = /^\s+(type|ref):\s*([\w.-]*)$/.exec(before)
    if (value) {
      const [, key, typed] = value
      const from = c.pos - typed!.length
      if (key === 'type' && above === 'trigger') return list(from, triggers.map((t) => ({ label: t.ref, detail: shortened(t.description), type: 'class' })), /^[\w.-]*$/)
      if (key === 'type' && above === 'criteria') return list(from, operators.map(([label, says]) => ({ label, detail: says, type: 'keyword' })), /^\w*$/)
      if (key === 'ref' && above === 'action') return list(from, actions.map((a) => ({ label: a.ref, detail: shortened(a.description), type: 'class' })), /^[\w.-]*$/)
    }
    const key = /^\s+(trigger[\w.[\]]*)$/.exec(before)
    return key && above === 'criteria' ? list(c.pos - key[1]!.length, paths, /^[\w.[\]]*$/) : null
  }
}

/** The key at the left margin that a line stands below. */
function sectionOf(above: string): string | undefined {
  return [...above.matchAll(/^(\w+):/gm)].at(-1)?.[1]
}
