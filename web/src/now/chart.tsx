import type { Pulse } from '@/api/pulse'
import { localTime } from '@/ui/time'

const width = 300
const height = 72

/** A bar for each minute. The figures are in words for those who can't see it. */
export function EventChart({ pulse }: { pulse: Pulse }) {
  const most = Math.max(1, ...pulse.minutes.map((m) => m.events))
  const all = pulse.minutes.reduce((n, m) => n + m.events, 0)
  const bar = width / pulse.minutes.length
  const words = `${pulse.complete ? '' : 'more than '}${all} events in the last hour, ${pulse.minutes.at(-1)?.events ?? 0} in this minute, at most ${most} in one`
  return (
    <figure className="flex flex-col gap-2 p-4">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className="h-20 w-full" role="img" aria-label={words}>
        {pulse.minutes.map((m, i) => (
          <rect key={m.at} x={i * bar + 0.6} width={bar - 1.2} y={m.events ? height - Math.max(2, (m.events / most) * height) : height - 1} height={height} className={m.events ? 'fill-accent' : 'fill-line'}>
            <title>{`${localTime(m.at)}: ${m.events}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption className="flex justify-between text-sm text-muted">
        <span>{pulse.complete ? all : `more than ${all}`} in an hour</span>
        <span>{all === 0 ? '' : `at most ${most} in one minute`}</span>
      </figcaption>
    </figure>
  )
}
