import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Play, Send } from 'lucide-react'
import { useEffect, useEffectEvent } from 'react'
import { messageOf } from '@/api/client'
import { eventWhyQuery } from '@/api/events'
import { executionQuery, partPages, runAction } from '@/api/executions'
import { ruleQuery } from '@/api/rules'
import { latestEvent, sendAlerts, sendWebhook } from '@/api/start'
import type { EventWhy } from '@/api/types'
import { Button, buttonClass } from '@/ui/button'
import { CopyButton } from '@/ui/copy'
import { cx } from '@/ui/cx'
import { ExecutionLine } from '@/ui/executions'
import { Loaded } from '@/ui/state'
import { isFinal } from '@/ui/status'
import { Verdict } from '@/ui/verdict'
import { slug, testAlert, type Problem } from './remediation'

/** Sends an event as the outside would, and shows what becomes of it. */
export function Trial({ problem, pack }: { problem: Problem; pack: string }) {
  return problem.source === 'timer' ? <Look action={`${pack}.${slug(problem.title)}`} /> : <Told problem={problem} pack={pack} />
}

/** Does at once what the timer does each minute. */
function Look({ action }: { action: string }) {
  const run = useMutation({ mutationFn: () => runAction(action, {}) })
  return (
    <>
      <p className="text-sm text-muted">It looks each minute from now on. What it finds and does is on the first page and in the history.</p>
      <div className="flex flex-wrap items-center gap-3">
        <Button kind="primary" disabled={run.isPending} onClick={() => run.mutate()}>
          <Play size={14} aria-hidden /> Look now
        </Button>
        <span className="text-sm text-muted">The commands really run. Break it first to see the repair; if all is well, only the check runs.</span>
      </div>
      {run.isError && (
        <p role="alert" className="whitespace-pre-wrap text-bad">
          {messageOf(run.error)}
        </p>
      )}
      {run.data && (
        <section key={run.data.id} aria-label="What became of it" className="overflow-hidden rounded-lg border">
          <Repair id={run.data.id} />
        </section>
      )}
    </>
  )
}

function Told({ problem, pack }: { problem: Problem; pack: string }) {
  const ref = `${pack}.${slug(problem.title)}`
  const rule = useQuery(ruleQuery(ref))
  const trigger = rule.data?.trigger.ref
  const send = useMutation({
    mutationFn: async ({ trigger, episode }: { trigger: string; episode: Episode }) => {
      const before = await latestEvent(trigger)
      if (problem.source === 'webhook') await sendWebhook(slug(problem.title), { test: true })
      else await sendAlerts(testAlert(problem, episode.from, episode.id))
      return { trigger, before }
    },
  })
  return (
    <Loaded query={rule}>
      {() => (
        <>
          <Address problem={problem} />
          <div className="flex flex-wrap items-center gap-3">
            <Button kind="primary" disabled={!trigger || send.isPending} onClick={() => trigger && send.mutate({ trigger, episode: { from: new Date(), id: crypto.getRandomValues(new BigUint64Array(1))[0]!.toString(16) } })}>
              <Send size={14} aria-hidden /> Send a test event
            </Button>
            <span className="text-sm text-muted">The commands really run. Break it first to see the repair; if all is well, only the check runs.</span>
          </div>
          {send.isError && (
            <p role="alert" className="whitespace-pre-wrap text-bad">
              {messageOf(send.error)}
            </p>
          )}
          {send.data && <Became key={send.data.before} rule={ref} {...send.data} over={() => problem.source === 'alertmanager' && void sendAlerts(testAlert(problem, send.variables.episode.from, send.variables.episode.id, new Date()))} />}
        </>
      )}
    </Loaded>
  )
}

/** Where the outside has to send its events. */
function Address({ problem }: { problem: Problem }) {
  const address = location.origin + (problem.source === 'webhook' ? `/api/v1/webhooks/${slug(problem.title)}` : '/api/v1/alerts/alertmanager')
  const text = problem.source === 'webhook' ? `curl -H "St2-Api-Key: $KEY" -H "Content-Type: application/json" -d '{}' ${address}` : address
  return (
    <div className="flex flex-col gap-1 text-sm">
      <p className="text-muted">
        {problem.source === 'webhook' ? 'Whoever tells of it sends this' : 'Alertmanager sends to this address'}, with an{' '}
        <Link to="/settings" search={{ view: 'api-keys' }} className="text-accent underline">
          API key
        </Link>
        :
      </p>
      <div className="flex items-center gap-2 rounded-lg border bg-sunken py-1 pr-1 pl-3">
        <code tabIndex={0} className="min-w-0 grow overflow-x-auto font-mono text-[12.5px] whitespace-nowrap">
          {text}
        </code>
        <CopyButton label="Copy it" text={text} />
      </div>
    </div>
  )
}

/** A test alert that begins must end, or it would be an open problem for good. */
interface Episode {
  from: Date
  id: string
}

/** What became of the event after another. */
function Became({ rule, trigger, before, over }: { rule: string; trigger: string; before: string | null; over: () => void }) {
  const event = useQuery({
    queryKey: ['events', 'after', trigger, before],
    queryFn: ({ signal }) => latestEvent(trigger, signal),
    refetchInterval: (q) => (q.state.data && q.state.data !== before ? false : 500),
  })
  const id = event.data && event.data !== before ? event.data : undefined
  const why = useQuery({ ...eventWhyQuery(id ?? ''), enabled: Boolean(id), refetchInterval: (q) => (started(q.state.data, rule) ? false : 1000) })
  const verdict = why.data?.rules.find((r) => r.rule === rule)
  const enforcement = why.data?.enforcements.find((e) => e.rule.ref === rule)
  return (
    <section aria-label="What became of it" className="flex flex-col overflow-hidden rounded-lg border">
      <p role="status" className="flex items-center gap-3 px-4 py-2 text-sm">
        {id ? 'The event has arrived.' : 'Waiting for the event …'}
        {id && (
          <Link to="/events/$id" params={{ id }} className="text-accent hover:underline">
            See it
          </Link>
        )}
      </p>
      {verdict && (
        <div className="border-t">
          <Verdict why={verdict} />
        </div>
      )}
      {enforcement?.failure_reason && <p className="border-t px-4 py-2 text-bad">{enforcement.failure_reason}</p>}
      {enforcement?.execution_id && <Repair id={enforcement.execution_id} over={over} />}
    </section>
  )
}

function started(why: EventWhy | undefined, rule: string): boolean {
  return why?.enforcements.some((e) => e.rule.ref === rule) ?? false
}

/** The execution, and its tasks as they come. */
function Repair({ id, over: tell }: { id: string; over?: () => void }) {
  const execution = useQuery(executionQuery(id))
  const parts = useInfiniteQuery(partPages(id)).data?.pages.flatMap((p) => p.items) ?? []
  const e = execution.data
  const over = e !== undefined && isFinal(e.status)
  const told = useEffectEvent(() => tell?.())
  useEffect(() => {
    if (over) told()
  }, [over])
  if (!e) return null
  const repaired = parts.some((p) => p.context?.orquesta?.task_name === 'repair')
  return (
    <div className="border-t">
      <ExecutionLine execution={e} />
      <ul className="border-t pl-6">
        {parts.map((p) => (
          <li key={p.id}>
            <ExecutionLine execution={p} />
          </li>
        ))}
      </ul>
      {e.status === 'delayed' && <p className="border-t px-4 py-3 text-sm text-muted">One repair at a time: it waits until the one before is over.</p>}
      {over && (
        <p role="status" className={cx('flex flex-wrap items-center gap-3 border-t px-4 py-3 font-medium', e.status === 'succeeded' ? 'text-good' : e.status === 'canceled' ? 'text-muted' : 'text-bad')}>
          {e.status === 'canceled'
            ? 'It was being looked at already, and one at a time is enough.'
            : e.status !== 'succeeded'
              ? 'It is not repaired. What the commands printed says why.'
              : repaired
                ? 'It was broken, and it is repaired. Nobody was woken.'
                : 'All was well, so nothing had to be repaired.'}
          <Link to="/executions/$id" params={{ id }} className={buttonClass({ size: 'sm' })}>
            See how
          </Link>
        </p>
      )}
    </div>
  )
}
