import { CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { EditorState } from '@codemirror/state'
import { expect, it } from 'vitest'
import type { Word } from '@/api/expressions'
import { completionsOf } from './completion'

const word = (kind: string, name: string): Word => ({ kind, name, signature: name, doc: `${name}.` })
const complete = completionsOf(() => ({
  fields: [{ path: 'body.host', type: 'string', examples: [] }],
  triggers: [{ ref: 'core.st2.webhook' }],
  actions: [{ ref: 'core.echo', description: '' }],
  words: [word('workflow', 'ctx'), word('yaql', 'where'), word('filter', 'upper'), word('test', 'defined'), word('global', 'range')],
}))

/** What is offered at the end of a text, and what of the text it replaces. */
function at(text: string): { labels: string[]; typed: string } | null {
  const found = complete(new CompletionContext(EditorState.create({ doc: text }), text.length, false)) as CompletionResult | null
  return found && { labels: found.options.map((o) => o.label), typed: text.slice(found.from) }
}

it.each([
  ['message: "{{ ', '', 'trigger.body.host'],
  ['message: "{{ trigger.bo', 'trigger.bo', 'trigger.body.host'],
  ['message: "{{ ', '', 'rule.ref'],
  ['message: "{{ ', '', 'st2kv.system.'],
  ['message: "{{ trigger.x | up', 'up', 'upper'],
  ['trigger:\n  type: core.', 'core.', 'core.st2.webhook'],
  ['action:\n  ref: core.e', 'core.e', 'core.echo'],
  ['criteria:\n  trigger.x:\n    type: star', 'star', 'startswith'],
  ['criteria:\n  trigger.bo', 'trigger.bo', 'trigger.body.host'],
])('%j offers, in place of %j, %s', (text, typed, label) => {
  const found = at(text)
  expect(found?.typed).toBe(typed)
  expect(found?.labels).toContain(label)
})

it('offers nothing of workflows, and nothing where anything can stand', () => {
  expect(at('message: "{{ ')?.labels).not.toContain('ctx')
  expect(at('description: some')).toBeNull()
  expect(at('action:\n  parameters:\n    type: co')?.labels ?? []).not.toContain('core.st2.webhook')
})
