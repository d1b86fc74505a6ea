import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { History as HistoryIcon } from 'lucide-react'
import { useRef } from 'react'
import { executionPages, type Filters } from '@/api/executions'
import { Page } from '@/ui/page'
import { Empty, Failure, Loading } from '@/ui/state'
import { FilterBar } from './filters'
import { Lines } from './lines'

const route = getRouteApi('/history')

/** All executions, the latest first, live. */
export function History() {
  const filters: Filters = route.useSearch()
  const navigate = useNavigate()
  const query = useInfiniteQuery(executionPages(filters))
  const frame = useRef<HTMLDivElement>(null)
  const first = query.data?.pages[0]
  return (
    <div className="flex h-dvh flex-col max-md:h-[calc(100dvh-4rem)]">
      <Page title="History" wide fill actions={first && <span className="text-sm text-muted tabular-nums">{(first.atLeast ? 'more than ' : '') + first.total.toLocaleString()}</span>}>
        <FilterBar filters={filters} onChange={(f) => void navigate({ to: '/history', search: f, replace: true })} />
        <div ref={frame} role="region" aria-label="Executions" tabIndex={0} className="min-h-0 grow overflow-auto rounded-xl border bg-panel">
          {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
          {query.isPending && <Loading lines={12} />}
          {query.isSuccess && first?.items.length === 0 && (
            <Empty icon={HistoryIcon} title="No execution is like that">
              Executions are here as soon as a rule or a person starts them.
            </Empty>
          )}
          <Lines query={query} frame={frame} />
        </div>
      </Page>
    </div>
  )
}
