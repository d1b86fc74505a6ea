import type { CompletionSource } from '@codemirror/autocomplete'
import { isolateHistory, redo, redoDepth, undo, undoDepth } from '@codemirror/commands'
import { setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { EditorState, Text, Transaction } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useCallback, useEffect, useRef, useState } from 'react'
import { cx } from '@/ui/cx'
import { toast } from '@/ui/toast'
import { definitionEditor, shadowOf } from './code'
import { change } from './change'

/** A mistake in a text, and where it is. */
export interface Mistake {
  message: string
  hint?: string
  line: number
  column: number
}

/** The text that is composed. The editor has it; whoever edits otherwise edits through here, so that one history knows of all. */
export interface Source {
  text: string
  /** Makes an edit, and says so where it cannot be made. Reports whether it could. */
  edit: (f: (text: string) => string) => boolean
  undo: () => void
  redo: () => void
  canUndo: boolean
  canRedo: boolean
  show: (line: number) => void
  mount: (host: HTMLElement | null) => (() => void) | undefined
  mark: (mistakes: Mistake[]) => void
}

export function useSource(initial: string, complete: CompletionSource, label: string): Source {
  const [state, setState] = useState({ text: initial, canUndo: false, canRedo: false })
  const view = useRef<EditorView>(null)
  const latest = useRef(complete)
  useEffect(() => {
    latest.current = complete
  }, [complete])
  const mount = useCallback(
    (host: HTMLElement | null) => {
      if (!host) return
      const root = shadowOf(host)
      const v = new EditorView({
        root,
        parent: root,
        state: EditorState.create({
          doc: initial,
          extensions: [
            EditorState.lineSeparator.of(initial.includes('\r\n') ? '\r\n' : '\n'),
            definitionEditor(label, (c) => latest.current(c)),
            EditorView.updateListener.of((u) => {
              if (u.docChanged) setState({ text: textOf(u.state), canUndo: undoDepth(u.state) > 0, canRedo: redoDepth(u.state) > 0 })
            }),
          ],
        }),
      })
      view.current = v
      return () => {
        v.destroy()
        view.current = null
      }
    },
    [initial, label],
  )
  const edit = useCallback((f: (text: string) => string) => {
    const v = view.current
    if (!v) return false
    const before = textOf(v.state)
    let after: string
    try {
      after = f(before)
    } catch (err) {
      toast.failed(err)
      return false
    }
    if (after !== before) {
      // Places in the editor count each end of a line as one.
      const { from, to, insert } = change(v.state.doc.toString(), after.replaceAll('\r\n', '\n'))
      v.dispatch({ changes: { from, to, insert: Text.of(insert.split('\n')) }, annotations: [isolateHistory.of('full'), Transaction.userEvent.of('input.compose')] })
    }
    return true
  }, [])
  const show = useCallback((line: number) => {
    const v = view.current
    if (!v || line < 1 || line > v.state.doc.lines) return
    const at = v.state.doc.line(line).from
    v.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
  }, [])
  const mark = useCallback((findings: Mistake[]) => {
    const v = view.current
    if (v) v.dispatch(setDiagnostics(v.state, findings.map((f) => diagnostic(v.state, f))))
  }, [])
  return {
    ...state,
    edit,
    show,
    mount,
    mark,
    undo: useCallback(() => void (view.current && undo(view.current)), []),
    redo: useCallback(() => void (view.current && redo(view.current)), []),
  }
}

function textOf(state: EditorState): string {
  return state.sliceDoc()
}

function diagnostic(state: EditorState, f: Mistake): Diagnostic {
  const line = state.doc.line(Math.min(Math.max(f.line, 1), state.doc.lines))
  const from = Math.min(line.from + Math.max(f.column - 1, 0), line.to)
  return { from, to: Math.max(line.to, from), severity: 'error', message: f.hint ? `${f.message} ${f.hint}` : f.message }
}

/** Shows a source as text. */
export function SourceEditor({ source, findings, className }: { source: Source; findings: Mistake[]; className?: string }) {
  const { mount, mark } = source
  useEffect(() => mark(findings), [mark, findings])
  return <div ref={mount} className={cx('min-h-0 grow overflow-hidden', className)} data-testid="yaml" />
}
