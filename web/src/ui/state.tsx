import type { UseBaseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { SearchX, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Fault, messageOf } from '@/api/client'
import { Button, buttonClass } from './button'
import { cx } from './cx'
import { Page } from './page'

/** What is shown where there is nothing, with what could be done about it. */
export function Empty({ icon: Icon, title, children }: { icon?: LucideIcon; title?: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      {Icon && <Icon size={28} strokeWidth={1.5} className="text-muted" aria-hidden />}
      {title && <p className="font-medium">{title}</p>}
      {children && <div className="max-w-prose text-muted">{children}</div>}
    </div>
  )
}

/** Grey bars where text is about to be. */
export function Loading({ lines = 3, className }: { lines?: number; className?: string }) {
  return (
    <div role="status" aria-label="Loading" className={cx('flex animate-pulse flex-col gap-3 p-4', className)}>
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} className="h-4 rounded bg-line" style={{ width: `${90 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  )
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div role="alert" className="m-4 flex items-start gap-3 rounded-lg border border-bad/40 bg-bad/5 p-4">
      <TriangleAlert size={18} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <p className="grow whitespace-pre-wrap">{messageOf(error)}</p>
      {retry && (
        <Button size="sm" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}

/**
 * Shows what a query brings, or how it is going. What was there before stays when a later look
 * fails. Of a view that is about one thing, one says what that is, and is its title until then.
 */
export function Loaded<T>({ query, lines, one, children }: { query: UseBaseQueryResult<T>; lines?: number; one?: string; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data)
  if (one && query.error instanceof Fault && query.error.status === 404) {
    return (
      <Page title={`There is no such ${one}`}>
        <Empty icon={SearchX}>
          <p className="mb-3">It may have been removed, its time may be over, or you may not see it.</p>
          <Link to="/" className={buttonClass()}>
            To the first page
          </Link>
        </Empty>
      </Page>
    )
  }
  const state = query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : <Loading lines={lines} />
  return one === undefined ? state : <Page title={one.charAt(0).toUpperCase() + one.slice(1)}>{state}</Page>
}

/** A view that whoever has come may not use, in words. */
export function Refused({ title, children }: { title: string; children: string }) {
  return (
    <Page title={title}>
      <Failure error={new Error(children)} />
    </Page>
  )
}
