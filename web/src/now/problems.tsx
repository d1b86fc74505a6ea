import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleHelp, LoaderCircle, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { Problem } from '@/api/problems'
import { cx } from '@/ui/cx'
import { StatusMark } from '@/ui/status'
import { Ago } from '@/ui/time'
import { needsPerson, shownHandling, standing, type Standing } from './verdict'

const looks: Record<Standing, { icon: LucideIcon; tone: string; words: string }> = {
  alone: { icon: TriangleAlert, tone: 'text-bad', words: 'nothing repairs it' },
  failed: { icon: TriangleAlert, tone: 'text-bad', words: 'the repair failed' },
  asks: { icon: CircleHelp, tone: 'text-warn', words: 'waits for an answer' },
  working: { icon: LoaderCircle, tone: 'text-busy', words: 'being handled' },
  repaired: { icon: CircleCheck, tone: 'text-muted', words: 'acted on, no all-clear yet' },
}

/** What is broken, those first that nobody handles; and what is done about each. */
export function Problems({ problems }: { problems: Problem[] }) {
  const sorted = problems.toSorted((a, b) => Number(needsPerson(standing(b))) - Number(needsPerson(standing(a))))
  return (
    <ul className="divide-y">
      {sorted.map((p) => (
        <Row key={p.trigger + (p.event ?? '')} problem={p} />
      ))}
    </ul>
  )
}

function Row({ problem: p }: { problem: Problem }) {
  const state = standing(p)
  const { icon: Icon, tone, words } = looks[state]
  const h = shownHandling(p)
  return (
    <li className="grid gap-x-4 gap-y-1 px-4 py-2.5 md:grid-cols-[minmax(0,1fr)_auto]">
      <div className="min-w-0">
        <p className="flex min-w-0 flex-wrap items-baseline gap-x-2">
          <Named problem={p} />
          {p.resource && p.resource !== p.name && <span className="min-w-0 break-all text-muted">{p.resource}</span>}
          <span className={cx('rounded px-1.5 text-xs font-medium', p.severity === 'critical' ? 'bg-bad/12 text-bad' : 'bg-sunken text-muted')}>{p.status === 'firing' ? (p.severity ?? 'firing') : p.status}</span>
        </p>
        {p.summary && <p className="line-clamp-2 text-sm break-words text-muted">{p.summary}</p>}
      </div>
      <p className="flex items-center gap-x-3 text-sm md:justify-end">
        <span className={cx('inline-flex items-center gap-1.5 font-medium', tone)}>
          <Icon size={15} strokeWidth={2.25} aria-hidden className={cx('shrink-0', state === 'working' && 'animate-spin')} />
          {words}
        </span>
        <Ago at={p.since} className="whitespace-nowrap text-muted max-md:ml-auto" />
      </p>
      {h && (
        <p className="flex min-w-0 flex-wrap items-center gap-x-2 text-sm text-muted md:col-span-2">
          {h.execution && h.status ? (
            <Link to="/executions/$id" params={{ id: h.execution }} className="inline-flex min-w-0 items-center gap-2 hover:underline">
              <StatusMark status={h.status} />
              <span className="truncate text-text">{h.action}</span>
            </Link>
          ) : (
            <span className="min-w-0 break-words text-bad">{h.reason}</span>
          )}
          <span>
            by rule{' '}
            <Link to="/rules/$ref" params={{ ref: h.rule }} className="text-accent hover:underline">
              {h.rule}
            </Link>
          </span>
          {p.handling.length > 1 && <span>and {p.handling.length - 1} more</span>}
        </p>
      )}
    </li>
  )
}

/** What it is called, leading to the event that told of it. */
function Named({ problem: p }: { problem: Problem }) {
  if (!p.event) return <span className="min-w-0 font-medium break-all">{p.name}</span>
  return (
    <Link to="/events/$id" params={{ id: p.event }} className="min-w-0 font-medium break-all hover:underline">
      {p.name}
    </Link>
  )
}
