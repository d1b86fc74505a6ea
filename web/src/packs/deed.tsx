import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import { useEffect, useState } from 'react'
import { messageOf } from '@/api/client'
import { executionQuery } from '@/api/executions'
import { installPack, removePack, updatePack } from '@/api/packs'
import type { Execution } from '@/api/types'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Log } from '@/ui/log'
import { isFinal, StatusMark } from '@/ui/status'

/** What is done with packs, and with which. */
export type Deed = { kind: 'install'; source: string } | { kind: 'update' | 'remove'; ref: string }

const words = {
  install: { title: 'Install a pack', verb: 'Install', again: 'Install it nevertheless' },
  update: { title: 'Update', verb: 'Update', again: 'Update it nevertheless' },
  remove: { title: 'Remove', verb: 'Remove', again: 'Remove it nevertheless' },
}

/** Asks, does it, and shows how it goes. An execution does it, which goes on when the dialog is closed. */
export function DeedDialog({ deed, close, onDone }: { deed: Deed; close: () => void; onDone?: () => void }) {
  const client = useQueryClient()
  const [source, setSource] = useState(deed.kind === 'install' ? deed.source : '')
  const start = useMutation({
    mutationFn: (force: boolean) => (deed.kind === 'install' ? installPack(source.trim(), force) : deed.kind === 'update' ? updatePack(deed.ref, force) : removePack(deed.ref, force)),
  })
  const execution = useQuery({ ...executionQuery(start.data ?? ''), enabled: Boolean(start.data) }).data
  const over = execution && isFinal(execution.status)
  const done = over && execution.status === 'succeeded'
  useEffect(() => {
    if (done) void client.invalidateQueries() // a pack has something of each kind
  }, [done, client])
  const w = words[deed.kind]
  const running = start.isPending || (start.data !== undefined && !over)
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
        {deed.kind === 'update' && !start.data && <p>It is fetched again from where it came from. What runs keeps the version that it began with.</p>}
        {deed.kind === 'remove' && !start.data && <p>Its actions, rules and sensors go with it. Its configuration stays. It is refused while something outside of the pack uses it.</p>}
        {start.data && (
          <section aria-label="Progress" className="flex flex-col overflow-hidden rounded-lg border">
            <p className="flex items-center gap-3 border-b px-3 py-2 text-sm">
              {execution && <StatusMark status={execution.status} />}
              <Link to="/executions/$id" params={{ id: start.data }} className="ml-auto text-accent hover:underline">
                Its execution
              </Link>
            </p>
            <Log key={start.data} id={start.data} className="max-h-64" />
          </section>
        )}
        {done && <Outcome of={execution} />}
        {failure && (
          <p role="alert" className="whitespace-pre-wrap text-bad">
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
              <Button onClick={leave}>{running ? 'Let it go on' : 'Cancel'}</Button>
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

/** What came of it, in words. */
function Outcome({ of }: { of: Execution }) {
  const report = ((of.result as { result?: unknown } | null)?.result ?? {}) as Report
  const lines = report.packs?.map((p) => (p.same ? `${p.ref} ${p.version} was there already.` : p.before ? `${p.ref} is ${p.version} now; it was ${p.before}.` : `${p.ref} ${p.version} is installed.`)) ??
    report.packs_list?.map((ref) => `${ref} is removed.`) ?? ['Done.']
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
