import type { CompletionContext, CompletionResult, CompletionSource } from '@codemirror/autocomplete'
import { completion, expressionBefore, ownerBefore } from '@/edit/expressions'
import { complete, type Known, type Place } from '@/workflow/names'

/** Offers what can be named where one types: in expressions, also what values have in them, and after action and do. */
export function completionsOf(known: () => Known, placeOf: (text: string, line: number) => Place): CompletionSource {
  return async (c: CompletionContext): Promise<CompletionResult | null> => {
    const text = c.state.doc.toString()
    const inside = expressionBefore(text, c.pos)
    if (inside !== undefined) {
      const found = complete(inside.inside, inside.language, known())
      const owner = ownerBefore(inside.inside)
      const asked = owner && known().fields?.(placeOf(text, c.state.doc.lineAt(c.pos).number), inside.language === 'yaql' ? `<% ${owner.owner} %>` : `{{ ${owner.owner} }}`)
      const fields = (await asked) ?? []
      const typed = owner?.typed ?? found?.typed
      if (typed === undefined || (!found && fields.length === 0)) return null
      if (typed === 0 && !c.explicit && !/[(.|]\s*["']?$/.test(inside.inside)) return null
      return { from: c.pos - typed, options: [...fields.map((o) => ({ ...completion(o), boost: 50 })), ...(found?.options ?? []).map(completion)], validFor: /^\w*$/ }
    }
    const line = c.state.doc.lineAt(c.pos)
    const before = line.text.slice(0, c.pos - line.from)
    const action = /^\s*-?\s*action:\s*([\w.-]*)$/.exec(before)
    if (action) {
      return { from: c.pos - action[1]!.length, options: known().actions.map((a) => ({ label: a.ref, detail: a.description.slice(0, 60), type: 'class' })), validFor: /^[\w.-]*$/ }
    }
    const to = /^\s*-?\s*do:\s*(?:.*[,\s[])?(\w*)$/.exec(before)
    if (to) return { from: c.pos - to[1]!.length, options: [...known().names.tasks, 'fail', 'noop'].map((label) => ({ label, type: 'variable' })), validFor: /^\w*$/ }
    return null
  }
}
