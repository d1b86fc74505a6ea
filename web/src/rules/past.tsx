import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleSlash, ExternalLink, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import type { JsonObject } from '@/api/types'
import { IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Input, Select } from '@/ui/field'
import { written } from '@/ui/form/schema'
import { Panel } from '@/ui/page'
import { Ago, localTime } from '@/ui/time'
import { spans, trialQuery, type Span, type Tried } from './trial'

/** What a rule that is given would have made of the past, and of which span of it. */
export function useTrial(rule: JsonObject | undefined) {
  const [span, setSpan] = useState<Span>({ events: 100 })
  const [asked, setAsked] = useState(() => Date.now())
  const query = useQuery({ ...trialQuery(rule ?? {}, span, asked), enabled: rule !== undefined })
  return {
    query,
    span,
    setSpan: (s: Span) => {
      setSpan(s)
      setAsked(Date.now())
    },
    again: () => setAsked(Date.now()),
  }
}

export type TrialOf = ReturnType<typeof useTrial>

/** The events that a rule was asked about. One of them can be chosen, to see what the rule makes of it. */
export function Past({ trial, chosen, choose, ready }: { trial: TrialOf; chosen?: string; choose: (event: string | undefined) => void; ready: boolean }) {
  const { query, span, setSpan } = trial
  const data = ready ? query.data : undefined
  const own = span.after !== undefined || span.before !== undefined
  const [only, setOnly] = useState<'' | 'matched' | 'not'>('')
  const shown = data?.events.filter((e) => only === '' || e.matched === (only === 'matched')) ?? []
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 border-b px-4 py-2">
        <Select aria-label="How many events" className="w-auto text-xs" value={span.events} onChange={(e) => setSpan({ ...span, events: Number(e.target.value) })}>
          {[20, 100, 500, 1000].map((n) => (
            <option key={n} value={n}>
              the last {n} events
            </option>
          ))}
        </Select>
        <Select
          aria-label="Of which time"
          className="w-auto text-xs"
          value={own ? 'own' : (span.hours ?? '')}
          onChange={(e) => setSpan(e.target.value === 'own' ? { events: span.events, after: '', before: '' } : { events: span.events, hours: e.target.value === '' ? undefined : Number(e.target.value) })}
        >
          {spans.map(([says, hours]) => (
            <option key={says} value={hours ?? ''}>
              {says}
            </option>
          ))}
          <option value="own">between two times …</option>
        </Select>
        {own && (
          <>
            <Input type="datetime-local" aria-label="From" className="w-auto text-xs" value={span.after ?? ''} onChange={(e) => setSpan({ ...span, after: e.target.value })} />
            <Input type="datetime-local" aria-label="Until" className="w-auto text-xs" value={span.before ?? ''} onChange={(e) => setSpan({ ...span, before: e.target.value })} />
          </>
        )}
        <IconButton label="Ask again" onClick={trial.again} disabled={!ready}>
          <RefreshCw size={14} aria-hidden />
        </IconButton>
        {data && data.events.length > 0 && (
          <div role="group" aria-label="Which events" className="ml-auto flex gap-1 text-xs">
            {([['', `all ${data.events.length}`], ['matched', `${data.matched} fire`], ['not', `${data.events.length - data.matched} don't`]] as const).map(([key, says]) => (
              <button key={key} type="button" aria-pressed={only === key} onClick={() => setOnly(key)} className={cx('h-7 rounded-md px-2 pointer-coarse:h-11 hover:bg-sunken', only === key ? 'bg-sunken font-medium' : 'text-muted')}>
                {says}
              </button>
            ))}
          </div>
        )}
      </div>
      {!ready && <p className="px-4 py-3 text-muted">As soon as there is an event, this says which events of the past the rule would have fired on, and which criterion decided. Nothing is started.</p>}
      {ready && query.isError && (
        <p role="alert" className="px-4 py-3 font-mono text-[13px] whitespace-pre-wrap text-bad">
          {messageOf(query.error)}
        </p>
      )}
      {data && !query.isError && (
        <>
          <p role="status" className="px-4 pt-2.5 pb-1 font-medium">
            {data.events.length === 0 ? 'There has been no such event.' : `It would have fired on ${data.matched} of ${data.events.length}.`}
            {data.total > data.events.length && <span className="font-normal text-muted"> There are {data.total}.</span>}
          </p>
          {data.events.length > 0 && <Strip events={data.events} chosen={chosen} choose={choose} />}
          <ul aria-label="Events of the past" className="divide-y border-t">
            {shown.map((e) => (
              <li key={e.event}>
                <button
                  type="button"
                  aria-expanded={chosen === e.event}
                  onClick={() => choose(chosen === e.event ? undefined : e.event)}
                  className={cx('flex w-full items-start gap-2 px-4 py-1.5 text-left text-sm hover:bg-sunken', chosen === e.event && 'bg-sunken')}
                >
                  {e.matched ? <CircleCheck size={15} className="mt-0.5 shrink-0 text-good" aria-label="fires" /> : <CircleSlash size={15} className="mt-0.5 shrink-0 text-muted" aria-label="does not fire" />}
                  <span className="flex min-w-0 grow flex-wrap items-baseline gap-x-2 wrap-anywhere">
                    <span>{e.reason}</span>
                    {e.starts && <span className="font-mono text-xs text-muted">{e.starts.failure ? 'but its parameters could not be made' : brief(e.starts.parameters)}</span>}
                  </span>
                  <Ago at={e.at} className="whitespace-nowrap text-muted" />
                </button>
                {chosen === e.event && <Details of={e} />}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

function brief(parameters: JsonObject = {}): string {
  const text = Object.entries(parameters)
    .map(([name, v]) => `${name}=${(written(v) || JSON.stringify(v)).replace(/\s+/g, ' ')}`)
    .join(' ')
  return text.length > 120 ? text.slice(0, 119) + '…' : text
}

/** When the rule would have fired, from the oldest to the latest. The list says the same in words. */
function Strip({ events, chosen, choose }: { events: Tried[]; chosen?: string; choose: (event: string) => void }) {
  const most = 200
  return (
    <div aria-hidden className="flex h-6 items-end gap-px px-4 pb-2">
      {events
        .slice(0, most)
        .toReversed()
        .map((e) => (
          <button
            key={e.event}
            type="button"
            tabIndex={-1}
            title={`${localTime(e.at)}: ${e.matched ? 'fires' : e.reason}`}
            onClick={() => choose(e.event)}
            className={cx('max-w-3 grow rounded-sm', e.matched ? 'h-full bg-good' : 'h-1/2 bg-strong/50', chosen === e.event && 'ring-2 ring-accent')}
          />
        ))}
    </div>
  )
}

function Details({ of: e }: { of: Tried }) {
  return (
    <div className="flex flex-col gap-2 border-t bg-sunken px-4 py-2 text-[13px]">
      {e.criteria.length > 0 && (
        <ul aria-label="Criteria" className="flex flex-col gap-0.5 font-mono text-[12.5px]">
          {e.criteria.map((c) => (
            <li key={c.key} className={cx('wrap-anywhere', c.met ? 'text-good' : c.decided ? 'text-bad' : 'text-muted')}>
              {c.text}
              {c.decided && ' ← this decided'}
            </li>
          ))}
        </ul>
      )}
      {e.starts?.failure && <p className="text-bad">Its parameters could not have been made: {e.starts.failure}</p>}
      {e.starts?.parameters && (
        <dl aria-label="Parameters that would have been given" className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 font-mono text-[12.5px]">
          {Object.entries(e.starts.parameters).map(([name, v]) => (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className="wrap-anywhere whitespace-pre-wrap">{written(v) || JSON.stringify(v)}</dd>
            </div>
          ))}
        </dl>
      )}
      {e.matched && !e.starts && <p className="text-muted">The parameters are shown of the latest 200 that fire.</p>}
      {e.starts?.parameters && Object.keys(e.starts.parameters).length === 0 && <p className="text-muted">The action would have been given nothing.</p>}
      <Link to="/events/$id" params={{ id: e.event }} className="inline-flex items-center gap-1 self-start text-accent hover:underline">
        <ExternalLink size={13} aria-hidden /> The event
      </Link>
    </div>
  )
}

/** Asks a rule that there is about the past. */
export function PastPanel({ rule }: { rule: JsonObject }) {
  const trial = useTrial(rule)
  const [chosen, choose] = useState<string>()
  return (
    <Panel title="Against the past">
      <div className="max-h-[34rem] overflow-y-auto">
        <Past trial={trial} chosen={chosen} choose={choose} ready />
      </div>
    </Panel>
  )
}
