import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { useVirtualizer, type Range } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useMemo, useRef, type RefObject } from 'react'
import type { PageOf } from '@/api/client'
import type { PageStart } from '@/api/executions'
import type { ExecutionRow } from '@/api/types'
import { ExecutionLine } from '@/ui/executions'

const height = 40 // of a line, in pixels; its class says so, too
const step = 8 // lines by which what is drawn moves on; as many more are drawn above and below those that are seen
const near = 50 // lines from an end of what is there; there more is asked for

/** Which lines are drawn: always as many, if there are as many. */
function drawn({ startIndex, endIndex, count }: Range): number[] {
  const many = Math.min(count, Math.ceil((endIndex - startIndex + 2) / step) * step + 3 * step)
  const from = Math.max(0, Math.min(Math.floor(startIndex / step) * step - step, count - many))
  return Array.from({ length: many }, (_, i) => from + i)
}

/**
 * The executions of a query, of which only those that are seen are drawn; they scroll within frame.
 * Elements stay where they are and get other executions, which takes a fraction of the time that
 * new elements take, and is as much work however fast somebody scrolls.
 */
export function Lines({ query, frame }: { query: UseInfiniteQueryResult<InfiniteData<PageOf<ExecutionRow>>>; frame: RefObject<HTMLElement | null> }) {
  const { data, hasNextPage, hasPreviousPage, isFetching, fetchNextPage, fetchPreviousPage } = query
  const rows = useMemo(() => {
    const seen = new Set<string>()
    return (data?.pages ?? []).flatMap((p) => p.items).filter((e) => !seen.has(e.id) && seen.add(e.id))
  }, [data])
  // Who has gone far has left the first rows behind: their places stay, and they are asked for again when somebody comes near.
  const left = (data?.pageParams[0] as PageStart | undefined)?.at ?? 0
  const list = useVirtualizer({ count: left + rows.length, getScrollElement: () => frame.current, estimateSize: () => height, rangeExtractor: drawn })
  const items = list.getVirtualItems()
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0]
  const upwards = hasPreviousPage && first < left + near
  const downwards = hasNextPage && last >= left + rows.length - near
  useEffect(() => {
    if (isFetching) return
    if (upwards) void fetchPreviousPage()
    else if (downwards) void fetchNextPage()
  }, [upwards, downwards, isFetching, rows, fetchNextPage, fetchPreviousPage])

  // The focus stays on the execution that it was on, and on the list when that is not drawn any more.
  const lines = useRef<HTMLUListElement>(null)
  const focused = useRef('')
  useLayoutEffect(() => {
    const links = [...(lines.current?.querySelectorAll('a') ?? [])]
    const now = links.find((a) => a === document.activeElement)
    if (now && now.href !== focused.current) (links.find((a) => a.href === focused.current) ?? frame.current)?.focus({ preventScroll: true })
  })
  return (
    <div style={{ height: list.getTotalSize() }}>
      <ul ref={lines} style={{ transform: `translateY(${first * height}px)` }} onFocus={(e) => (focused.current = (e.target as HTMLElement as HTMLAnchorElement).href)}>
        {items.map(({ index }) => {
          const execution = rows[index - left]
          return (
            <li key={index - first} aria-setsize={data?.pages[0]?.total} aria-posinset={index + 1} className="h-[40px] border-b contain-strict">
              {execution && <ExecutionLine execution={execution} className="h-full" />}
            </li>
          )
        })}
      </ul>
    </div>
  )
}
