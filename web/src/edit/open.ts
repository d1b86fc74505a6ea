import type { CompletionSource } from '@codemirror/autocomplete'
import { isolateHistory, redo, redoDepth, undo, undoDepth } from '@codemirror/commands'
import { setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { unifiedMergeView } from '@codemirror/merge'
import { EditorState, Text, Transaction, type Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { change } from './change'
import { definitionEditor, expressionEditor, shown } from './code'

// Editors, opened in a place of the page. All of this is large and is not needed to show what is edited, so it is
// imported when there is a place for it, by late.ts.

/** A mistake in a text, and where it is. */
export interface Mistake {
  message: string
  hint?: string
  line: number
  column: number
}

/** What is known of a text at a moment. */
export interface TextState {
  text: string
  canUndo: boolean
  canRedo: boolean
}

/** An editor of a whole definition. */
export interface TextEditor {
  set: (text: string) => void
  undo: () => void
  redo: () => void
  show: (line: number) => void
  mark: (mistakes: Mistake[]) => void
  close: () => void
}

/** Opens a view in a place. Its styles are sheets of a shadow root, since the policy of the server forbids style elements. */
function viewIn(host: HTMLElement, doc: string, extensions: Extension): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  return new EditorView({ root, parent: root, state: EditorState.create({ doc, extensions }) })
}

/** Opens an editor of a definition that has had several texts; all but the last can be had back. */
export function openText(host: HTMLElement, [first = '', ...since]: string[], label: string, complete: CompletionSource, changed: (s: TextState) => void): TextEditor {
  const v = viewIn(host, first, [
    EditorState.lineSeparator.of(first.includes('\r\n') ? '\r\n' : '\n'),
    definitionEditor(label, complete),
    EditorView.updateListener.of((u) => {
      if (u.docChanged) changed({ text: u.state.sliceDoc(), canUndo: undoDepth(u.state) > 0, canRedo: redoDepth(u.state) > 0 })
    }),
  ])
  const set = (text: string) => {
    if (text === v.state.sliceDoc()) return
    // Places in the editor count each end of a line as one.
    const { from, to, insert } = change(v.state.doc.toString(), text.replaceAll('\r\n', '\n'))
    v.dispatch({ changes: { from, to, insert: Text.of(insert.split('\n')) }, annotations: [isolateHistory.of('full'), Transaction.userEvent.of('input.compose')] })
  }
  since.forEach(set)
  return {
    set,
    undo: () => void undo(v),
    redo: () => void redo(v),
    show: (line) => {
      if (line < 1 || line > v.state.doc.lines) return
      const at = v.state.doc.line(line).from
      v.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    },
    mark: (mistakes) => v.dispatch(setDiagnostics(v.state, mistakes.map((m) => diagnostic(v.state, m)))),
    close: () => v.destroy(),
  }
}

function diagnostic(state: EditorState, m: Mistake): Diagnostic {
  const line = state.doc.line(Math.min(Math.max(m.line, 1), state.doc.lines))
  const from = Math.min(line.from + Math.max(m.column - 1, 0), line.to)
  return { from, to: Math.max(line.to, from), severity: 'error', message: m.hint ? `${m.message} ${m.hint}` : m.message }
}

/** An editor of a field. */
export interface FieldEditor {
  /** Sets the text, unless somebody is typing. */
  set: (text: string) => void
  insert: (text: string) => void
  close: () => void
}

/** Opens a field with a text. If it is to be replaced, what is typed first takes its place. */
export function openField(
  host: HTMLElement,
  { text, replace }: { text: string; replace?: boolean },
  label: string,
  complete: CompletionSource,
  told: { typed: (text: string) => void; focused: (is: boolean) => void },
): FieldEditor {
  const v = viewIn(host, text, [
    expressionEditor(label, complete),
    EditorView.updateListener.of((u) => {
      if (u.docChanged) told.typed(u.state.doc.toString())
      if (u.focusChanged) told.focused(u.view.hasFocus)
    }),
  ])
  if (replace) {
    v.dispatch({ selection: { anchor: 0, head: v.state.doc.length } })
    v.focus()
  }
  return {
    set: (text) => {
      if (!v.hasFocus && v.state.doc.toString() !== text) v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: text } })
    },
    insert: (text) => v.dispatch(v.state.replaceSelection(text)),
    close: () => v.destroy(),
  }
}

/** Shows what differs between two texts. */
export function openDiff(host: HTMLElement, was: string, is: string, label: string): { close: () => void } {
  const v = viewIn(host, is, [shown(label), was === '' ? [] : unifiedMergeView({ original: was, mergeControls: false, collapseUnchanged: { margin: 2 } })])
  return { close: () => v.destroy() }
}
