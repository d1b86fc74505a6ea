import type { CompletionSource } from '@codemirror/autocomplete'
import { useCallback, useEffect, useRef, useState } from 'react'
import { cx } from '@/ui/cx'
import { toast } from '@/ui/toast'
import { openLate } from './late'
import type { Mistake, TextEditor, TextState } from './open'

/** The text that is composed. The editor has it; whoever edits otherwise edits through here, so that one history knows of all. */
export interface Source extends TextState {
  /** Makes an edit, and says so where it cannot be made. Reports whether it could. */
  edit: (f: (text: string) => string) => boolean
  undo: () => void
  redo: () => void
  show: (line: number) => void
  mark: (mistakes: Mistake[]) => void
  mount: (host: HTMLElement | null) => (() => void) | undefined
  /** Whether the editor is there. */
  open: boolean
}

export function useSource(initial: string, complete: CompletionSource, label: string): Source {
  const [state, setState] = useState({ text: initial, canUndo: false, canRedo: false })
  const [open, setOpen] = useState(false)
  const editor = useRef<TextEditor>(null)
  const texts = useRef([initial]) // that there have been while there is no editor; the last is what there is
  const latest = useRef(complete)
  useEffect(() => {
    latest.current = complete
  }, [complete])
  const mount = useCallback(
    (host: HTMLElement | null) => {
      if (!host) return
      const close = openLate((editors) => {
        const changed = (s: TextState) => {
          texts.current = [s.text]
          setState(s)
        }
        editor.current = editors.openText(host, texts.current, label, (c) => latest.current(c), changed)
        setOpen(true)
        return editor.current
      })
      return () => {
        close()
        editor.current = null
        setOpen(false)
      }
    },
    [label],
  )
  const edit = useCallback((f: (text: string) => string) => {
    const before = texts.current.at(-1)!
    let after: string
    try {
      after = f(before)
    } catch (err) {
      toast.failed(err)
      return false
    }
    if (editor.current) editor.current.set(after)
    else if (after !== before) {
      texts.current.push(after)
      setState((s) => ({ ...s, text: after }))
    }
    return true
  }, [])
  return {
    ...state,
    open,
    edit,
    mount,
    undo: useCallback(() => editor.current?.undo(), []),
    redo: useCallback(() => editor.current?.redo(), []),
    show: useCallback((line: number) => editor.current?.show(line), []),
    mark: useCallback((mistakes: Mistake[]) => editor.current?.mark(mistakes), []),
  }
}

const seenAtOnce = 100 // lines

/** Shows a source as text: at first as it is, and when its editor has come, in that. */
export function SourceEditor({ source, findings, className }: { source: Source; findings: Mistake[]; className?: string }) {
  const { mount, mark, open, text } = source
  useEffect(() => {
    if (open) mark(findings)
  }, [open, mark, findings])
  const digits = String(text.split('\n').length).length
  return (
    <div ref={mount} className={cx('min-h-0 grow overflow-hidden bg-panel', className)} data-testid="yaml">
      {!open && (
        // Where the lines of the editor will be, beside its numbers.
        <pre className="py-[4px] font-mono text-[13px] leading-[1.55]" style={{ paddingLeft: `calc(1.4em + max(20px, ${digits}ch + 8px) + 6px)` }}>
          {text.split('\n', seenAtOnce).join('\n')}
        </pre>
      )}
    </div>
  )
}
