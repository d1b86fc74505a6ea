import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Radio } from 'lucide-react'
import { useState } from 'react'
import { eventsQuery, triggerTypesQuery } from '@/api/events'
import { Button } from '@/ui/button'
import { Select } from '@/ui/field'
import { Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/state'
import { Ago } from '@/ui/time'

const route = getRouteApi('/events')
const step = 100

/** What has happened, the latest first. */
export function Events() {
  const { trigger } = route.useSearch()
  const navigate = useNavigate()
  const [limit, setLimit] = useState(step)
  const query = useQuery({ ...eventsQuery(trigger, limit), refetchInterval: 5000, placeholderData: (old) => old })
  const types = useQuery(triggerTypesQuery)
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
              <Empty icon={Radio} title="Nothing has happened">
                Events come from webhooks, alerts, timers, sensors and probes.
              </Empty>
            ) : (
              <>
                <ul className="divide-y">
                  {items.map((e) => (
                    <li key={e.id}>
                      <Link to="/events/$id" params={{ id: e.id }} className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-4 px-4 py-2 hover:bg-sunken md:grid-cols-[minmax(0,1fr)_8rem_7rem]">
                        <span className="truncate font-medium">{e.trigger}</span>
                        <span className="text-sm text-muted max-md:hidden">{e.status}</span>
                        <Ago at={e.occurrence_time} className="text-right text-sm text-muted" />
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
