import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check, ChevronRight, CircleHelp, ShieldCheck } from 'lucide-react'
import { causeOf, executionQuery } from '@/api/executions'
import type { PageOf } from '@/api/client'
import type { ExecutionRow, Inquiry } from '@/api/types'
import { Button } from '@/ui/button'
import { ExecutionLine, mistakeOf } from '@/ui/executions'
import { Empty } from '@/ui/state'
import { grouped, type Failure } from './failures'

const asked = 3
const shown = 8

/** Questions that wait, and what has failed since somebody looked. */
export function NeedsPerson({ inquiries, failed, seen, markSeen }: { inquiries?: PageOf<Inquiry>; failed: ExecutionRow[]; seen: string | null; markSeen: (at: string) => void }) {
  const fresh = seen ? failed.filter((e) => e.start_timestamp > seen) : failed
  const kinds = grouped(fresh)
  const hidden = failed.length - fresh.length
  return (
    <>
      {inquiries?.items.slice(0, asked).map((i) => <Question key={i.id} inquiry={i} />)}
      {(inquiries?.total ?? 0) > asked && (
        <Link to="/inquiries" className="border-b px-4 py-2 text-sm text-muted hover:bg-sunken hover:text-text">
          {inquiries!.total - asked} more questions
        </Link>
      )}
      {kinds.length > 0 ? (
        <ul className="divide-y">
          {kinds.slice(0, shown).map((f) => (
            <li key={f.latest.id}>
              <Line failure={f} />
            </li>
          ))}
        </ul>
      ) : (
        !inquiries?.total && <Empty icon={ShieldCheck} title={hidden > 0 ? 'Nothing has failed since you looked' : 'Nothing has failed in the last 24 hours'} />
      )}
      {(kinds.length > 0 || hidden > 0) && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t px-4 py-2 text-sm text-muted">
          {kinds.length > shown && <span>{kinds.length - shown} more kinds of failures</span>}
          {hidden > 0 && (
            <span>
              {hidden} {hidden === 1 ? 'failure' : 'failures'} of the last 24 hours seen
            </span>
          )}
          {hidden > 0 && (
            <Button size="sm" kind="ghost" onClick={() => markSeen('')}>
              Show {hidden === 1 ? 'it' : 'them'}
            </Button>
          )}
          {fresh[0] && (
            <Button size="sm" kind="ghost" className="ml-auto" title="In this browser they are shown no more; the history keeps them" onClick={() => markSeen(fresh[0]!.start_timestamp)}>
              <Check size={14} aria-hidden /> I have seen these
            </Button>
          )}
        </div>
      )}
    </>
  )
}

function Question({ inquiry }: { inquiry: Inquiry }) {
  const [first] = Object.entries(inquiry.schema.properties ?? {})
  const asks = useQuery({ ...executionQuery(inquiry.id), staleTime: 60_000 }).data
  const workflow = useQuery({ ...executionQuery(asks?.parent ?? ''), enabled: Boolean(asks?.parent), staleTime: 60_000 }).data
  return (
    <Link to="/inquiries" className="flex items-center gap-3 border-b px-4 py-2.5 hover:bg-sunken">
      <CircleHelp size={16} aria-hidden className="shrink-0 text-warn" />
      <span className="min-w-0 grow truncate font-medium">{first?.[1].description ?? first?.[0] ?? 'A question waits for an answer'}</span>
      <span className="min-w-0 truncate text-sm text-muted">{workflow?.action?.ref}</span>
      <ChevronRight size={15} aria-hidden className="shrink-0 text-muted" />
    </Link>
  )
}

/** One kind of failure: its latest execution, why it failed, and how often the like has happened. */
function Line({ failure: { latest, times } }: { failure: Failure }) {
  const whole = useQuery({ ...executionQuery(latest.id), staleTime: 60_000 })
  const words = whole.data && mistakeOf(whole.data)
  return (
    <>
      <ExecutionLine execution={latest} />
      {(words || times > 1) && (
        <p className="-mt-1.5 flex min-w-0 items-center gap-3 px-4 pb-2 text-sm md:pl-[8.75rem]">
          {times > 1 && (
            <Link
              to="/history"
              search={{ status: latest.status, action: latest.action?.ref, rule: causeOf(latest).rule, last: '24h' }}
              className="inline-flex h-7 shrink-0 items-center rounded bg-bad/12 px-2 font-medium text-bad hover:underline"
              title={`${times} such failures in the last 24 hours`}
            >
              {times}×
            </Link>
          )}
          {words && (
            <span className="truncate text-muted" title={words}>
              {words}
            </span>
          )}
        </p>
      )}
    </>
  )
}
