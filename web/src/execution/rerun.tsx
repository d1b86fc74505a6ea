import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { parametersQuery } from '@/api/actions'
import { messageOf } from '@/api/client'
import { reRun } from '@/api/executions'
import type { Execution, Properties } from '@/api/types'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SchemaForm } from '@/ui/form/form'
import { readAll, written, type Draft } from '@/ui/form/schema'
import { Loaded } from '@/ui/state'
import { isBad } from '@/ui/status'
import { toast } from '@/ui/toast'

type Way = 'whole' | 'failed' | 'task'

/** Runs an execution again: all of it with other parameters, or a workflow from where it failed. */
export function ReRun({ execution: e, task, close }: { execution: Execution; task?: string; close: () => void }) {
  const parameters = useQuery(parametersQuery(e.action?.ref ?? ''))
  return (
    <Dialog title={`Run ${e.action?.ref} again`} open onClose={close} className="max-w-xl">
      <Loaded query={parameters}>{(properties) => <Form execution={e} task={task} properties={properties} close={close} />}</Loaded>
    </Dialog>
  )
}

function Form({ execution: e, task, properties, close }: { execution: Execution; task?: string; properties: Properties; close: () => void }) {
  const resumable = e.runner?.name === 'orquesta'
  const [way, setWay] = useState<Way>(resumable && task ? 'task' : resumable && isBad(e.status) ? 'failed' : 'whole')
  // A masked secret is not what it was, so it is asked for again only if it is to change.
  const before: Draft = Object.fromEntries(
    Object.entries(e.parameters ?? {})
      .filter(([name]) => properties[name] && !properties[name].secret)
      .map(([name, v]) => [name, written(v)]),
  )
  const [draft, setDraft] = useState(before)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const navigate = useNavigate()
  const run = useMutation({
    mutationFn: (body: Parameters<typeof reRun>[1]) => reRun(e.id, body),
    onSuccess: (made) => {
      close()
      toast.done('It runs again.')
      void navigate({ to: '/executions/$id', params: { id: made.id } })
    },
  })
  const submit = () => {
    if (way === 'failed') return run.mutate({ failed: true })
    if (way === 'task' && task) return run.mutate({ tasks: [task], reset: [task] })
    const secrets = Object.keys(e.parameters ?? {}).filter((name) => properties[name]?.secret)
    const read = readAll(Object.fromEntries(Object.entries(properties).filter(([name]) => !secrets.includes(name) || draft[name])), draft)
    setErrors(read.errors)
    if (Object.keys(read.errors).length > 0) return
    const changed = Object.entries(read.values).filter(([name]) => draft[name] !== before[name])
    run.mutate(changed.length > 0 ? { parameters: Object.fromEntries(changed) } : {})
  }
  const ways: [Way, string, boolean][] = [
    ['failed', 'From the tasks that failed', resumable && isBad(e.status)],
    ['task', `From task ${task}`, resumable && task !== undefined],
    ['whole', 'All of it', true],
  ]
  const offered = ways.filter(([, , can]) => can)
  return (
    <form
      className="flex min-h-0 flex-col"
      onSubmit={(ev) => {
        ev.preventDefault()
        submit()
      }}
    >
      <div className="flex flex-col gap-4 overflow-y-auto p-5">
        {offered.length > 1 && (
          <fieldset className="flex flex-col gap-1.5">
            <legend className="mb-1 text-sm font-medium">What is to run?</legend>
            {offered.map(([w, words]) => (
              <label key={w} className="flex items-center gap-2">
                <input type="radio" name="way" checked={way === w} onChange={() => setWay(w)} className="accent-accent" /> {words}
              </label>
            ))}
          </fieldset>
        )}
        {way === 'whole' ? (
          <SchemaForm properties={properties} draft={draft} errors={errors} onChange={setDraft} />
        ) : (
          <p className="text-sm text-muted">It goes on with the parameters and variables that it had.</p>
        )}
        {run.isError && (
          <p role="alert" className="whitespace-pre-wrap text-bad">
            {messageOf(run.error)}
          </p>
        )}
      </div>
      <div className="flex justify-end gap-2 border-t px-5 py-3">
        <Button onClick={close}>Leave it</Button>
        <Button kind="primary" type="submit" disabled={run.isPending}>
          Run again
        </Button>
      </div>
    </form>
  )
}
