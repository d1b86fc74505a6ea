import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Hourglass } from 'lucide-react'
import { whyQuery } from '@/api/executions'
import type { Execution } from '@/api/types'
import { CopyButton } from '@/ui/copy'
import { Facts, Panel } from '@/ui/page'
import { isFinal } from '@/ui/status'
import { Time, Took } from '@/ui/time'

const link = 'text-accent hover:underline'

/** Where an execution comes from, and when what happened to it. */
export function Origin({ execution: e }: { execution: Execution }) {
  const rule = e.rule?.ref ?? e.rule?.name ?? e.context?.rule?.name
  const event = e.trigger_instance?.id ?? e.context?.trigger_instance?.id
  const before = e.context?.['re-run']?.ref
  return (
    <Panel title="Where it comes from">
      <Facts
        facts={[
          ['Id', <span key="id" className="-my-1 inline-flex items-center gap-1 font-mono text-[13px]">{e.id} <CopyButton label="Copy the id" text={e.id} /></span>],
          ['Action', e.action && <Link key="action" to="/actions/$ref" params={{ ref: e.action.ref }} className={link}>{e.action.ref}</Link>],
          ['Rule', rule && <Link key="rule" to="/rules/$ref" params={{ ref: rule }} className={link}>{rule}</Link>],
          ['Event', event && <Link key="event" to="/events/$id" params={{ id: event }} className={link}>{e.trigger_instance?.trigger ?? e.trigger?.ref ?? event}</Link>],
          ['User', e.context?.user],
          ['Part of', e.parent && <Link key="parent" to="/executions/$id" params={{ id: e.parent }} className={link}>{e.parent}</Link>],
          ['Runs again', before && <Link key="before" to="/executions/$id" params={{ id: before }} className={link}>{before}</Link>],
          ['Runner', e.runner?.name],
          ['Attempts', (e.attempt ?? 0) > 1 && e.attempt],
          ['Began', <Time key="began" at={e.start_timestamp} />],
          ['Ended', e.end_timestamp && <Time key="ended" at={e.end_timestamp} />],
          ['Took', <Took key="took" from={e.start_timestamp} seconds={e.elapsed_seconds} over={isFinal(e.status)} />],
        ]}
      />
    </Panel>
  )
}

/** Why an execution is where it is, while it is not over. */
export function Why({ execution: e }: { execution: Execution }) {
  const why = useQuery({ ...whyQuery(e.id), enabled: !isFinal(e.status) })
  // That it runs is said beside its name, and since when below.
  const plain = e.status === 'running' && !e.liveaction?.action_is_workflow
  if (isFinal(e.status) || plain || !why.data?.reason) return null
  return (
    <p role="status" className="flex items-start gap-x-3 rounded-xl border border-busy/30 bg-busy/10 px-4 py-2.5">
      <Hourglass size={16} aria-hidden className="mt-0.5 shrink-0 text-busy" />
      <span className="flex min-w-0 flex-wrap gap-x-3 wrap-anywhere">
      {why.data.reason}
      {why.data.holders?.map((id) => (
        <Link key={id} to="/executions/$id" params={{ id }} className={link}>
          {id}
        </Link>
      ))}
      </span>
    </p>
  )
}
