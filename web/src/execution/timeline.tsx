import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import { taskOf, type Part } from '@/api/executions'
import type { ExecutionRow } from '@/api/types'
import { cx } from '@/ui/cx'
import { isFinal, StatusMark, toneOf } from '@/ui/status'
import { duration, localTime, Took, useNow } from '@/ui/time'
import { MoreParts, type Parts } from './parts'

// Written out, so that Tailwind finds them.
const fills = { good: 'bg-good', bad: 'bg-bad', warn: 'bg-warn', busy: 'bg-busy', wait: 'bg-wait', muted: 'bg-strong' }

/** When each part of a workflow waited and when it ran. Only the lines that are seen are drawn. */
export function Timeline({ workflow, parts }: { workflow: ExecutionRow; parts: Parts }) {
  const now = useNow()
  const ref = useRef<HTMLDivElement>(null)
  const begin = Date.parse(workflow.start_timestamp)
  const latest = parts.items.reduce((at, p) => Math.max(at, Date.parse(p.end_timestamp ?? p.start_timestamp)), begin + 1)
  const end = Math.max(latest, workflow.end_timestamp ? Date.parse(workflow.end_timestamp) : now)
  const list = useVirtualizer({ count: parts.items.length, getScrollElement: () => ref.current, estimateSize: () => 33, overscan: 20, getItemKey: (i) => parts.items[i]!.id })
  const at = (ms: number) => ((ms - begin) / (end - begin)) * 100
  return (
    <>
      <div ref={ref} role="region" aria-label="Timeline" tabIndex={0} className="max-h-[34rem] overflow-auto">
        <ul className="relative" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => (
            <li key={item.key} aria-setsize={parts.total} aria-posinset={item.index + 1} className="absolute inset-x-0 border-b" style={{ height: item.size, transform: `translateY(${item.start}px)` }}>
              <Line part={parts.items[item.index]!} now={now} at={at} />
            </li>
          ))}
        </ul>
      </div>
      <MoreParts parts={parts} />
      <p className="flex justify-between border-t px-4 py-1.5 text-xs text-muted">
        <span>{localTime(begin)}</span>
        <span>pale: it waited</span>
        <span>{duration((end - begin) / 1000)} later</span>
      </p>
    </>
  )
}

function Line({ part: p, now, at }: { part: Part; now: number; at: (ms: number) => number }) {
  const start = Date.parse(p.start_timestamp)
  const ran = Date.parse(p.log?.find((l) => l.status === 'running')?.timestamp ?? p.start_timestamp)
  const over = p.end_timestamp ? Date.parse(p.end_timestamp) : isFinal(p.status) ? ran : now
  const fill = fills[toneOf(p.status)]
  return (
    <Link
      to="/executions/$id"
      params={{ id: p.id }}
      className="grid h-full grid-cols-[minmax(5rem,1fr)_minmax(0,1.4fr)_4rem] items-center gap-3 px-4 md:grid-cols-[minmax(8rem,14rem)_1fr_5rem] text-sm hover:bg-sunken"
      title={`${localTime(p.start_timestamp)}, waited ${duration((ran - start) / 1000)}, ran ${duration((over - ran) / 1000)}`}
    >
      <span className="flex min-w-0 items-center gap-2">
        <StatusMark status={p.status} compact />
        <span className="truncate">{taskOf(p) ?? p.action?.ref}</span>
      </span>
      <span className="relative h-4 rounded bg-sunken">
        <span className={cx('absolute top-1 h-2 rounded-l opacity-35', fill)} style={{ left: `${at(start)}%`, width: `${Math.max(0, at(ran) - at(start))}%` }} />
        <span className={cx('absolute top-0.5 h-3 min-w-[3px] rounded', fill)} style={{ left: `${Math.min(99.5, at(ran))}%`, width: `${Math.max(0, at(over) - at(ran))}%` }} />
      </span>
      <span className="text-right text-muted">
        <Took from={p.start_timestamp} seconds={p.elapsed_seconds} over={isFinal(p.status)} />
      </span>
    </Link>
  )
}
