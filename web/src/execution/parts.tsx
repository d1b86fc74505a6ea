import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { partPages, type Part } from '@/api/executions'
import { Button } from '@/ui/button'

/** The parts of a workflow that have been asked for, and how to have more of them. */
export interface Parts {
  of: string // the workflow
  items: Part[]
  total: number
  known: boolean // false: nothing has been heard of them yet
  more?: () => void // undefined: these are all
  busy: boolean
}

/** What a workflow has started, the oldest first; page by page, for there may be very many. */
export function useParts(id: string): Parts {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(partPages(id))
  const items = useMemo(() => data?.pages.flatMap((p) => p.items) ?? [], [data])
  return {
    of: id,
    items,
    total: data?.pages.at(-1)?.total ?? 0,
    known: data !== undefined,
    more: hasNextPage ? () => void fetchNextPage() : undefined,
    busy: isFetchingNextPage,
  }
}

/** Says that there are more parts than are shown, where that is so. */
export function MoreParts({ parts }: { parts: Parts }) {
  if (!parts.more) return null
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t px-4 py-2 text-sm text-muted">
      The first {parts.items.length.toLocaleString()} of {parts.total.toLocaleString()} parts.
      <Button size="sm" disabled={parts.busy} onClick={parts.more}>
        Show more
      </Button>
      <Link to="/history" search={{ parent: parts.of }} className="text-accent hover:underline">
        Find one in the history
      </Link>
    </p>
  )
}
