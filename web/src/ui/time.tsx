import { useSyncExternalStore } from 'react'

/** How something is written in the reader's language. The first such takes a browser long, so none is made in vain. */
function writer(options: Intl.DateTimeFormatOptions): (d: Date) => string {
  let format: Intl.DateTimeFormat | undefined
  return (d) => (format ??= new Intl.DateTimeFormat(undefined, options)).format(d)
}

const clock = writer({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const day = writer({ day: '2-digit', month: 'short' })
const year = writer({ day: '2-digit', month: 'short', year: 'numeric' })

/** A moment in the reader's own time; the year and the day only where they are not today's. */
export function localTime(at: string | number, now = Date.now()): string {
  const d = new Date(at)
  const today = new Date(now)
  const thisYear = d.getFullYear() === today.getFullYear()
  if (thisYear && d.getMonth() === today.getMonth() && d.getDate() === today.getDate()) return clock(d)
  return `${(thisYear ? day : year)(d)}, ${clock(d)}`
}

export function utc(at: string | number): string {
  return new Date(at).toISOString().replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')
}

/** How long something took, in the two largest units that matter. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

export function ago(at: string, now: number): string {
  const seconds = (now - Date.parse(at)) / 1000
  if (seconds < 5) return 'just now'
  if (seconds < 60) return `${Math.floor(seconds)} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`
  return `${Math.floor(seconds / 86400)} d ago`
}

// One ticker for the whole page.
let now = Date.now()
const tellers = new Set<() => void>()
let ticker: ReturnType<typeof setInterval> | undefined

function subscribe(tell: () => void) {
  tellers.add(tell)
  ticker ??= setInterval(() => {
    now = Date.now()
    tellers.forEach((t) => t())
  }, 1000)
  return () => {
    tellers.delete(tell)
    if (tellers.size > 0) return
    clearInterval(ticker)
    ticker = undefined
  }
}

/** The present, each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

export function Time({ at, className }: { at?: string; className?: string }) {
  if (!at) return null
  return (
    <time dateTime={at} title={utc(at)} className={className}>
      {localTime(at)}
    </time>
  )
}

export function Ago({ at, className }: { at?: string; className?: string }) {
  // In words, so that only what reads otherwise a second later is drawn anew.
  const words = useSyncExternalStore(subscribe, () => (at ? ago(at, now) : ''))
  if (!at) return null
  return (
    <time dateTime={at} title={`${localTime(at)} · ${utc(at)}`} className={className}>
      {words}
    </time>
  )
}

/** How long something took, or has taken so far. */
export function Took({ from, seconds, over }: { from?: string; seconds?: number | null; over: boolean }) {
  return over ? <span className="tabular-nums">{seconds == null ? '' : duration(seconds)}</span> : <SoFar from={from} />
}

function SoFar({ from }: { from?: string }) {
  const present = useNow()
  return <span className="tabular-nums">{from ? duration(Math.max(0, Math.floor((present - Date.parse(from)) / 1000)) || 0) : ''}</span>
}
