import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleHelp, LoaderCircle, TriangleAlert, type LucideIcon } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { messageOf } from '@/api/client'
import { closeProblem, problemsQuery, reopenProblem, type Problem } from '@/api/problems'
import { useMay } from '@/api/rights'
import { Button, buttonClass } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { StatusMark } from '@/ui/status'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { needsPerson, shownHandling, standing, type Standing } from './verdict'

const looks: Record<Standing, { icon: LucideIcon; tone: string; words: string }> = {
  alone: { icon: TriangleAlert, tone: 'text-bad', words: 'nothing repairs it' },
  failed: { icon: TriangleAlert, tone: 'text-bad', words: 'the repair failed' },
  asks: { icon: CircleHelp, tone: 'text-warn', words: 'waits for an answer' },
  working: { icon: LoaderCircle, tone: 'text-busy', words: 'being handled' },
  repaired: { icon: CircleCheck, tone: 'text-muted', words: 'acted on, no all-clear yet' },
}

/** What is broken, those first that nobody handles, and what is done about each; and what somebody has closed. */
export function Problems({ problems, closed }: { problems: Problem[]; closed: Problem[] }) {
  const sorted = problems.toSorted((a, b) => Number(needsPerson(standing(b))) - Number(needsPerson(standing(a))))
  return (
    <>
      <ul className="divide-y">
        {sorted.map((p) => (
          <Row key={p.id} problem={p} />
        ))}
      </ul>
      {closed.length > 0 && (
        <details className={cx('text-sm', sorted.length > 0 && 'border-t')}>
          <summary className="px-4 py-2 text-muted hover:text-text">{closed.length === 1 ? 'One problem is' : `${closed.length} problems are`} closed by hand</summary>
          <ul aria-label="Closed problems" className="divide-y border-t">
            {closed.map((p) => (
              <ClosedRow key={p.id} problem={p} />
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

/** Calls off that a problem is over, or says so: what is done by one is undone by the other. */
function useReopen() {
  const client = useQueryClient()
  return useMutation({ mutationFn: (p: Problem) => reopenProblem(p.id), onError: toast.failed, onSettled: () => client.invalidateQueries(problemsQuery) })
}

function ClosedRow({ problem: p }: { problem: Problem }) {
  const reopen = useReopen()
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
      <div className="min-w-0 grow basis-60">
        <p>
          <Named problem={p} />
        </p>
        <p className="break-words text-muted">
          {p.closing?.reason} <span className="whitespace-nowrap">– {p.closing?.by}</span>
        </p>
      </div>
      {p.closing && <Ago at={p.closing.at} className="whitespace-nowrap text-muted" />}
      {p.may_close && (
        <Button size="sm" aria-label={`Open again: ${p.name}`} disabled={reopen.isPending} onClick={() => reopen.mutate(p)}>
          Open again
        </Button>
      )}
    </li>
  )
}

/** Asks why a problem is over, and closes it. */
function CloseButton({ problem: p }: { problem: Problem }) {
  const client = useQueryClient()
  const [asked, setAsked] = useState(false)
  const [reason, setReason] = useState('')
  const reopen = useReopen()
  const close = useMutation({
    mutationFn: () => closeProblem(p.id, reason.trim()),
    onSuccess: async () => {
      setAsked(false)
      toast.done(`${p.name} is closed until it happens again.`, { label: 'Undo', run: () => reopen.mutate(p) })
      await client.invalidateQueries(problemsQuery)
    },
  })
  const submit = (e: FormEvent) => {
    e.preventDefault()
    if (reason.trim()) close.mutate()
  }
  return (
    <>
      <Button size="sm" aria-label={`Close ${p.name} …`} onClick={() => setAsked(true)}>
        Close …
      </Button>
      <Dialog title={`Close ${p.name}`} open={asked} onClose={() => setAsked(false)} className="max-w-md">
        <form onSubmit={submit}>
          <div className="flex flex-col gap-4 px-5 py-4">
            <p className="text-sm text-muted">It is not shown as broken any more. When it happens again, it is open again. Who closed it, when and why is in the audit log.</p>
            <Field label="Why nothing has to be done" needed>
              {(props) => <Input {...props} maxLength={1000} value={reason} onChange={(e) => setReason(e.target.value)} />}
            </Field>
            {close.isError && (
              <p role="alert" className="text-bad">
                {messageOf(close.error)}
              </p>
            )}
          </div>
          <div className="flex justify-end gap-2 border-t px-5 py-3">
            <Button onClick={() => setAsked(false)}>Leave it</Button>
            <Button kind="primary" type="submit" disabled={!reason.trim() || close.isPending}>
              Close it
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}

function Row({ problem: p }: { problem: Problem }) {
  const state = standing(p)
  const { icon: Icon, tone, words } = looks[state]
  const h = shownHandling(p)
  const may = useMay()
  return (
    <li className="grid gap-x-4 gap-y-1 px-4 py-2.5 md:grid-cols-[minmax(0,1fr)_auto]">
      <div className="min-w-0">
        <p className="flex min-w-0 flex-wrap items-baseline gap-x-2">
          <Named problem={p} />
          <span className={cx('rounded px-1.5 text-xs font-medium', p.severity === 'critical' ? 'bg-bad/12 text-bad' : 'bg-sunken text-muted')}>{p.status === 'firing' ? (p.severity ?? 'firing') : p.status}</span>
          {p.resource && p.resource !== p.name && <span className="min-w-0 break-all text-muted">{p.resource}</span>}
        </p>
        {p.summary && <p className="line-clamp-2 text-sm break-words text-muted">{p.summary}</p>}
      </div>
      <div className="flex items-center gap-x-3 text-sm md:justify-end">
        <span className={cx('inline-flex items-center gap-1.5 font-medium', tone)}>
          <Icon size={15} strokeWidth={2.25} aria-hidden className={cx('shrink-0', state === 'working' && 'animate-spin')} />
          {words}
        </span>
        <Ago at={p.since} className="whitespace-nowrap text-muted max-md:ml-auto" />
        {state === 'alone' && p.event && may('rule_create') && (
          <Link to="/rules/new" search={{ event: p.event }} aria-label={`Make a rule for ${p.name}`} className={buttonClass({ size: 'sm' })}>
            Make a rule
          </Link>
        )}
        {p.may_close && <CloseButton problem={p} />}
      </div>
      {h && (
        <p className="flex min-w-0 flex-wrap items-center gap-x-2 text-sm text-muted md:col-span-2">
          {h.execution && h.status ? (
            <Link to="/executions/$id" params={{ id: h.execution }} className="inline-flex min-w-0 items-center gap-2 hover:underline">
              <StatusMark status={h.status} />
              <span className="truncate text-text">{h.action}</span>
            </Link>
          ) : (
            <span className="min-w-0 break-words text-bad">{h.reason}</span>
          )}
          <span className="min-w-0">
            by rule{' '}
            <Link to="/rules/$ref" params={{ ref: h.rule }} className="break-all text-accent hover:underline">
              {h.rule}
            </Link>
          </span>
          {p.handling.length > 1 && <span>and {p.handling.length - 1} more</span>}
        </p>
      )}
    </li>
  )
}

/** What it is called, leading to the event that told of it. */
function Named({ problem: p }: { problem: Problem }) {
  if (!p.event) return <span className="min-w-0 font-medium break-all">{p.name}</span>
  return (
    <Link to="/events/$id" params={{ id: p.event }} className="min-w-0 font-medium break-all hover:underline">
      {p.name}
    </Link>
  )
}
