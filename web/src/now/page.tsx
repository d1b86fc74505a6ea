import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleHelp, LoaderCircle, Moon, ShieldCheck, TriangleAlert, type LucideIcon } from 'lucide-react'
import { useState } from 'react'
import { inquiriesQuery } from '@/api/inquiries'
import { problemsQuery } from '@/api/problems'
import { pulseQuery, type Pulse } from '@/api/pulse'
import { cx } from '@/ui/cx'
import { ExecutionLine } from '@/ui/executions'
import { Page, Panel } from '@/ui/page'
import { remember, remembered } from '@/ui/remember'
import { Empty, Loaded, Loading } from '@/ui/state'
import { unfinished } from '@/ui/status'
import { EventChart } from './chart'
import { NeedsPerson } from './needs'
import { Problems } from './problems'
import { bad, failedQuery, liveQuery } from './queries'
import { standing, verdict, type Answer } from './verdict'
import { Waiting } from './waiting'
import { Welcome } from './welcome'

const seenFailures = 'failures seen'

/** Is anything wrong, and is it being handled? */
export function Now() {
  const live = useQuery({ ...liveQuery, refetchInterval: 30_000 })
  const failed = useQuery({ ...failedQuery, refetchInterval: 30_000 })
  const inquiries = useQuery({ ...inquiriesQuery, refetchInterval: 30_000 })
  const problems = useQuery(problemsQuery)
  const pulse = useQuery(pulseQuery)
  const [seen, setSeen] = useState(() => remembered(seenFailures))
  const fresh = failed.data && (seen ? failed.data.items.filter((e) => e.start_timestamp > seen).length : failed.data.total)
  const known = live.data && fresh !== undefined && inquiries.data && problems.data
  return (
    <Page title="Now">
      {known ? (
        <Verdict {...verdict({ problems: problems.data.problems.map(standing), asked: inquiries.data.total, failed: fresh, running: live.data.total })} />
      ) : (
        !(live.isError || failed.isError || inquiries.isError || problems.isError) && <Loading lines={1} className="min-h-[54px] rounded-xl border" />
      )}
      <Welcome />
      <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <div className="flex min-w-0 flex-col gap-4">
          {(problems.isError || (problems.data && problems.data.problems.length + problems.data.closed.length > 0)) && (
            <Panel title="What is broken" aside={problems.data && !problems.data.complete ? 'the latest' : problems.data?.problems.length}>
              <Loaded query={problems}>{(p) => <Problems {...p} />}</Loaded>
            </Panel>
          )}
          <Panel title="Needs a person" aside={<More status={bad} last="24h" words="All failures" />}>
            <Loaded query={failed}>
              {({ items }) => (
                <NeedsPerson
                  inquiries={inquiries.data}
                  failed={items}
                  seen={seen}
                  markSeen={(at) => {
                    remember(seenFailures, at)
                    setSeen(at)
                  }}
                />
              )}
            </Loaded>
          </Panel>
          <Panel title="Under way" aside={<More status={unfinished} words="All of them" />}>
            <Loaded query={live}>
              {({ items }) =>
                items.length === 0 ? (
                  <Empty icon={Moon} title="Nothing runs, and nothing waits" />
                ) : (
                  <ul className="divide-y">
                    {items.map((e) => (
                      <li key={e.id}>
                        <ExecutionLine execution={e} />
                        <Waiting execution={e} />
                      </li>
                    ))}
                  </ul>
                )
              }
            </Loaded>
          </Panel>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Events per minute" aside="the last hour">
            <Loaded query={pulse}>{(p) => <EventChart pulse={p} />}</Loaded>
          </Panel>
          <Panel title="Without a person" aside="the last 24 hours">
            <Loaded query={pulse}>{(p) => <Tally started={p.started} ended={problems.data?.ended} repaired={problems.data?.repaired} />}</Loaded>
          </Panel>
        </div>
      </div>
    </Page>
  )
}

function More({ status, last, words }: { status: string; last?: string; words: string }) {
  return (
    <Link to="/history" search={{ status, last }} className="hover:text-text hover:underline">
      {words}
    </Link>
  )
}

const looks: Record<Answer['tone'], { icon: LucideIcon; className: string }> = {
  good: { icon: ShieldCheck, className: 'text-good bg-good/10 border-good/30' },
  busy: { icon: LoaderCircle, className: 'text-busy bg-busy/10 border-busy/30' },
  warn: { icon: CircleHelp, className: 'text-warn bg-warn/10 border-warn/30' },
  bad: { icon: TriangleAlert, className: 'text-bad bg-bad/10 border-bad/30' },
}

/** The answer in a sentence, before anything else. */
function Verdict({ tone, words, more }: Answer) {
  const { icon: Icon, className } = looks[tone]
  return (
    <p role="status" className={cx('flex items-start gap-3 rounded-xl border px-4 py-3', className)}>
      <Icon size={22} aria-hidden className="mt-0.5 shrink-0" />
      <span className="flex min-w-0 flex-wrap items-baseline gap-x-3">
        <span className="text-lg font-semibold">{words}</span>
        <span className="text-text">{more}</span>
      </span>
    </p>
  )
}

/** What has gone well, or not, without anybody. */
function Tally({ started, ended, repaired }: { started: Pulse['started']; ended?: number; repaired?: number }) {
  const sum = (which: (status: string) => boolean) => Object.entries(started).reduce((n, [s, k]) => (which(s) ? n + k : n), 0)
  const succeeded = started.succeeded ?? 0
  const failed = sum((s) => bad.split(',').includes(s))
  const figures: [string, number | undefined, string][] = [
    [repaired === 1 ? 'alert ended after a rule had acted on it' : 'alerts ended after a rule had acted on them', repaired, repaired ? 'text-good' : 'text-muted'],
    ['ended with nothing done', ended === undefined || repaired === undefined ? undefined : ended - repaired, 'text-muted'],
    ['executions that rules started succeeded', succeeded, 'text-muted'],
    ['failed', failed, failed > 0 ? 'text-bad' : 'text-muted'],
    ['are not over, or were canceled', sum(() => true) - succeeded - failed, 'text-muted'],
  ]
  return (
    <dl className="flex flex-col gap-1.5 p-4">
      {figures.map(([name, n, tone]) => (
        <div key={name} className="flex items-baseline gap-3">
          <dd className={cx('w-14 shrink-0 text-right text-xl font-semibold tabular-nums', tone)}>{n ?? '…'}</dd>
          <dt className="text-sm text-muted">{name}</dt>
        </div>
      ))}
    </dl>
  )
}
