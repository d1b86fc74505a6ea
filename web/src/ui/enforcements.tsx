import { Link } from '@tanstack/react-router'
import type { Enforcement } from '@/api/types'
import { Ago } from './time'

/** What rules started because of events, or why they could not. */
export function Enforcements({ items }: { items: Enforcement[] }) {
  return (
    <ul className="divide-y">
      {items.map((e) => (
        <li key={e.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
          <span className="min-w-0 grow font-medium wrap-anywhere">{e.rule.ref}</span>
          {e.trigger_instance_id && (
            <Link to="/events/$id" params={{ id: e.trigger_instance_id }} className="text-sm text-accent hover:underline">
              event
            </Link>
          )}
          {e.execution_id ? (
            <Link to="/executions/$id" params={{ id: e.execution_id }} className="text-sm text-accent hover:underline">
              execution
            </Link>
          ) : (
            <span className="w-full text-sm text-bad">{e.failure_reason ?? 'It started nothing.'}</span>
          )}
          <Ago at={e.enforced_at} className="text-sm text-muted" />
        </li>
      ))}
    </ul>
  )
}
