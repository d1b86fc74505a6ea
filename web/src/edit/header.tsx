import { Braces, LayoutGrid, List, Redo2, Save, SlidersHorizontal, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button, IconButton } from '@/ui/button'
import type { usePanes } from './bench'
import type { Source } from './editor'

/** The head of an editor: what it edits, whether that is saved, and what can be done with all of it. */
export function EditorHeader({
  title,
  changed,
  source,
  arrange,
  panes: { away, toggle },
  save,
  children,
}: {
  title: string
  changed: boolean
  source: Source
  arrange: () => void
  panes: ReturnType<typeof usePanes>
  save: { ready: boolean; run: () => void } | string | undefined // or why it cannot be; undefined is that it is not known yet
  children: ReactNode
}) {
  return (
    <header className="flex min-h-12 shrink-0 flex-wrap items-center gap-2 border-b bg-panel px-3 py-1.5">
      <h1 className="min-w-0 truncate text-base max-md:grow font-semibold">{title}</h1>
      {changed && <span className="rounded bg-warn/15 px-1.5 py-0.5 text-xs font-medium text-warn">not saved</span>}
      <div className="ml-auto flex flex-wrap items-center gap-1.5 max-md:contents">
        <IconButton label="Undo" disabled={!source.canUndo} onClick={source.undo}>
          <Undo2 size={16} aria-hidden />
        </IconButton>
        <IconButton label="Redo" disabled={!source.canRedo} onClick={source.redo}>
          <Redo2 size={16} aria-hidden />
        </IconButton>
        <IconButton label="Arrange all" onClick={arrange}>
          <LayoutGrid size={16} aria-hidden />
        </IconButton>
        <span className="flex" role="group" aria-label="Shown beside the canvas">
          {shown.map(([pane, label, Icon]) => (
            <IconButton key={pane} label={label} aria-pressed={!away[pane]} className="aria-pressed:text-accent" onClick={() => toggle(pane)}>
              <Icon size={16} aria-hidden />
            </IconButton>
          ))}
        </span>
        {children}
        {typeof save === 'string' ? (
          <p className="max-w-80 text-sm text-muted">{save}</p>
        ) : (
          save && (
            <Button kind="primary" disabled={!save.ready} onClick={save.run}>
              <Save size={14} aria-hidden /> Save …
            </Button>
          )
        )}
      </div>
    </header>
  )
}

const shown = [
  ['list', 'List', List],
  ['panel', 'Properties', SlidersHorizontal],
  ['text', 'Text', Braces],
] as const
