import { useMutation, useQuery } from '@tanstack/react-query'
import { FlaskConical, ListChecks } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { executionList } from '@/api/executions'
import type { Action, JsonObject, Status } from '@/api/types'
import { Button } from '@/ui/button'
import { Field, inputClass, Select } from '@/ui/field'
import { cx } from '@/ui/cx'
import { written } from '@/ui/form/schema'
import { JsonView } from '@/ui/json/view'
import { StatusMark } from '@/ui/status'
import { localTime } from '@/ui/time'
import type { Workflow } from '@/workflow/workflow'
import { rehearse, type Assumed, type Mock, type Past, type Play } from './rehearsal'
import { SaveTest } from './savetest'
import { valueOf } from './rows'

/** Chooses the run whose data expressions are evaluated with. */
export function PastChoice({ action, id, choose }: { action?: string; id?: string; choose: (id: string | undefined) => void }) {
  const runs = useQuery({ ...executionList({ action, parts: '1' }, 25), enabled: action !== undefined })
  return (
    <Select aria-label="Data of a past run" title="Expressions are evaluated with the data of this run" className="w-auto max-w-56" value={id ?? ''} onChange={(e) => choose(e.target.value || undefined)}>
      <option value="">{runs.data?.items.length === 0 ? 'no past run' : 'data of no run'}</option>
      {id && !runs.data?.items.some((e) => e.id === id) && <option value={id}>run {id}</option>}
      {runs.data?.items.map((e) => (
        <option key={e.id} value={e.id}>
          {e.status}, {localTime(e.start_timestamp)}
        </option>
      ))}
    </Select>
  )
}

/** Plays the workflow with made-up results, and runs nothing. */
export function Tryout({ action, definition, workflow, past, show, played }: { action?: Action; definition: string; workflow: Workflow; past?: Past; show: (play: Play | undefined) => void; played?: Play }) {
  const [assume, setAssume] = useState<Assumed>('succeeded')
  const [inputs, setInputs] = useState<Record<string, string>>({})
  const [mocks, setMocks] = useState<Record<string, { status: Status | ''; result: string }>>({})
  const made = (task: string) => mocks[task] ?? { status: '' as const, result: '' }
  const [keeping, keep] = useState<{ definition: string; past: Past; assume: Assumed }>()
  const assumed = (): Past => {
    const given: JsonObject = { ...past?.inputs }
    for (const [name, text] of Object.entries(inputs)) if (text !== '') given[name] = valueOf(text)
    const own = Object.entries(mocks)
      .filter(([, m]) => m.status !== '')
      .map(([task, m]): Mock => ({ task_id: task, status: m.status as Status, result: m.result === '' ? null : valueOf(m.result), num_iter: 1000 }))
    const rest = (past?.mocks ?? []).filter((m) => !own.some((o) => o.task_id === m.task_id))
    return { inputs: given, mocks: [...own, ...rest] }
  }
  const run = useMutation({
    mutationFn: () => rehearse(definition, assumed(), assume),
    onSuccess: show,
    onError: () => show(undefined),
  })
  return (
    <div className="grid gap-4 p-3 md:grid-cols-2">
      <form
        className="flex flex-col gap-3"
        onSubmit={(e) => {
          e.preventDefault()
          run.mutate()
        }}
      >
        <div className="flex flex-wrap items-center gap-2">
          <Button type="submit" kind="primary" disabled={run.isPending}>
            <FlaskConical size={14} aria-hidden /> Play
          </Button>
          <Select aria-label="Actions of which nothing is said" className="w-auto" value={assume} onChange={(e) => setAssume(e.target.value as typeof assume)}>
            <option value="succeeded">all else succeeds</option>
            <option value="failed">all else fails</option>
            <option value="">show only what would start</option>
          </Select>
          {action && (
            <Button disabled={assume === ''} title={assume === '' ? 'A test expects how the workflow ends' : 'A test that expects what comes of this'} onClick={() => keep({ definition, past: assumed(), assume })}>
              <ListChecks size={14} aria-hidden /> Save as test …
            </Button>
          )}
          {past && <span className="text-xs text-muted">with the results of the chosen run</span>}
        </div>
        {workflow.input.map(([name, v]) => (
          <Field key={name} label={<span className="font-mono text-[12.5px]">{name}</span>} needed={v === undefined}>
            {(props) => (
              <input {...props} className={inputClass} value={inputs[name] ?? ''} placeholder={written(past?.inputs[name] ?? v)} onChange={(e) => setInputs({ ...inputs, [name]: e.target.value })} />
            )}
          </Field>
        ))}
        <fieldset className="flex flex-col gap-1.5">
          <legend className="mb-1 text-sm font-medium">Made-up results</legend>
          {workflow.tasks
            .filter((t) => t.action)
            .slice(0, 200)
            .map((t) => (
              <div key={t.name} className="flex items-start gap-1.5">
                <span className="w-32 shrink-0 truncate pt-1.5 text-[13px]" title={t.name}>
                  {t.name}
                </span>
                <Select aria-label={`How ${t.name} ends`} className="w-36 shrink-0" value={made(t.name).status} onChange={(e) => setMocks({ ...mocks, [t.name]: { ...made(t.name), status: e.target.value as Status | '' } })}>
                  <option value="">as above</option>
                  <option>succeeded</option>
                  <option>failed</option>
                </Select>
                {made(t.name).status !== '' && (
                  <textarea
                    aria-label={`What ${t.name} gives`}
                    placeholder='its result, such as {"stdout": "up"}'
                    rows={1}
                    spellCheck={false}
                    value={made(t.name).result}
                    onChange={(e) => setMocks({ ...mocks, [t.name]: { ...made(t.name), result: e.target.value } })}
                    className={cx(inputClass, 'h-8 min-h-8 py-1.5 font-mono text-[12.5px]')}
                  />
                )}
              </div>
            ))}
        </fieldset>
      </form>
      <div aria-live="polite" className="min-w-0">
        {run.isError && <p className="whitespace-pre-wrap text-bad">{messageOf(run.error)}</p>}
        {!run.isError && !played && <p className="text-muted">What would start, with what, and how it would end. Nothing is run.</p>}
        {!run.isError && played && <Outcome play={played} />}
      </div>
      {keeping && action && <SaveTest action={action} {...keeping} close={() => keep(undefined)} />}
    </div>
  )
}

function Outcome({ play }: { play: Play }) {
  return (
    <div className="flex flex-col gap-3">
      <p className="flex items-center gap-2 font-medium">
        Then it would be <StatusMark status={play.status} />
      </p>
      {play.errors.map((e, i) => (
        <p key={i} className="text-sm text-bad">
          {e.task_id && `${e.task_id}: `}
          {e.message}
        </p>
      ))}
      <ol className="flex flex-col gap-1 text-[13px]">
        {play.calls.map((c, i) => (
          <li key={i} className="rounded border px-2 py-1">
            <div className="flex items-center gap-2">
              {c.status && <StatusMark status={c.status} compact />}
              <span className="font-medium">
                {c.task_id}
                {c.item_id !== undefined && ` [${c.item_id}]`}
              </span>
              <span className="truncate text-muted">{c.action || 'no action'}</span>
            </div>
            {c.input !== null && <pre className="overflow-x-auto font-mono text-xs text-muted">{JSON.stringify(c.input)}</pre>}
          </li>
        ))}
      </ol>
      {play.output !== null && <JsonView value={play.output} label="output" className="rounded border" />}
    </div>
  )
}

/** How tasks ended in a play, the last time that each ran. */
export function statusesOf(play: Play | undefined): Map<string, Status> {
  return new Map(play?.calls.flatMap((c): [string, Status][] => (c.status ? [[c.task_id, c.status]] : [])))
}

