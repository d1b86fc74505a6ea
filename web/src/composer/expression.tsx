import { useQuery } from '@tanstack/react-query'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { messageOf } from '@/api/client'
import { cx } from '@/ui/cx'
import { written } from '@/ui/form/schema'
import { expressionEditor, shadowOf, type Known } from './code'
import { useSettled } from './problems'
import { answerQuery, type Past } from './rehearsal'

/** What expressions are evaluated with: the definition, and a run of the past if one was chosen. */
export interface Surroundings {
  known: Known
  definition: string
  past?: Past
}

/**
 * A field for a text that may have expressions. It completes names, and shows what
 * comes out with the data of the past run. A change is handed on when one stops to type.
 */
export function ExpressionField({
  label,
  value,
  onChange,
  task,
  before,
  around,
  error,
}: {
  label: string
  value: string
  onChange: (text: string) => void
  task: string
  before?: boolean
  around: Surroundings
  error?: string
}) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const known = useRef(around.known)
  const [typed, setTyped] = useState(value)
  const [focused, setFocused] = useState(false)
  const tell = useEffectEvent((text: string) => {
    if (text !== value) onChange(text)
  })
  useEffect(() => {
    known.current = around.known
  }, [around.known])
  const begin = useEffectEvent(() => value)
  useEffect(() => {
    if (!host.current) return
    const root = shadowOf(host.current)
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
        doc: begin(),
        extensions: [
          expressionEditor(label, () => known.current),
          EditorView.updateListener.of((u) => {
            if (u.focusChanged) setFocused(u.view.hasFocus)
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
      <Outcome text={typed} task={task} before={before ?? false} around={around} />
    </div>
  )
}

/** What an expression gives. */
function Outcome({ text, task, before, around }: { text: string; task: string; before: boolean; around: Surroundings }) {
  const expression = useSettled(text, 300)
  const has = /<%|\{\{/.test(expression)
  const query = useQuery({ ...answerQuery(around.definition, around.past ?? { inputs: {}, mocks: [] }, { task, before, expression }), enabled: has && around.past !== undefined })
  if (!has || !around.past) return null
  const failed = query.isError ? messageOf(query.error) : query.data?.error
  return (
    <p role="status" className={cx('font-mono text-xs break-words', failed ? 'text-warn' : 'text-good')}>
      {failed ? failed : query.data ? '= ' + shortened(written(query.data.value) || JSON.stringify(query.data.value)) : '…'}
    </p>
  )
}

function shortened(text: string): string {
  return text.length > 300 ? text.slice(0, 300) + '…' : text
}
