import { unifiedMergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useCallback } from 'react'
import { shadowOf, shown } from './code'

/** What differs between two texts. */
export function Diff({ label, was, is }: { label: string; was: string; is: string }) {
  const mount = useCallback(
    (host: HTMLElement | null) => {
      if (!host) return
      const root = shadowOf(host)
      const view = new EditorView({
        root,
        parent: root,
        state: EditorState.create({ doc: is, extensions: [shown(label), was === '' ? [] : unifiedMergeView({ original: was, mergeControls: false, collapseUnchanged: { margin: 2 } })] }),
      })
      return () => view.destroy()
    },
    [label, was, is],
  )
  return <div ref={mount} data-testid="diff" className="max-h-72 overflow-auto rounded-md border" />
}
