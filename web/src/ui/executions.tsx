import { useRouter } from '@tanstack/react-router'
import { GitBranch, UserRound } from 'lucide-react'
import { memo } from 'react'
import { causeOf, taskOf } from '@/api/executions'
import type { Execution, ExecutionRow, JsonObject } from '@/api/types'
import { cx } from './cx'
import { isBad, isFinal, StatusMark } from './status'
import { Ago, Took } from './time'

/** Who or what made an execution. */
export function Cause({ of }: { of: ExecutionRow }) {
  const { rule, user } = causeOf(of)
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-muted">
      {rule ? <GitBranch size={13} className="shrink-0" aria-label="rule" /> : <UserRound size={13} className="shrink-0" aria-label="user" />}
      <span className="truncate">{rule ?? user}</span>
    </span>
  )
}

/** An execution as a line that leads to it. There are many of them, and the router's own links cost more than all the rest of a line. */
export const ExecutionLine = memo(function ExecutionLine({ execution: e, className }: { execution: ExecutionRow; className?: string }) {
  const router = useRouter()
  const target = { to: '/executions/$id', params: { id: e.id } } as const
  return (
    <a
      href={'/ui/executions/' + e.id}
      onPointerEnter={() => void router.preloadRoute(target)}
      onClick={(click) => {
        if (click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return // in a window of its own
        click.preventDefault()
        void router.navigate(target)
      }}
      className={cx(
        'grid grid-cols-[6.25rem_minmax(0,1fr)_auto] items-center gap-x-2 px-4 py-2 -outline-offset-2 hover:bg-sunken md:gap-x-3 md:grid-cols-[7rem_minmax(0,2fr)_minmax(0,1fr)_5rem_6rem]',
        className,
      )}
    >
      <StatusMark status={e.status} className="text-sm" />
      <span className="truncate font-medium">
        {e.action?.ref}
        {taskOf(e) && <span className="font-normal text-muted"> · {taskOf(e)}</span>}
      </span>
      <span className="min-w-0 text-sm max-md:hidden">
        <Cause of={e} />
      </span>
      <span className="text-right text-sm text-muted max-md:hidden">
        <Took from={e.start_timestamp} seconds={e.elapsed_seconds} over={isFinal(e.status)} />
      </span>
      <Ago at={e.start_timestamp} className="text-right text-sm whitespace-nowrap text-muted" />
    </a>
  )
})

/** What went wrong, in the words of whoever knows: the error or the last words of the task or command that failed. */
export function mistakeOf(e: Execution): string | undefined {
  if (!isBad(e.status) || e.result === null || typeof e.result !== 'object' || Array.isArray(e.result)) return undefined
  const r = e.result
  const first = Array.isArray(r.errors) ? r.errors[0] : undefined
  const inFirst = first && typeof first === 'object' && !Array.isArray(first) ? first : {}
  const inner = inFirst.result && typeof inFirst.result === 'object' && !Array.isArray(inFirst.result) ? inFirst.result : {}
  const words = [inner.error, inner.stderr, endOf(inner), inFirst.message, r.error, r.stderr, endOf(r)].find((w) => typeof w === 'string' && w.trim() !== '')
  if (typeof words !== 'string') return undefined
  const where = typeof inFirst.task_id === 'string' ? `Task ${inFirst.task_id}: ` : ''
  return where + words.trim().slice(0, 4000)
}

function endOf({ return_code }: JsonObject): string | undefined {
  return typeof return_code === 'number' && return_code !== 0 ? `It ended with exit code ${return_code}.` : undefined
}
