import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight, CircleHelp, Moon, ShieldCheck, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { executionList } from '@/api/executions'
import { inquiriesQuery } from '@/api/inquiries'
import { pulseQuery, type Pulse } from '@/api/pulse'
import { cx } from '@/ui/cx'
import { ExecutionLine } from '@/ui/executions'
import { Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/state'
import { statuses, isFinal } from '@/ui/status'
import { EventChart } from './chart'
import { Waiting } from './waiting'
import { Welcome } from './welcome'

const unfinished = statuses.filter((s) => !isFinal(s)).join(',')
const bad = 'failed,timeout,abandoned'

/** Is anything wrong, and is it being handled? */
export function Now() {
  const live = useQuery({ ...executionList({ status: unfinished }, 50), refetchInterval: 30_000 })
  const failed = useQuery({ ...executionList({ status: bad, last: '24h' }, 10), refetchInterval: 30_000 })
  const inquiries = useQuery(inquiriesQuery)
  const pulse = useQuery(pulseQuery)
  const asked = inquiries.data?.total ?? 0
  return (
    <Page title="Now">
      <Verdict failed={failed.data?.total} asked={asked} running={live.data?.total} />
      <Welcome />
      <div className="grid gap-4 lg:grid-cols-[2fr_1fr]">
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Needs a person" aside={<More status={bad} />}>
            {asked > 0 && (
              <Link to="/inquiries" className="flex items-center gap-3 border-b px-4 py-2.5 font-medium text-warn hover:bg-sunken">
                <CircleHelp size={16} aria-hidden />
                {asked === 1 ? 'A question waits for an answer' : `${asked} questions wait for an answer`}
                <ChevronRight size={15} className="ml-auto" aria-hidden />
              </Link>
            )}
            <Loaded query={failed}>
              {({ items }) =>
                items.length === 0 ? (
                  <Empty icon={ShieldCheck} title="Nothing has failed in the last 24 hours" />
                ) : (
                  <ul className="divide-y">
                    {items.map((e) => (
                      <li key={e.id}>
                        <ExecutionLine execution={e} />
                      </li>
                    ))}
                  </ul>
                )
              }
            </Loaded>
          </Panel>
          <Panel title="Under way" aside={<More status={unfinished} />}>
            <Loaded query={live}>
              {({ items }) =>
                items.length === 0 ? (
                  <Empty icon={Moon} title="All is quiet">
                    Nothing runs, and nothing waits.
                  </Empty>
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
          <Panel title="Started by rules" aside="the last 24 hours">
            <Loaded query={pulse}>{(p) => <Tally started={p.started} />}</Loaded>
          </Panel>
        </div>
      </div>
    </Page>
  )
}

function More({ status }: { status: string }) {
  return (
    <Link to="/history" search={{ status }} className="hover:text-text hover:underline">
      All of them
    </Link>
  )
}

/** The answer in a sentence, before anything else. */
function Verdict({ failed, asked, running }: { failed?: number; asked: number; running?: number }) {
  if (failed === undefined || running === undefined) return null
  const going = running === 0 ? '' : running === 1 ? ' One execution is under way.' : ` ${running} executions are under way.`
  if (asked > 0) return <Banner icon={CircleHelp} tone="text-warn bg-warn/10 border-warn/30">Somebody has to decide something.{going}</Banner>
  if (failed > 0) {
    return (
      <Banner icon={TriangleAlert} tone="text-bad bg-bad/10 border-bad/30">
        {failed === 1 ? 'One execution has failed' : `${failed} executions have failed`} in the last 24 hours.{going}
      </Banner>
    )
  }
  return <Banner icon={ShieldCheck} tone="text-good bg-good/10 border-good/30">{running === 0 ? 'All is quiet. Nothing is wrong, and nothing runs.' : 'Nothing is wrong.' + going}</Banner>
}

function Banner({ icon: Icon, tone, children }: { icon: LucideIcon; tone: string; children: ReactNode }) {
  return (
    <p role="status" className={cx('flex items-center gap-3 rounded-xl border px-4 py-3 text-base font-medium', tone)}>
      <Icon size={20} aria-hidden className="shrink-0" />
      <span>{children}</span>
    </p>
  )
}

function Tally({ started }: { started: Pulse['started'] }) {
  const sum = (which: (status: string) => boolean) => Object.entries(started).reduce((n, [s, k]) => (which(s) ? n + k : n), 0)
  const repaired = started.succeeded ?? 0
  const failed = sum((s) => bad.split(',').includes(s))
  const figures: [string, number, string][] = [
    ['succeeded, and nobody was woken', repaired, 'text-good'],
    ['failed', failed, failed > 0 ? 'text-bad' : 'text-muted'],
    ['not over, or canceled', sum(() => true) - repaired - failed, 'text-muted'],
  ]
  return (
    <dl className="flex flex-col gap-2 p-4">
      {figures.map(([name, n, tone]) => (
        <div key={name} className="flex items-baseline gap-3">
          <dd className={cx('w-14 text-right text-2xl font-semibold tabular-nums', tone)}>{n}</dd>
          <dt className="text-sm text-muted">{name}</dt>
        </div>
      ))}
    </dl>
  )
}
