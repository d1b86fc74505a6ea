import { useEffect, type ReactNode } from 'react'
import { cx } from './cx'

/** A view: its title, what can be done with all of it, and what it holds. */
export function Page({ title, heading, actions, children, wide, fill }: { title: string; heading?: ReactNode; actions?: ReactNode; children: ReactNode; wide?: boolean; fill?: boolean }) {
  useEffect(() => {
    document.title = `${title} · Nightshift`
  }, [title])
  return (
    <div className={cx('mx-auto flex w-full grow flex-col gap-4 p-4 md:p-6', !wide && 'max-w-6xl', fill && 'min-h-0')}>
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="min-w-0 text-xl wrap-anywhere font-semibold tracking-tight">{heading ?? title}</h1>
        <div className="ml-auto flex flex-wrap items-center justify-end gap-2 max-md:grow">{actions}</div>
      </header>
      {children}
    </div>
  )
}

export function Panel({ title, aside, children, className }: { title?: ReactNode; aside?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={cx('flex min-w-0 flex-col overflow-hidden rounded-xl border bg-panel', className)}>
      {title !== undefined && (
        <div className="flex min-h-10 items-center gap-3 border-b px-4 py-1.5">
          <h2 className="text-sm font-semibold">{title}</h2>
          <div className="ml-auto flex items-center gap-2 text-sm text-muted">{aside}</div>
        </div>
      )}
      {children}
    </section>
  )
}

/** Names with what they stand for, in two columns. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] items-baseline gap-x-4 gap-y-1.5 p-4 text-sm">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="min-w-0 wrap-anywhere">{value}</dd>
          </div>
        ))}
    </dl>
  )
}
