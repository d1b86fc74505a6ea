import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { taskOf } from '@/api/executions'
import type { ExecutionRow } from '@/api/types'
import { cx } from '@/ui/cx'
import { isFinal, StatusMark } from '@/ui/status'
import { Took } from '@/ui/time'
import { MoreParts, useParts } from './parts'

/** What a workflow has started, and what that has started. Parts are asked for when they are opened. */
export function Tree({ id, depth = 0 }: { id: string; depth?: number }) {
  const parts = useParts(id)
  const { items } = parts
  if (!parts.known) return null
  return (
    <ul className={cx(depth === 0 && 'max-h-[36rem] overflow-auto py-1')}>
      {items.map((p) => (
        <Branch key={p.id} part={p} depth={depth} />
      ))}
      {items.length === 0 && depth === 0 && <li className="px-4 py-6 text-center text-muted">It has started nothing.</li>}
      {parts.more && (
        <li>
          <MoreParts parts={parts} />
        </li>
      )}
    </ul>
  )
}

const workflows = ['orquesta', 'action-chain', 'mistral-v2']

function Branch({ part: p, depth }: { part: ExecutionRow; depth: number }) {
  const [open, setOpen] = useState(false)
  const mayHaveParts = workflows.includes(p.action?.runner_type ?? '')
  return (
    // What is not seen is not drawn, for there may be thousands.
    <li className="[contain-intrinsic-size:auto_2rem] [content-visibility:auto]">
      <div className="flex items-center gap-1 pr-4 hover:bg-sunken" style={{ paddingLeft: 8 + depth * 20 }}>
        {mayHaveParts ? (
          <button type="button" aria-expanded={open} aria-label={`Parts of ${taskOf(p) ?? p.id}`} onClick={() => setOpen(!open)} className="grid size-6 place-items-center rounded text-muted hover:text-text">
            <ChevronRight size={14} aria-hidden className={cx('transition-transform', open && 'rotate-90')} />
          </button>
        ) : (
          <span className="size-6" />
        )}
        <Link to="/executions/$id" params={{ id: p.id }} className="grid grow grid-cols-[7rem_minmax(0,1fr)_minmax(0,1fr)_5rem] items-center gap-3 py-1.5 text-sm max-md:grid-cols-[1.5rem_minmax(0,1fr)_4rem]">
          <StatusMark status={p.status} className="max-md:[&>span]:sr-only" />
          <span className="truncate font-medium">{taskOf(p)}</span>
          <span className="truncate text-muted max-md:hidden">{p.action?.ref}</span>
          <span className="text-right text-muted">
            <Took from={p.start_timestamp} seconds={p.elapsed_seconds} over={isFinal(p.status)} />
          </span>
        </Link>
      </div>
      {open && <Tree id={p.id} depth={depth + 1} />}
    </li>
  )
}
