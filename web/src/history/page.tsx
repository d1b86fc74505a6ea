import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { History as HistoryIcon } from 'lucide-react'
import { useEffect, useMemo, useRef } from 'react'
import { executionPages, type Filters, type PageStart } from '@/api/executions'
import { ExecutionLine } from '@/ui/executions'
import { Page } from '@/ui/page'
import { Empty, Failure, Loading } from '@/ui/state'
import { FilterBar } from './filters'

const route = getRouteApi('/history')

/** All executions, the latest first, live. */
export function History() {
  const filters: Filters = route.useSearch()
  const navigate = useNavigate()
  const query = useInfiniteQuery(executionPages(filters))
  const rows = useMemo(() => {
    const seen = new Set<string>()
    return (query.data?.pages ?? []).flatMap((p) => p.items).filter((e) => !seen.has(e.id) && seen.add(e.id))
  }, [query.data])
  // Who has gone far has left the first rows behind: their places stay, and they are asked for again when somebody comes near.
  const left = (query.data?.pageParams[0] as PageStart | undefined)?.at ?? 0
  const ref = useRef<HTMLDivElement>(null)
  const list = useVirtualizer({ count: left + rows.length, getScrollElement: () => ref.current, estimateSize: () => 40, overscan: 20, getItemKey: (i) => rows[i - left]?.id ?? i })
  const items = list.getVirtualItems()
  const { hasNextPage, hasPreviousPage, isFetching, fetchNextPage, fetchPreviousPage } = query
  const near = 50
  const upwards = hasPreviousPage && (items[0]?.index ?? 0) < left + near
  const downwards = hasNextPage && (items.at(-1)?.index ?? 0) >= left + rows.length - near
  useEffect(() => {
    if (isFetching) return
    if (upwards) void fetchPreviousPage()
    else if (downwards) void fetchNextPage()
  }, [upwards, downwards, isFetching, rows, fetchNextPage, fetchPreviousPage])
  const first = query.data?.pages[0]
  return (
    <div className="flex h-dvh flex-col max-md:h-[calc(100dvh-4rem)]">
      <Page title="History" wide fill actions={first && <span className="text-sm text-muted tabular-nums">{(first.atLeast ? 'more than ' : '') + first.total.toLocaleString()}</span>}>
        <FilterBar filters={filters} onChange={(f) => void navigate({ to: '/history', search: f, replace: true })} />
        <div ref={ref} role="region" aria-label="Executions" tabIndex={0} className="min-h-0 grow overflow-auto rounded-xl border bg-panel">
          {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
          {query.isPending && <Loading lines={12} />}
          {query.isSuccess && rows.length === 0 && (
            <Empty icon={HistoryIcon} title="No execution is like that">
              Executions are here as soon as a rule or a person starts them.
            </Empty>
          )}
          <ul className="relative" style={{ height: list.getTotalSize() }}>
            {items.map((item) => (
              <li key={item.key} aria-setsize={first?.total} aria-posinset={item.index + 1} className="absolute inset-x-0 h-10 border-b" style={{ transform: `translateY(${item.start}px)` }}>
                {rows[item.index - left] && <ExecutionLine execution={rows[item.index - left]!} className="h-full" />}
              </li>
            ))}
          </ul>
        </div>
      </Page>
    </div>
  )
}
