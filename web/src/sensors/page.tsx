import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, Clock, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { eventsQuery } from '@/api/events'
import { useMay } from '@/api/rights'
import { rulesQuery } from '@/api/rules'
import { enableSensor, probesQuery, sensorLogQuery, sensorsQuery, timersQuery } from '@/api/sources'
import type { SensorRun } from '@/api/types'
import { userQuery } from '@/api/user'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { written } from '@/ui/form/schema'
import { Page, Panel } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { Switch } from '@/ui/switch'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { triggerWords } from '@/ui/trigger'

/** What watches: sensors, probes and timers, and how they fare. */
export function Sensors() {
  const sensors = useQuery(sensorsQuery)
  const probes = useQuery(probesQuery)
  const timers = useQuery(timersQuery)
  const rules = useQuery(rulesQuery).data?.items
  return (
    <Page title="Sensors and timers">
      <Panel title="Sensors" aside={sensors.data?.length}>
        <Loaded query={sensors}>{(items) => (items.length === 0 ? <Nothing>No pack has a sensor.</Nothing> : <ul className="divide-y">{items.map((s) => <Sensor key={s.ref} sensor={s} />)}</ul>)}</Loaded>
      </Panel>
      <Panel title="Probes" aside={probes.data?.length}>
        <Loaded query={probes}>
          {(items) =>
            items.length === 0 ? (
              <Nothing>No rule listens to a probe.</Nothing>
            ) : (
              <ul className="divide-y">
                {items.map((p) => (
                  <li key={p.trigger} className="grid gap-x-4 px-4 py-2 md:grid-cols-[6rem_minmax(0,2fr)_minmax(0,3fr)_6rem]">
                    <State of={p.state} good={['well', 'following']} bad={['firing']} />
                    <span className="font-medium wrap-anywhere">{p.target}</span>
                    <span className="text-sm text-muted wrap-anywhere">{p.message ?? p.type}</span>
                    <Ago at={p.checked_at} className="text-sm text-muted md:text-right" />
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
      <Panel title="Timers" aside={timers.data?.length}>
        <Loaded query={timers}>
          {(items) =>
            items.length === 0 ? (
              <Nothing>No rule listens to a timer.</Nothing>
            ) : (
              <ul className="divide-y">
                {items.map((t) => (
                  <li key={t.ref}>
                    <Link to="/events" search={{ trigger: t.ref }} className="grid items-baseline gap-x-4 px-4 py-2 hover:bg-sunken md:grid-cols-[minmax(0,2fr)_minmax(0,2fr)_9rem]">
                      <span className="truncate font-medium" title={written(t.parameters)}>
                        {triggerWords(t.type, t.parameters)}
                      </span>
                      <span className="truncate text-sm text-muted">
                        {rules?.filter((r) => r.trigger.ref === t.ref).map((r) => r.ref + (r.enabled ? '' : ' (off)')).join(', ')}
                      </span>
                      <LastFired trigger={t.ref} />
                    </Link>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
    </Page>
  )
}

/** When a timer fired last: the sign that it is well. */
function LastFired({ trigger }: { trigger: string }) {
  const last = useQuery({ ...eventsQuery(trigger, 1), refetchInterval: 15_000 }).data?.items[0]
  return <span className="text-sm text-muted md:text-right">{last ? <Ago at={last.occurrence_time} /> : 'not yet'}</span>
}

function Nothing({ children }: { children: string }) {
  return <p className="px-4 py-3 text-muted">{children}</p>
}

function State({ of, good, bad }: { of?: string; good: string[]; bad: string[] }) {
  const [tone, Icon] = good.includes(of ?? '') ? (['text-good', CircleCheck] as const) : bad.includes(of ?? '') ? (['text-bad', TriangleAlert] as const) : (['text-warn', Clock] as const)
  return (
    <span className={cx('flex items-center gap-1.5 text-sm font-medium', tone)}>
      <Icon size={15} className="shrink-0" aria-hidden />
      {of}
    </span>
  )
}

function Sensor({ sensor: s }: { sensor: SensorRun }) {
  const client = useQueryClient()
  const [open, setOpen] = useState(false)
  const enable = useMutation({
    mutationFn: (enabled: boolean) => enableSensor(s.ref, enabled),
    onSuccess: () => client.invalidateQueries({ queryKey: ['sensors'] }),
    onError: toast.failed,
  })
  const on = enable.isPending ? enable.variables : (s.enabled ?? false)
  const rbac = useQuery(userQuery).data?.rbac
  const may = useMay('sensor_type:' + s.ref)
  const mayChange = may('sensor_type_modify') && (rbac?.enabled || rbac?.is_admin) // without roles it takes an administrator
  return (
    <li>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
        {mayChange ? (
          <Switch label={`${s.ref} is ${on ? 'enabled' : 'disabled'}`} on={on} disabled={enable.isPending} onChange={enable.mutate} />
        ) : (
          <span className="text-sm text-muted">{s.enabled ? 'enabled' : 'disabled'}</span>
        )}
        <span className="min-w-0 grow basis-0 font-medium wrap-anywhere">{s.ref}</span>
        <Button size="sm" kind="ghost" className="md:order-last" aria-expanded={open} onClick={() => setOpen(!open)}>
          Log
        </Button>
        <span className="flex flex-wrap items-center gap-x-4 text-sm max-md:w-full">
          <State of={s.state} good={['running', 'finished']} bad={['waiting']} />
          <span className="text-muted">
            {s.polled_at ? 'polled' : s.alive_at ? 'alive' : 'since'} <Ago at={s.polled_at ?? s.alive_at ?? s.since} />
          </span>
          {(s.starts ?? 0) > 1 && <span className="text-warn">started {s.starts} times</span>}
        </span>
        {s.error && <p className="order-last w-full text-sm wrap-anywhere whitespace-pre-wrap text-bad">{s.error}</p>}
      </div>
      {open && <SensorLog of={s.ref} />}
    </li>
  )
}

function SensorLog({ of }: { of: string }) {
  const query = useQuery(sensorLogQuery(of))
  return (
    <Loaded query={query}>
      {({ log }) => (
        <pre tabIndex={0} aria-label={`Log of ${of}`} className="max-h-80 overflow-auto border-t bg-sunken p-3 font-mono text-[12.5px] leading-5">
          {log || 'It has printed nothing.'}
        </pre>
      )}
    </Loaded>
  )
}
