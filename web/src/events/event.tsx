import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Plus, Repeat } from 'lucide-react'
import { eventWhyQuery, reEmit, triggersQuery } from '@/api/events'
import { useMay } from '@/api/rights'
import type { EventWhy } from '@/api/types'
import { Button, buttonClass } from '@/ui/button'
import { CopyButton } from '@/ui/copy'
import { Enforcements } from '@/ui/enforcements'
import { JsonView } from '@/ui/json/view'
import { Facts, Page, Panel } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { Time } from '@/ui/time'
import { toast } from '@/ui/toast'
import { triggerWords } from '@/ui/trigger'
import { Verdict } from '@/ui/verdict'

const route = getRouteApi('/events/$id')

/** One event: what was in it, and what each rule made of it. */
export function Event() {
  const { id } = route.useParams()
  const query = useQuery(eventWhyQuery(id))
  return <Loaded query={query} one="event" lines={8}>{(why) => <Shown why={why} />}</Loaded>
}

function Shown({ why: { event, rules, enforcements, note } }: { why: EventWhy }) {
  const navigate = useNavigate()
  const may = useMay('trigger:' + event.trigger)
  const mayAtAll = useMay()
  const listened = useQuery(triggersQuery).data?.items.find((t) => t.ref === event.trigger)
  const name = listened ? triggerWords(listened.type, listened.parameters) : event.trigger // what a webhook or timer is called says nothing
  const again = useMutation({
    mutationFn: () => reEmit(event.id),
    onSuccess: ({ id }) => {
      toast.done('It happened once more.')
      return navigate({ to: '/events/$id', params: { id } })
    },
    onError: toast.failed,
  })
  return (
    <Page
      title={name}
      actions={
        <>
          {may('trigger_all') && (
            <Button size="sm" disabled={again.isPending} onClick={() => again.mutate()}>
              <Repeat size={14} aria-hidden /> Have it happen again
            </Button>
          )}
          {mayAtAll('rule_create') && (
            <Link to="/rules/new" search={{ event: event.id }} className={buttonClass({ size: 'sm' })}>
              <Plus size={14} aria-hidden /> Make a rule of it
            </Link>
          )}
        </>
      }
    >
      <div className="grid gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Event">
            <Facts
              facts={[
                ['Trigger', name !== event.trigger && <span key="trigger" className="font-mono text-[13px] break-all">{event.trigger}</span>],
                ['Happened', <Time key="at" at={event.occurrence_time} />],
                ['Id', <span key="id" className="inline-flex items-center gap-1 font-mono text-[13px]">{event.id} <CopyButton label="Copy the id" text={event.id} /></span>],
                ['Status', event.status],
                ['Trace', event.trace_tag],
                ['Key', event.key],
              ]}
            />
          </Panel>
          <Panel title="Payload">
            <JsonView value={event.payload} label="payload" />
          </Panel>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="What came of it">{enforcements.length > 0 ? <Enforcements items={enforcements} /> : <p className="px-4 py-3 text-muted">No rule matched when it was taken in.</p>}</Panel>
          <Panel title="What each rule says">
            {note && <p className="border-b px-4 py-2 text-sm text-muted">{note}</p>}
            <ul className="divide-y">
              {rules.map((r) => (
                <li key={r.rule}>
                  <Verdict why={r} />
                </li>
              ))}
            </ul>
          </Panel>
        </div>
      </div>
    </Page>
  )
}
