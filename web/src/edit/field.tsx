import type { CompletionSource } from '@codemirror/autocomplete'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react'
import { cx } from '@/ui/cx'
import { expressionEditor, shadowOf } from './code'

/** Puts a text where the cursor of a field is. */
export type Insert = (text: string) => void

/**
 * A field for a text that may have expressions. It completes names, and says what is
 * typed, for whoever shows what comes of it. A change is handed on when one stops to type.
 */
export function CodeField({
  label,
  value,
  onChange,
  complete,
  error,
  onFocus,
  replace,
  children,
}: {
  label: string
  value: string
  onChange: (text: string) => void
  complete: CompletionSource
  error?: string
  onFocus?: (insert: Insert) => void
  replace?: boolean // what is typed first takes the place of what is there
  children?: (typed: string) => ReactNode
}) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const known = useRef(complete)
  const [typed, setTyped] = useState(value)
  const [focused, setFocused] = useState(false)
  const tell = useEffectEvent((text: string) => {
    if (text !== value) onChange(text)
  })
  useEffect(() => {
    known.current = complete
  }, [complete])
  const focus = useEffectEvent((v: EditorView) => onFocus?.((text) => v.dispatch(v.state.replaceSelection(text))))
  const begin = useEffectEvent(() => ({ doc: value, taken: replace }))
  useEffect(() => {
    if (!host.current) return
    const root = shadowOf(host.current)
    const { doc, taken } = begin()
    let timer: ReturnType<typeof setTimeout> | undefined
    let unsaid = false
    const say = (text: string) => {
      clearTimeout(timer)
      unsaid = false
      tell(text)
    }
    const v = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc,
        selection: taken ? { anchor: 0, head: doc.length } : undefined,
        extensions: [
          expressionEditor(label, (c) => known.current(c)),
          EditorView.updateListener.of((u) => {
            if (u.focusChanged) setFocused(u.view.hasFocus)
            if (u.focusChanged && u.view.hasFocus) focus(u.view)
            if (u.docChanged) {
              setTyped(u.state.doc.toString())
              clearTimeout(timer)
              unsaid = true
              timer = setTimeout(() => say(u.state.doc.toString()), 300)
            }
            if (u.focusChanged && !u.view.hasFocus && unsaid) say(u.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = v
    if (taken) v.focus()
    return () => {
      // Whoever goes elsewhere at once has typed it all the same.
      clearTimeout(timer)
      if (unsaid) tell(v.state.doc.toString())
      v.destroy()
    }
  }, [label])
  // What was changed elsewhere comes here, unless one is typing.
  useEffect(() => {
    const v = view.current
    if (v && !v.hasFocus && v.state.doc.toString() !== value) v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: value } })
  }, [value])
  return (
    <div className="flex flex-col gap-1">
      <span className="font-mono text-[12.5px]" aria-hidden>
        {label}
      </span>
      <div ref={host} className={cx('max-h-48 overflow-auto rounded-md border bg-panel', error ? 'border-bad' : 'border-strong/60', focused && 'outline-2 outline-offset-2 outline-accent')} />
      {error && <p className="text-xs text-bad">{error}</p>}
      {children?.(typed)}
    </div>
  )
}
