import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { messageOf } from '@/api/client'
import { executionList, executionQuery } from '@/api/executions'
import { installPack, removePack, updatePack } from '@/api/packs'
import type { Execution, ExecutionRow } from '@/api/types'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Log } from '@/ui/log'
import { Panel } from '@/ui/page'
import { isFinal, StatusMark, unfinished } from '@/ui/status'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'

/** What is done with packs, and with which; id is the execution that does it already. */
export type Deed = { id?: string } & ({ kind: 'install'; source: string } | { kind: 'update' | 'remove'; ref: string })

const words = {
  install: { title: 'Install a pack', verb: 'Install', doing: 'Installing', again: 'Install it nevertheless' },
  update: { title: 'Update', verb: 'Update', doing: 'Updating', again: 'Update it nevertheless' },
  remove: { title: 'Remove', verb: 'Remove', doing: 'Removing', again: 'Remove it nevertheless' },
}

/** Asks, does it, and shows how it goes. An execution does it, which goes on when the dialog is closed. */
export function DeedDialog({ deed, close, onBegun, onDone }: { deed: Deed; close: () => void; onBegun?: (id: string) => void; onDone?: () => void }) {
  const client = useQueryClient()
  const [source, setSource] = useState(deed.kind === 'install' ? deed.source : '')
  const start = useMutation({
    mutationFn: (force: boolean) => (deed.kind === 'install' ? installPack(source.trim(), force) : deed.kind === 'update' ? updatePack(deed.ref, force) : removePack(deed.ref, force)),
    onSuccess: onBegun,
  })
  const id = start.isPending ? undefined : (start.data ?? deed.id)
  const execution = useQuery({ ...executionQuery(id ?? ''), enabled: id !== undefined }).data
  const over = execution && isFinal(execution.status)
  const done = over && execution.status === 'succeeded'
  useEffect(() => {
    if (done) void client.invalidateQueries() // a pack has something of each kind
  }, [done, client])
  const w = words[deed.kind]
  const running = start.isPending || (id !== undefined && !over)
  const failure = start.isError ? messageOf(start.error) : over && !done ? failureOf(execution) : undefined
  const leave = () => {
    close()
    if (done) onDone?.()
  }
  return (
    <Dialog title={deed.kind === 'install' ? w.title : `${w.title} ${deed.ref}`} open onClose={leave} className="max-w-2xl">
      <form
        className="flex min-h-0 flex-col gap-4 overflow-y-auto p-5"
        onSubmit={(e) => {
          e.preventDefault()
          start.mutate(false)
        }}
      >
        {deed.kind === 'install' && (
          <Field
            label="Pack"
            needed
            hint="A name in the index (disk, or disk=1.2.0 for a version), the address of a Git repository or archive (with =v1.2.0 for a tag or branch), or a folder on the server."
          >
            {(props) => <Input {...props} spellCheck={false} autoComplete="off" value={source} disabled={running || done} onChange={(e) => setSource(e.target.value)} />}
          </Field>
        )}
        {deed.kind === 'update' && !id && <p>It is fetched again from where it came from. What runs keeps the version that it began with.</p>}
        {deed.kind === 'remove' && !id && <p>Its actions, rules and sensors go with it. Its configuration stays. It is refused while something outside of the pack uses it.</p>}
        {id && (
          <section aria-label="Progress" className="flex flex-col overflow-hidden rounded-lg border">
            <p className="flex items-center gap-3 border-b px-3 py-2 text-sm">
              {execution && <StatusMark status={execution.status} />}
              <Link to="/executions/$id" params={{ id }} className="ml-auto text-accent hover:underline">
                Its execution
              </Link>
            </p>
            <Log key={id} id={id} className="max-h-64" />
          </section>
        )}
        {done && <Outcome of={execution} />}
        {failure && (
          <p role="alert" className="wrap-anywhere whitespace-pre-wrap text-bad">
            {failure}
          </p>
        )}
        <div className="flex flex-wrap justify-end gap-2">
          {failure && /use force/i.test(failure) && (
            <Button kind="danger" onClick={() => start.mutate(true)}>
              {w.again}
            </Button>
          )}
          {done ? (
            <Button kind="primary" autoFocus onClick={leave}>
              Done
            </Button>
          ) : (
            <>
              <Button onClick={leave}>{running ? 'Let it go on' : id ? 'Close' : 'Cancel'}</Button>
              <Button kind={deed.kind === 'remove' ? 'danger' : 'primary'} type="submit" disabled={running || (deed.kind === 'install' && !source.trim())}>
                {running ? 'Working …' : failure ? 'Try again' : w.verb}
              </Button>
            </>
          )}
        </div>
      </form>
    </Dialog>
  )
}

function failureOf(e: Execution): string {
  const said = (e.result as { error?: unknown } | null)?.error
  return typeof said === 'string' && said !== '' ? said : `It ended as ${e.status}.`
}

interface Report {
  packs?: { ref: string; version: string; before?: string; same?: boolean }[]
  packs_list?: string[]
  warning_list?: string[]
}

function reportOf(e: Execution): Report {
  return ((e.result as { result?: unknown } | null)?.result ?? {}) as Report
}

function linesOf({ packs, packs_list }: Report): string[] {
  return (
    packs?.map((p) => (p.same ? `${p.ref} ${p.version} was there already.` : p.before ? `${p.ref} is ${p.version} now; it was ${p.before}.` : `${p.ref} ${p.version} is installed.`)) ??
    packs_list?.map((ref) => `${ref} is removed.`) ?? ['Done.']
  )
}

/** What came of it, in words. */
function Outcome({ of }: { of: Execution }) {
  const report = reportOf(of)
  const lines = linesOf(report)
  return (
    <div role="status" className="flex flex-col gap-2">
      {lines.map((line) => (
        <p key={line} className="flex items-center gap-2 font-medium text-good">
          <CircleCheck size={16} aria-hidden /> {line}
        </p>
      ))}
      {(report.warning_list?.length ?? 0) > 0 && (
        <ul className="flex flex-col gap-1 text-sm text-warn">
          {report.warning_list!.map((w) => (
            <li key={w} className="break-words">
              {w}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

const deeds: Record<string, Deed['kind']> = { 'packs.install': 'install', 'packs.update': 'update', 'packs.uninstall': 'remove' }

const kindOf = (e: ExecutionRow) => deeds[e.action?.ref ?? '']

/** What is being done with packs, so that who has closed a dialog finds it again, and hears of its end. */
export function UnderWay({ shown, show }: { shown?: string; show: (deed: Deed) => void }) {
  const client = useQueryClient()
  const all = useQuery(executionList({ status: unfinished, runner: 'nightshift-native' }, 50)).data?.items.filter((e) => kindOf(e))
  const before = useRef<string[]>([])
  useEffect(() => {
    if (!all) return
    const now = all.map((e) => e.id)
    for (const id of before.current) {
      if (now.includes(id) || id === shown) continue // a dialog says it itself
      client.fetchQuery(executionQuery(id)).then((e) => {
        if (e.status === 'succeeded') toast.done(linesOf(reportOf(e)).join('\n'))
        else toast.failed(failureOf(e))
        return client.invalidateQueries()
      }, toast.failed)
    }
    before.current = now
  })
  if (!all?.length) return null
  return (
    <Panel title="Under way">
      <ul className="divide-y">
        {all.map((e) => (
          <Line key={e.id} execution={e} show={show} />
        ))}
      </ul>
    </Panel>
  )
}

function Line({ execution: e, show }: { execution: ExecutionRow; show: (deed: Deed) => void }) {
  const packs = (useQuery(executionQuery(e.id)).data?.parameters as { packs?: string[] } | undefined)?.packs
  const kind = kindOf(e)!
  const what = packs?.join(', ') ?? ''
  return (
    <li className="flex items-center gap-3 px-4 py-2">
      <StatusMark status={e.status} className="text-sm" />
      <span className="min-w-0 flex-1 wrap-anywhere">
        {words[kind].doing} {what}
      </span>
      <Ago at={e.start_timestamp} className="text-sm whitespace-nowrap text-muted" />
      {packs && (
        <Button size="sm" onClick={() => show(kind === 'install' ? { kind, source: what, id: e.id } : { kind, ref: what, id: e.id })}>
          Show
        </Button>
      )}
    </li>
  )
}
