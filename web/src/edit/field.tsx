import type { CompletionSource } from '@codemirror/autocomplete'
import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react'
import { cx } from '@/ui/cx'
import { openLate } from './late'
import type { FieldEditor } from './open'

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
  const editor = useRef<FieldEditor>(null)
  const known = useRef(complete)
  const [typed, setTyped] = useState(value)
  const [focused, setFocused] = useState(false)
  const [open, setOpen] = useState(false)
  const tell = useEffectEvent((text: string) => {
    if (text !== value) onChange(text)
  })
  useEffect(() => {
    known.current = complete
  }, [complete])
  const focus = useEffectEvent((insert: Insert) => onFocus?.(insert))
  const begin = useEffectEvent(() => ({ text: value, replace }))
  useEffect(() => {
    const place = host.current
    if (!place) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let unsaid: string | undefined
    const say = () => {
      clearTimeout(timer)
      if (unsaid !== undefined) tell(unsaid)
      unsaid = undefined
    }
    const told = {
      typed: (text: string) => {
        setTyped(text)
        clearTimeout(timer)
        unsaid = text
        timer = setTimeout(say, 300)
      },
      focused: (is: boolean) => {
        setFocused(is)
        if (is) focus((text) => editor.current?.insert(text))
        else say()
      },
    }
    const close = openLate((editors) => {
      setOpen(true)
      return (editor.current = editors.openField(place, begin(), label, (c) => known.current(c), told))
    })
    return () => {
      say() // whoever goes elsewhere at once has typed it all the same
      close()
      editor.current = null
    }
  }, [label])
  // What was changed elsewhere comes here, unless one is typing.
  useEffect(() => editor.current?.set(value), [value])
  return (
    <div className="flex flex-col gap-1">
      <span className="font-mono text-[12.5px]" aria-hidden>
        {label}
      </span>
      <div ref={host} className={cx('max-h-48 overflow-auto rounded-md border bg-panel', error ? 'border-bad' : 'border-strong/60', focused && 'outline-2 outline-offset-2 outline-accent')}>
        {!open && <pre className="px-[6px] py-[4px] font-mono text-[13px] leading-[1.55] whitespace-pre-wrap">{value || ' '}</pre>}
      </div>
      {error && <p className="text-xs text-bad">{error}</p>}
      {children?.(typed)}
    </div>
  )
}
