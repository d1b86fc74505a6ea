import { useQuery } from '@tanstack/react-query'
import { Trash2, X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { parametersQuery } from '@/api/actions'
import type { Json, JsonObject, Property } from '@/api/types'
import { Button, IconButton } from '@/ui/button'
import { Field, Select, Settled } from '@/ui/field'
import { askedFor, kindOf as formOf, read as readTyped, written } from '@/ui/form/schema'
import type { Selection } from './canvas'
import type { Source } from '@/edit/editor'
import { ExpressionField, type Surroundings } from './expression'
import * as edits from '@/workflow/edits'
import { splitAction, type Task, type Workflow } from '@/workflow/workflow'
import type { Finding } from './problems'
import { Rows, typedOf, valueOf } from './rows'

interface Common {
  source: Source
  workflow: Workflow
  around: Surroundings
  findings: Finding[]
  select: (s: Selection) => void
}

/** What can be said of what is selected: a task, a transition, or the workflow. */
export function Panel({ selection, ...common }: Common & { selection: Selection }) {
  const task = common.workflow.tasks.find((t) => t.name === selection?.task)
  if (!task) return <WorkflowPanel {...common} />
  if (selection?.transition !== undefined && task.next[selection.transition]) return <TransitionPanel key={`${task.name} ${selection.transition}`} task={task} index={selection.transition} {...common} />
  return <TaskPanel key={task.name} task={task} {...common} />
}

function Frame({ title, actions, children }: { title: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label="Properties" className="flex min-h-0 flex-col overflow-hidden bg-panel">
      <header className="flex min-h-11 items-center gap-2 border-b px-3">
        <h2 className="min-w-0 grow truncate text-sm font-semibold">{title}</h2>
        {actions}
      </header>
      <div className="flex min-h-0 grow flex-col gap-4 overflow-y-auto p-3">{children}</div>
    </section>
  )
}

function Group({ title, children, open = true }: { title: string; children: ReactNode; open?: boolean }) {
  return (
    <details open={open} className="border-t pt-3">
      <summary className="mb-2 text-sm font-medium">{title}</summary>
      <div className="flex flex-col gap-3">{children}</div>
    </details>
  )
}

/** What the server says of a place. */
function at(findings: Finding[], path: string): string | undefined {
  return findings.find((f) => f.spec_path === path || f.spec_path?.startsWith(path + '.') || f.spec_path?.startsWith(path + '['))?.message
}

/** A copy in which a key has another value, or is not there. */
function changed(d: JsonObject, key: string, value: Json | undefined): JsonObject {
  return Object.fromEntries([...Object.entries({ ...d, [key]: value ?? null })].filter(([k]) => k !== key || value !== undefined))
}

function TaskPanel({ task: t, source, workflow, around, findings, select }: Common & { task: Task }) {
  const path = `tasks.${t.name}`
  const field = (key: string, value: Json | undefined) => source.edit((text) => edits.setField(text, t.name, key, value))
  const expression = (key: string, label: string, value: Json | undefined) => (
    <ExpressionField label={label} value={typedOf(value)} task={t.name} before around={around} error={at(findings, `${path}.${key}`)} onChange={(text) => field(key, text === '' ? undefined : valueOf(text))} />
  )
  const retry = (key: string, text: string) => {
    const next = changed(t.retry ?? {}, key, text === '' ? undefined : valueOf(text))
    field('retry', Object.keys(next).length > 0 ? next : undefined)
  }
  return (
    <Frame
      title={`Task ${t.name}`}
      actions={
        <>
          <IconButton
            label={`Remove task ${t.name}`}
            onClick={() => {
              source.edit((text) => edits.removeTask(text, t.name))
              select(undefined)
            }}
          >
            <Trash2 size={15} aria-hidden />
          </IconButton>
          <IconButton label="Close" onClick={() => select(undefined)}>
            <X size={15} aria-hidden />
          </IconButton>
        </>
      }
    >
      <Field label="Name">
        {(props) => (
          <Settled
            {...props}
            value={t.name}
            onChange={(name) => {
              const done = source.edit((text) => edits.renameTask(text, t.name, name))
              if (done) select({ task: name })
              return done
            }}
          />
        )}
      </Field>
      <Field label="Action" error={at(findings, `${path}.action`)}>
        {(props) => (
          <>
            <Settled {...props} list="actions" value={t.action ?? ''} placeholder="none: it succeeds by itself" onChange={(ref) => field('action', ref || undefined)} />
            <datalist id="actions">
              {around.known.actions.map((a) => (
                <option key={a.ref} value={a.ref} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      {t.action && <InputForm task={t} source={source} around={around} findings={findings} />}
      <Group title="What follows">
        {t.next.length > 0 && (
          <ul className="flex flex-col gap-1">
            {t.next.map((n, i) => (
              <li key={i}>
                <button type="button" onClick={() => select({ task: t.name, transition: i })} className="flex w-full items-baseline gap-2 rounded-md border px-2 py-1.5 text-left text-[13px] hover:bg-sunken">
                  <KindMark when={n.when} />
                  <span className="min-w-0 grow truncate">{n.do.join(', ') || 'go on'}</span>
                  {n.publish.length > 0 && <span className="text-xs text-muted">publishes {n.publish.length}</span>}
                </button>
              </li>
            ))}
          </ul>
        )}
        <Connect task={t} workflow={workflow} source={source} />
      </Group>
      <Group title="When it begins" open={t.join !== undefined || t.delay !== undefined}>
        <Field label="Waits for" hint="how many of the tasks before it must have come here">
          {(props) => (
            <Settled {...props} value={written(t.join)} placeholder="each by itself; or all, or a number" onChange={(text) => field('join', text === '' ? undefined : valueOf(text))} />
          )}
        </Field>
        {expression('delay', 'delay (seconds)', t.delay)}
      </Group>
      <Group title="For each item" open={t.with !== undefined}>
        <ExpressionField
          label="items"
          value={t.with?.items ?? ''}
          task={t.name}
          before
          around={around}
          error={at(findings, `${path}.with`)}
          onChange={(text) => field('with', text === '' ? undefined : t.with?.concurrency !== undefined ? { items: text, concurrency: t.with.concurrency } : { items: text })}
        />
        {t.with && (
          <ExpressionField
            label="concurrency"
            value={typedOf(t.with.concurrency)}
            task={t.name}
            before
            around={around}
            onChange={(text) => field('with', { items: t.with!.items, ...(text !== '' && { concurrency: valueOf(text) }) })}
          />
        )}
      </Group>
      <Group title="If it fails" open={t.retry !== undefined || t.timeout !== undefined}>
        {(['count', 'delay', 'when'] as const).map((key) => (
          <ExpressionField
            key={key}
            label={{ count: 'retry: how often', delay: 'retry: after how many seconds', when: 'retry: when' }[key]}
            value={typedOf(t.retry?.[key])}
            task={t.name}
            around={around}
            error={at(findings, `${path}.retry.${key}`)}
            onChange={(text) => retry(key, text)}
          />
        ))}
        {expression('timeout', 'timeout (seconds)', t.timeout)}
      </Group>
      <UndoForm task={t} source={source} around={around} findings={findings} />
    </Frame>
  )
}

/** How the task is taken back if the workflow fails later on. */
function UndoForm({ task: t, source, around, findings }: { task: Task; source: Source; around: Surroundings; findings: Finding[] }) {
  const undo = t.undo ?? {}
  const { action, inline } = splitAction(typeof undo.action === 'string' ? undo.action : undefined)
  const input: [string, Json | undefined][] = inline ?? Object.entries(typeof undo.input === 'object' && undo.input !== null && !Array.isArray(undo.input) ? undo.input : {})
  const write = (ref: string | undefined, rows: [string, Json | undefined][]) =>
    source.edit((x) => edits.setField(x, t.name, 'undo', ref ? { action: ref, ...(rows.length > 0 && { input: Object.fromEntries(rows.map(([n, v]) => [n, v ?? null])) }) } : undefined))
  return (
    <Group title="If it must be taken back" open={t.undo !== undefined}>
      <Field label="Undo" hint="The action that takes back what this task did, when the workflow fails, times out or is canceled after it has succeeded." error={at(findings, `tasks.${t.name}.undo`)}>
        {(props) => <Settled {...props} list="actions" value={action ?? ''} placeholder="none: it stays done" onChange={(ref) => write(ref || undefined, input)} />}
      </Field>
      {action && <Rows what="parameter of the undo" rows={input} task={t.name} around={around} onChange={(rows) => void write(action, rows)} />}
    </Group>
  )
}

/** A form for what a task gives its action, made from the action's schema. */
function InputForm({ task: t, source, around, findings }: { task: Task; source: Source; around: Surroundings; findings: Finding[] }) {
  const query = useQuery({ ...parametersQuery(t.action!), enabled: !/[<{]/.test(t.action!), retry: false })
  const [all, setAll] = useState(false)
  const [wrong, setWrong] = useState<Record<string, string>>({})
  const given: JsonObject = t.inline ? Object.fromEntries(t.inline) : typeof t.input === 'object' && t.input !== null && !Array.isArray(t.input) ? t.input : {}
  const asked = askedFor(query.data ?? {})
  const unknown = Object.keys(given).filter((name) => query.data && !(name in query.data))
  const shown = asked.filter(([name, p]) => all || name in given || p.required || (p.position !== undefined && p.position < 100))
  const own = shown.length > 0 ? shown : asked.slice(0, 4)
  const put = (name: string, p: Property, text: string) => {
    let value: Json | undefined
    if (text !== '') {
      const got = readTyped(p, text)
      setWrong((w) => ({ ...w, [name]: 'error' in got ? got.error : '' }))
      if ('error' in got) return
      value = got.value
    }
    source.edit((x) => edits.setInput(x, t.name, changed(given, name, value)))
  }
  if (typeof t.input === 'string') {
    return <ExpressionField label="input" value={t.input} task={t.name} before around={around} onChange={(text) => source.edit((x) => edits.setField(x, t.name, 'input', text || undefined))} />
  }
  return (
    <Group title="Input">
      {query.isError && <p className="text-sm text-muted">Nobody knows what it takes.</p>}
      {[...own, ...unknown.map((name): [string, Property] => [name, { description: 'The action does not take this.' }])].map(([name, p]) => (
        <div key={name} className="flex flex-col gap-0.5">
          <Parameter name={name} property={p} value={given[name]} task={t.name} around={around} error={wrong[name] || at(findings, `tasks.${t.name}.input.${name}`)} onChange={(text) => put(name, p, text)} />
          {p.description && <p className="text-xs text-muted">{p.description}</p>}
        </div>
      ))}
      {(all || own.length < asked.length) && (
        <Button kind="ghost" size="sm" aria-expanded={all} className="self-start" onClick={() => setAll(!all)}>
          {all ? 'Fewer parameters' : `${asked.length - own.length} more parameters`}
        </Button>
      )}
    </Group>
  )
}

function Parameter({ name, property: p, value, error, ...rest }: { name: string; property: Property; value: Json | undefined; task: string; around: Surroundings; error?: string; onChange: (text: string) => void }) {
  const [free, setFree] = useState(false)
  const form = formOf(p)
  const label = p.required && p.default === undefined ? `${name} *` : name
  const choices = form === 'boolean' ? [true, false] : form === 'choice' ? (p.enum ?? []) : []
  const text = typeof value === 'string' ? value : written(value)
  if (choices.length > 0 && !free && !/<%|\{\{/.test(text)) {
    return (
      <Field label={<span className="font-mono text-[12.5px] font-normal">{label}</span>} error={error}>
        {(props) => (
          <Select {...props} value={text} onChange={(e) => (e.target.value === '\0' ? setFree(true) : rest.onChange(e.target.value))}>
            <option value="">{p.default === undefined ? '' : `${written(p.default)} (default)`}</option>
            {choices.map((c) => (
              <option key={written(c)} value={written(c)}>
                {written(c)}
              </option>
            ))}
            <option value={'\0'}>an expression …</option>
          </Select>
        )}
      </Field>
    )
  }
  return <ExpressionField label={label} value={text} before error={error} {...rest} />
}

/** Leads to another task without a mouse. */
function Connect({ task, workflow, source }: { task: Task; workflow: Workflow; source: Source }) {
  const [kind, setKind] = useState<edits.Kind>('success')
  const [to, setTo] = useState('')
  return (
    <form
      className="grid grid-cols-[auto_minmax(0,1fr)] gap-1.5"
      onSubmit={(e) => {
        e.preventDefault()
        if (to && source.edit((text) => edits.connect(text, task.name, to, kind))) setTo('')
      }}
    >
      <Select aria-label="Leads on" value={kind} onChange={(e) => setKind(e.target.value as edits.Kind)} className="w-auto shrink-0">
        <option value="success">on success</option>
        <option value="failure">on failure</option>
        <option value="always">always</option>
      </Select>
      <Select aria-label="Leads to" value={to} onChange={(e) => setTo(e.target.value)}>
        <option value="">to …</option>
        {workflow.tasks.map((o) => (
          <option key={o.name}>{o.name}</option>
        ))}
        <option value="fail">fail: the workflow fails</option>
        <option value="noop">noop: nothing</option>
      </Select>
      <Button type="submit" disabled={!to} className="col-span-2">
        Connect
      </Button>
    </form>
  )
}

const kindWords = { success: ['on success', 'text-good'], failure: ['on failure', 'text-bad'], always: ['always', 'text-muted'], other: ['if', 'text-busy'] } as const

function KindMark({ when }: { when?: string }) {
  const [word, colour] = kindWords[edits.kindOf(when)]
  return <span className={`shrink-0 text-xs font-medium ${colour}`}>{word}</span>
}

function TransitionPanel({ task: t, index, source, workflow, around, findings, select }: Common & { task: Task; index: number }) {
  const n = t.next[index]!
  const path = `tasks.${t.name}.next[${index}]`
  const kind = edits.isPlain(n.when) ? edits.kindOf(n.when) : 'own'
  const condition = (when: string) => source.edit((text) => edits.setCondition(text, t.name, index, when))
  return (
    <Frame
      title={
        <button type="button" className="hover:underline" onClick={() => select({ task: t.name })}>
          After {t.name}
        </button>
      }
      actions={
        <>
          <IconButton
            label="Remove this connection"
            onClick={() => {
              source.edit((text) => edits.removeTransition(text, t.name, index))
              select({ task: t.name })
            }}
          >
            <Trash2 size={15} aria-hidden />
          </IconButton>
          <IconButton label="Close" onClick={() => select(undefined)}>
            <X size={15} aria-hidden />
          </IconButton>
        </>
      }
    >
      <Field label="When">
        {(props) => (
          <Select
            {...props}
            value={kind}
            onChange={(e) => {
              const to = e.target.value
              condition(to === 'always' ? '' : to === 'own' ? `${n.when ? n.when.trim().replace(/\s*(%>|\}\})$/, '') : '<% succeeded()'} and  %>` : edits.conditions[to as 'success' | 'failure'])
            }}
          >
            <option value="success">it succeeds</option>
            <option value="failure">it fails</option>
            <option value="always">always</option>
            <option value="own">a condition holds</option>
          </Select>
        )}
      </Field>
      {kind === 'own' && <ExpressionField label="when" value={n.when ?? ''} task={t.name} around={around} error={at(findings, `${path}.when`)} onChange={condition} />}
      <Group title="Publish">
        <Rows
          what="variable"
          rows={n.publish}
          task={t.name}
          around={around}
          errors={(name, i) => at(findings, `${path}.publish[${i}].${name}`)}
          onChange={(rows) => source.edit((text) => edits.setPublish(text, t.name, index, rows.map(([name, v]) => [name, v ?? null])))}
        />
      </Group>
      <Group title="Then do">
        {n.do.map((to) => (
          <div key={to} className="flex items-center gap-2 rounded-md border px-2 text-[13px]">
            <span className="grow truncate">{to}</span>
            <IconButton label={`Do not do ${to}`} onClick={() => source.edit((text) => edits.setTargets(text, t.name, index, n.do.filter((o) => o !== to)))}>
              <X size={14} aria-hidden />
            </IconButton>
          </div>
        ))}
        <Select aria-label="Add what to do" value="" onChange={(e) => source.edit((text) => edits.setTargets(text, t.name, index, [...n.do, e.target.value]))}>
          <option value="">add …</option>
          {[...workflow.tasks.map((o) => o.name), 'fail', 'noop']
            .filter((name) => !n.do.includes(name))
            .map((name) => (
              <option key={name}>{name}</option>
            ))}
        </Select>
      </Group>
    </Frame>
  )
}

function WorkflowPanel({ source, workflow: w, around, findings }: Common) {
  const list = (key: 'input' | 'vars' | 'output' | 'output-on-error') => (rows: [string, Json | undefined][]) =>
    void source.edit((text) => edits.setList(text, key, rows.map(([n, v]) => [n, v === undefined && key !== 'input' ? null : v])))
  return (
    <Frame title="Workflow">
      {findings.length > 0 && (
        <div role="alert" className="rounded-md border border-bad/40 bg-bad/5 p-2 text-[13px]">
          <p className="font-medium text-bad">{findings.length === 1 ? 'There is a mistake.' : `There are ${findings.length} mistakes.`}</p>
          <ul className="mt-1 flex flex-col gap-1">
            {findings.slice(0, 20).map((f, i) => (
              <li key={i}>
                <button type="button" className="text-left hover:underline" onClick={() => source.show(f.line)}>
                  line {f.line}: {f.message} {f.hint && <span className="text-muted">{f.hint}</span>}
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
      <Field label="Description">{(props) => <Settled {...props} value={w.description ?? ''} onChange={(x) => source.edit((text) => edits.setWhole(text, 'description', x || undefined))} />}</Field>
      <Group title="Input">
        <Rows what="input" rows={w.input} task="" around={around} onChange={list('input')} />
      </Group>
      <Group title="Variables">
        <Rows what="variable" rows={w.vars} task="" around={around} onChange={list('vars')} />
      </Group>
      <Group title="Output">
        <Rows what="output" rows={w.output} task="" around={around} errors={(name, i) => at(findings, `output[${i}].${name}`)} onChange={list('output')} />
      </Group>
      <Group title="Output if it fails" open={w.outputOnError !== undefined}>
        <p className="text-xs text-muted">{w.outputOnError === undefined ? 'As the output, unless something is said here.' : 'In place of the output when it fails, times out or is abandoned.'}</p>
        <Rows what="output on error" rows={w.outputOnError ?? []} task="" around={around} onChange={list('output-on-error')} />
      </Group>
      <Group title="More" open={w.timeout !== undefined || w.name !== undefined || w.tags !== undefined}>
        <ExpressionField label="timeout (seconds)" value={typedOf(w.timeout)} task="" before around={around} error={at(findings, 'timeout')} onChange={(x) => source.edit((text) => edits.setWhole(text, 'timeout', x === '' ? undefined : valueOf(x)))} />
        <Field label="Name" hint="For people; what it is called is said by its metadata.">
          {(props) => <Settled {...props} value={w.name ?? ''} onChange={(x) => source.edit((text) => edits.setWhole(text, 'name', x || undefined))} />}
        </Field>
        <Field label="Tags" hint="With commas between them.">
          {(props) => (
            <Settled
              {...props}
              value={w.tags?.join(', ') ?? ''}
              onChange={(x) => {
                const tags = x.split(',').map((t) => t.trim()).filter((t) => t !== '')
                return source.edit((text) => edits.setWhole(text, 'tags', tags.length > 0 ? tags : undefined))
              }}
            />
          )}
        </Field>
      </Group>
    </Frame>
  )
}
