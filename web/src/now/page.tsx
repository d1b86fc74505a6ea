import { useQuery } from '@tanstack/react-query'
import { Moon } from 'lucide-react'
import { api, page } from '@/api/client'
import type { ExecutionRow } from '@/api/types'
import { Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/state'
import { StatusMark } from '@/ui/status'
import { Ago } from '@/ui/time'

const underWay = 'requested,scheduled,delayed,running,pending,pausing,paused,resuming,canceling'

/** What goes on. */
export function Now() {
  const query = useQuery({
    queryKey: ['executions', 'under way'],
    queryFn: ({ signal }) => page<ExecutionRow>(api.GET('/api/v1/executions', { params: { query: { status: underWay, parent: 'null', limit: 50 } }, signal }) as never),
    refetchInterval: 5000,
  })
  return (
    <Page title="Now">
      <Panel title="Under way">
        <Loaded query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon={Moon} title="All is quiet">
                Nothing runs, and nothing waits.
              </Empty>
            ) : (
              <ul className="divide-y">
                {items.map((e) => (
                  <li key={e.id} className="flex items-center gap-4 px-4 py-2">
                    <StatusMark status={e.status} className="w-28" />
                    <span className="grow truncate">{e.action?.ref}</span>
                    <Ago at={e.start_timestamp} className="text-sm text-muted" />
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
