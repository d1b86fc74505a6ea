import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Radio } from 'lucide-react'
import { useMemo, useState } from 'react'
import { eventsQuery, triggersQuery, triggerTypesQuery, type EventRow } from '@/api/events'
import { enforcementsSinceQuery } from '@/api/rules'
import type { Enforcement } from '@/api/types'
import { Button } from '@/ui/button'
import { Select } from '@/ui/field'
import { Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/state'
import { Ago } from '@/ui/time'
import { triggerWords } from '@/ui/trigger'

const route = getRouteApi('/events')
const step = 100

/** What has happened, the latest first. */
export function Events() {
  const { trigger } = route.useSearch()
  const navigate = useNavigate()
  const [limit, setLimit] = useState(step)
  const query = useQuery({ ...eventsQuery(trigger, limit), refetchInterval: 5000, placeholderData: (old) => old })
  const types = useQuery(triggerTypesQuery)
  const triggers = useQuery(triggersQuery).data?.items
  const names = useMemo(() => new Map(triggers?.map((t) => [t.ref, triggerWords(t.type, t.parameters)])), [triggers])
  const came = useOutcomes(query.data?.items ?? [])
  return (
    <Page
      title="Events"
      actions={
        <Select aria-label="Type of event" className="w-72" value={trigger ?? ''} onChange={(e) => void navigate({ to: '/events', search: { trigger: e.target.value || undefined }, replace: true })}>
          <option value="">all types</option>
          {types.data?.items.map((t) => (
            <option key={t.ref} value={t.ref}>
              {t.ref}
            </option>
          ))}
        </Select>
      }
    >
      <Panel>
        <Loaded query={query} lines={10}>
          {({ items, total }) =>
            items.length === 0 ? (
              <Empty icon={Radio} title={trigger ? 'No such event has happened' : 'Nothing has happened'}>
                Events come from webhooks, alerts, timers, sensors and probes.
              </Empty>
            ) : (
              <>
                <ul className="divide-y">
                  {items.map((e) => (
                    <li key={e.id}>
                      <Link to="/events/$id" params={{ id: e.id }} className="grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-4 px-4 py-2 hover:bg-sunken md:grid-cols-[minmax(0,5fr)_minmax(0,2fr)_6rem]">
                        <span className="flex min-w-0 items-baseline gap-x-2 max-md:flex-wrap">
                          <span className="max-w-full shrink-0 truncate font-medium" title={e.trigger}>
                            {names.get(e.trigger) ?? e.trigger}
                          </span>
                          <span className="min-w-0 truncate text-sm text-muted">{about(e)}</span>
                        </span>
                        <Ago at={e.occurrence_time} className="text-right text-sm whitespace-nowrap text-muted md:order-last" />
                        <Outcome event={e} made={came(e.id)} />
                      </Link>
                    </li>
                  ))}
                </ul>
                {total > items.length && items.length >= limit && (
                  <div className="flex justify-center border-t p-2">
                    <Button size="sm" onClick={() => setLimit(limit + step)}>
                      Show more
                    </Button>
                  </div>
                )}
              </>
            )
          }
        </Loaded>
      </Panel>
    </Page>
  )
}

/** What it is about, where it says so in words that events have in common. */
function about({ payload: p }: EventRow): string {
  return [p?.action_name ?? p?.name, p?.resource, p?.status].filter((v) => typeof v === 'string' && v !== '').join(' · ')
}

/** What rules made of each of some events; undefined where that is not known. */
function useOutcomes(events: EventRow[]): (id: string) => Enforcement[] | undefined {
  const since = events.at(-1)?.occurrence_time
  // It is asked again when there are other events.
  const made = useQuery({ ...enforcementsSinceQuery(since, step), placeholderData: (old) => old, refetchInterval: 5000 }).data
  return useMemo(() => {
    const of = Map.groupBy(made?.items ?? [], (m) => m.trigger_instance_id)
    const oldest = made && made.total > made.items.length ? made.items.at(-1)?.enforced_at : undefined
    const times = new Map(events.map((e) => [e.id, e.occurrence_time]))
    return (id) => of.get(id) ?? (made && (!oldest || (times.get(id) ?? '') > oldest) ? [] : undefined)
  }, [made, events])
}

function Outcome({ event, made }: { event: EventRow; made?: Enforcement[] }) {
  const className = 'min-w-0 truncate text-sm max-md:col-span-2'
  if (event.status !== 'processed') return <span className={className + ' text-warn'}>{event.status}</span>
  if (!made) return <span className={className} />
  if (made.length === 0) return <span className={className + ' text-muted'}>no rule matched</span>
  const failed = made.some((m) => !m.execution_id)
  return (
    <span className={className + (failed ? ' text-bad' : ' text-good')} title={made.map((m) => m.rule.ref).join(', ')}>
      {failed ? 'could not start: ' : 'matched '}
      {made.map((m) => m.rule.ref).join(', ')}
    </span>
  )
}
