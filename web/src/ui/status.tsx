import { Ban, CircleCheck, CircleDashed, CircleHelp, CirclePause, CircleX, Clock, Ghost, LoaderCircle, TimerOff, type LucideIcon } from 'lucide-react'
import type { Status } from '@/api/types'
import { cx } from './cx'

type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'wait' | 'muted'

interface Look {
  tone: Tone
  icon: LucideIcon
}

const looks: Record<Status, Look> = {
  requested: { tone: 'wait', icon: CircleDashed },
  scheduled: { tone: 'wait', icon: CircleDashed },
  delayed: { tone: 'wait', icon: Clock },
  running: { tone: 'busy', icon: LoaderCircle },
  pending: { tone: 'warn', icon: CircleHelp },
  pausing: { tone: 'wait', icon: CirclePause },
  paused: { tone: 'warn', icon: CirclePause },
  resuming: { tone: 'busy', icon: LoaderCircle },
  canceling: { tone: 'wait', icon: Ban },
  canceled: { tone: 'muted', icon: Ban },
  succeeded: { tone: 'good', icon: CircleCheck },
  failed: { tone: 'bad', icon: CircleX },
  timeout: { tone: 'bad', icon: TimerOff },
  abandoned: { tone: 'bad', icon: Ghost },
}

// Written out, so that Tailwind finds them.
const texts: Record<Tone, string> = {
  good: 'text-good',
  bad: 'text-bad',
  warn: 'text-warn',
  busy: 'text-busy',
  wait: 'text-wait',
  muted: 'text-muted',
}

export const statuses = Object.keys(looks) as Status[]

export function isFinal(s: Status): boolean {
  return ['succeeded', 'failed', 'timeout', 'abandoned', 'canceled'].includes(s)
}

/** The states of what is not over, as a filter has them. */
export const unfinished = statuses.filter((s) => !isFinal(s)).join(',')

/** Whether an end is one that somebody should look at. */
export function isBad(s: Status): boolean {
  return looks[s]?.tone === 'bad'
}

export function toneOf(s: Status): Tone {
  return looks[s]?.tone ?? 'muted'
}

/** The state of an execution, by word, picture and colour. */
export function StatusMark({ status, compact, className }: { status: Status; compact?: boolean; className?: string }) {
  const { tone, icon: Icon } = looks[status] ?? { tone: 'muted', icon: CircleHelp }
  return (
    <span className={cx('inline-flex items-center gap-1.5 font-medium', texts[tone], className)}>
      <Icon size={15} strokeWidth={2.25} aria-hidden className={cx('shrink-0', Icon === LoaderCircle && 'animate-spin')} />
      <span className={cx(compact && 'sr-only')}>{status}</span>
    </span>
  )
}
