import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleSlash, FlaskConical } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { tryRule } from '@/api/events'
import type { Rule } from '@/api/types'
import { Button } from '@/ui/button'
import { Select } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Ago } from '@/ui/time'

/** Asks a rule about what has happened before, and starts nothing. */
export function PastTrial({ rule }: { rule: Rule }) {
  const [last, setLast] = useState(100)
  const trial = useMutation({ mutationFn: () => tryRule(rule, last) })
  return (
    <Panel
      title="Try it against the past"
      aside={
        <>
          <Select aria-label="How many events" className="h-7 w-auto text-xs" value={last} onChange={(e) => setLast(Number(e.target.value))}>
            {[20, 100, 500, 1000].map((n) => (
              <option key={n} value={n}>
                last {n} events
              </option>
            ))}
          </Select>
          <Button size="sm" disabled={trial.isPending} onClick={() => trial.mutate()}>
            <FlaskConical size={13} aria-hidden /> Try
          </Button>
        </>
      }
    >
      {trial.isError && (
        <p role="alert" className="px-4 py-3 whitespace-pre-wrap text-bad">
          {messageOf(trial.error)}
        </p>
      )}
      {!trial.data && !trial.isError && <p className="px-4 py-3 text-muted">Which events it would have matched, and for the others the criterion that decided. Nothing is started.</p>}
      {trial.data && (
        <>
          <p role="status" className="border-b px-4 py-2 font-medium">
            {trial.data.events.length === 0 ? 'There has been no such event.' : `It would have matched ${trial.data.matched} of ${trial.data.events.length}.`}
          </p>
          <ul className="max-h-96 divide-y overflow-auto">
            {trial.data.events.map((e) => (
              <li key={e.event}>
                <Link to="/events/$id" params={{ id: e.event }} className="flex items-start gap-2 px-4 py-1.5 text-sm hover:bg-sunken">
                  {e.matched ? <CircleCheck size={15} className="mt-0.5 shrink-0 text-good" aria-label="matches" /> : <CircleSlash size={15} className="mt-0.5 shrink-0 text-muted" aria-label="does not match" />}
                  <span className="min-w-0 grow break-words">{e.reason}</span>
                  <Ago at={e.at} className="whitespace-nowrap text-muted" />
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}
