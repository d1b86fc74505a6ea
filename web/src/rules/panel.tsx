import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useId, useMemo, useState, type ReactNode } from 'react'
import { parametersQuery } from '@/api/actions'
import type { Json, JsonObject, Properties, TriggerType } from '@/api/types'
import type { Source } from '@/edit/editor'
import { CodeField, type Insert } from '@/edit/field'
import { Button, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Input, Select, Settled } from '@/ui/field'
import { SchemaForm } from '@/ui/form/form'
import { askedFor, read as readTyped, readAll, written } from '@/ui/form/schema'
import { completionsOf, type Known } from './completion'
import * as edits from './model/edits'
import { keyOf, operators, saysOf, templateOf, type Field as EventField } from './model/fields'
import type { Asked, Part } from './model/graph'
import type { Criterion, Draft } from './model/rule'
import type { Tried } from './trial'

export interface PanelProps {
  part: Part | undefined
  select: (part: Part | undefined) => void
  draft: Draft
  source: Source
  known: Known
  kind?: TriggerType
  seen: number // events that fields are known from
  event?: Tried // that is chosen, or the latest that fires
  asked: ReadonlyMap<string, Asked>
  made: boolean // it is new, so it can have any name
}

/** What can be said of what is selected: the event, the criteria, the action, or the rule. */
export function RulePanel(props: PanelProps) {
  switch (props.part) {
    case 'event':
      return <EventPanel {...props} />
    case 'gate':
      return <GatePanel {...props} />
    case 'action':
      return <ActionPanel key={props.draft.action.ref} {...props} />
    default:
      return <WholePanel {...props} />
  }
}

function Frame({ title, close, children }: { title: string; close?: () => void; children: ReactNode }) {
  return (
    <section aria-label="Properties" className="flex min-h-0 flex-col overflow-hidden bg-panel">
      <header className="flex min-h-11 items-center gap-2 border-b px-3">
        <h2 className="min-w-0 grow truncate text-sm font-semibold">{title}</h2>
        {close && (
          <IconButton label="Close" onClick={close}>
            <X size={15} aria-hidden />
          </IconButton>
        )}
      </header>
      <div className="flex min-h-0 grow flex-col gap-4 overflow-y-auto p-3">{children}</div>
    </section>
  )
}

function WholePanel({ draft, source, select, made }: PanelProps) {
  const put = (key: 'name' | 'description' | 'enabled' | 'type', value: Json | undefined) => void source.edit((x) => edits.setField(x, key, value))
  const parts: [Part, string, string][] = [
    ['event', 'When this happens', draft.trigger.type || 'no event yet'],
    ['gate', 'and all of this is so', draft.criteria.length === 0 ? 'every one of them' : draft.criteria.length === 1 ? 'one criterion' : `${draft.criteria.length} criteria`],
    ['action', 'then run', draft.action.ref || 'nothing yet'],
  ]
  return (
    <Frame title="Rule">
      <Field label="Name" needed hint={made ? undefined : 'Clone a rule to have it under another name.'}>
        {(p) => (made ? <Settled {...p} value={draft.name} onChange={(x) => put('name', x)} /> : <Input {...p} value={draft.name} readOnly />)}
      </Field>
      <Field label="Description">{(p) => <Settled {...p} value={draft.description} onChange={(x) => put('description', x || undefined)} />}</Field>
      <label className="flex items-center gap-2 text-sm">
        <input type="checkbox" checked={draft.enabled} onChange={(e) => put('enabled', e.target.checked)} /> It listens as soon as it is saved
      </label>
      <Field label="It is asked">
        {(p) => (
          <Select {...p} value={draft.kind} onChange={(e) => put('type', e.target.value === 'standard' ? undefined : e.target.value)}>
            <option value="standard">about each event</option>
            <option value="backstop">only if no other rule has matched</option>
          </Select>
        )}
      </Field>
      <ul className="flex flex-col gap-1 border-t pt-3">
        {parts.map(([part, says, is]) => (
          <li key={part}>
            <button type="button" onClick={() => select(part)} className="flex w-full flex-col rounded-md border px-2.5 py-1.5 text-left hover:bg-sunken">
              <span className="text-xs text-muted">{says}</span>
              <span className="w-full truncate text-[13px] font-medium">{is}</span>
            </button>
          </li>
        ))}
      </ul>
    </Frame>
  )
}

function EventPanel({ draft, source, select, known, kind, seen }: PanelProps) {
  const list = useId()
  const add = (f: EventField) => {
    if (source.edit((x) => edits.addCriterion(x, criterionOf(f, edits.freeKey(x, keyOf(f)))))) select('gate')
  }
  return (
    <Frame title="When this happens" close={() => select(undefined)}>
      <Field label="Event" hint={kind?.description}>
        {(p) => <Settled {...p} list={list} value={draft.trigger.type} onChange={(type) => void source.edit((x) => edits.setTrigger(x, type))} />}
      </Field>
      <datalist id={list}>
        {known.triggers.map((t) => (
          <option key={t.ref} value={t.ref} />
        ))}
      </datalist>
      {kind && <TriggerForm key={kind.ref} properties={kind.parameters_schema.properties ?? {}} values={draft.trigger.parameters} onChange={(v) => void source.edit((x) => edits.setTriggerParameters(x, v))} />}
      {draft.trigger.type && (
        <Fields fields={known.fields} use={add} seen={seen}>
          Choose one to ask for it.
        </Fields>
      )}
    </Frame>
  )
}

function TriggerForm({ properties, values, onChange }: { properties: Properties; values: JsonObject; onChange: (values: JsonObject) => void }) {
  const [draft, setDraft] = useState<Record<string, string>>({})
  const [errors, setErrors] = useState<Record<string, string>>({})
  if (askedFor(properties).length === 0) return <p className="text-sm text-muted">Each of these events counts.</p>
  const shown = { ...Object.fromEntries(Object.entries(values).map(([k, v]) => [k, written(v)])), ...draft }
  return (
    <SchemaForm
      properties={properties}
      draft={shown}
      errors={errors}
      onChange={(next) => {
        const got = readAll(properties, next)
        const wrong = Object.fromEntries(Object.entries(got.errors).filter(([name]) => next[name]))
        setErrors(wrong)
        // What can't be a value yet stays in the form, and the rest is in the text.
        setDraft(Object.fromEntries(Object.keys(wrong).map((name) => [name, next[name]!])))
        const unknown = Object.entries(values).filter(([name]) => !(name in properties))
        onChange({ ...Object.fromEntries(unknown), ...got.values })
      }}
    />
  )
}

function criterionOf(f: EventField, key: string): Criterion {
  return { key, type: f.type === 'string' || f.examples.length > 0 ? 'equals' : 'exists', pattern: f.examples[0] ?? '' }
}

function GatePanel({ draft, source, select, known, seen, asked }: PanelProps) {
  const list = useId()
  return (
    <Frame title="and all of this is so" close={() => select(undefined)}>
      {draft.criteria.length === 0 && <p className="text-sm text-muted">Nothing more is asked: each such event counts.</p>}
      <ul aria-label="Criteria" className="flex flex-col gap-3">
        {draft.criteria.map((c) => (
          <li key={c.key}>
            <CriterionForm criterion={c} source={source} fields={known.fields} list={list} asked={asked.get(c.key)} />
          </li>
        ))}
      </ul>
      <datalist id={list}>
        {known.fields.map((f) => (
          <option key={f.path} value={keyOf(f)} />
        ))}
      </datalist>
      <Button size="sm" className="self-start" onClick={() => void source.edit((x) => edits.addCriterion(x, { key: edits.freeKey(x, 'trigger.field'), type: 'equals', pattern: '' }))}>
        <Plus size={13} aria-hidden /> Criterion
      </Button>
      <Fields fields={known.fields} use={(f) => void source.edit((x) => edits.addCriterion(x, criterionOf(f, edits.freeKey(x, keyOf(f)))))} seen={seen}>
        Choose one to ask for it.
      </Fields>
    </Frame>
  )
}

function CriterionForm({ criterion: c, source, fields, list, asked }: { criterion: Criterion; source: Source; fields: readonly EventField[]; list: string; asked?: Asked }) {
  const id = useId()
  const examples = fields.find((f) => keyOf(f) === c.key.split('#')[0])?.examples ?? []
  const put = (to: Partial<Criterion>) => void source.edit((x) => edits.setCriterion(x, c.key, { ...c, ...to }))
  const there = c.type === 'exists' || c.type === 'nexists'
  return (
    <div className="flex flex-col gap-1.5 rounded-md border p-2">
      <div className="flex items-center gap-1">
        <Settled aria-label={`Field of ${c.key}`} list={list} value={c.key} className="font-mono text-[12.5px]" onChange={(key) => put({ key })} />
        <IconButton label={`Remove ${c.key}`} onClick={() => void source.edit((x) => edits.removeCriterion(x, c.key))}>
          <X size={14} aria-hidden />
        </IconButton>
      </div>
      <Select aria-label={`Comparison of ${c.key}`} value={c.type} onChange={(e) => put({ type: e.target.value, condition: e.target.value === 'search' ? (c.condition ?? 'any') : undefined })}>
        {!operators.some(([name]) => name === c.type) && <option value={c.type}>{saysOf(c.type)}</option>}
        {operators.map(([name, says]) => (
          <option key={name} value={name}>
            {says}
          </option>
        ))}
      </Select>
      {c.type === 'search' && (
        <Select aria-label={`How many items of ${c.key}`} value={c.condition ?? 'all'} onChange={(e) => put({ condition: e.target.value })}>
          <option value="any">at least one item meets all patterns</option>
          <option value="all">every item meets all patterns</option>
          <option value="any2any">at least one item meets at least one pattern</option>
          <option value="all2any">every item meets at least one pattern</option>
        </Select>
      )}
      {!there && (
        <>
          <Settled aria-label={`Pattern for ${c.key}`} list={id} value={written(c.pattern).replace(/\s*\n\s*/g, ' ')} className="font-mono text-[12.5px]" onChange={(text) => put({ pattern: patternOf(text, c.pattern, examples) })} />
          <datalist id={id}>
            {examples.map((e) => (
              <option key={JSON.stringify(e)} value={written(e)} />
            ))}
          </datalist>
        </>
      )}
      {asked && (
        <p className={cx('font-mono text-xs break-words', asked.met ? 'text-good' : asked.decided ? 'text-bad' : 'text-muted')}>
          {asked.met ? 'met' : 'not met'}: the event has {asked.value === undefined || asked.value === null ? 'nothing there' : written(asked.value) || '""'}
        </p>
      )}
    </div>
  )
}

/** A number stays one where the field has numbers, and lists are JSON; all else is a text. */
export function patternOf(text: string, before: Json, examples: readonly Json[]): Json {
  const wanted = typeof (examples[0] ?? before)
  if (/^\s*(\[|\{(?!\{))/.test(text) || (wanted === 'number' && /^-?\d+(\.\d+)?$/.test(text)) || (wanted === 'boolean' && /^(true|false)$/.test(text))) {
    try {
      return JSON.parse(text) as Json
    } catch {
      return text
    }
  }
  return text
}

function ActionPanel({ draft, source, select, known, seen, event }: PanelProps) {
  const list = useId()
  const { ref, parameters } = draft.action
  const takes = useQuery({ ...parametersQuery(ref), enabled: ref !== '', retry: false })
  const [all, setAll] = useState(false)
  const [aim, setAim] = useState<{ name: string; insert: Insert }>()
  const [wrong, setWrong] = useState<Record<string, string>>({})
  const complete = useMemo(() => completionsOf(() => known), [known])
  const asked = askedFor(takes.data ?? {})
  const unknown = Object.keys(parameters).filter((name) => takes.data && !(name in takes.data))
  const some = asked.filter(([name, p]) => all || name in parameters || p.required || (p.position !== undefined && p.position < 100))
  const shown = some.length > 0 ? some : asked.slice(0, 4)
  const put = (name: string, text: string) => {
    let value: Json | undefined
    if (text !== '') {
      const p = takes.data?.[name] ?? {}
      const got = /\{\{|\{%/.test(text) ? { value: text } : readTyped(p, text)
      setWrong((w) => ({ ...w, [name]: 'error' in got ? got.error : '' }))
      if ('error' in got) return
      value = got.value
    }
    source.edit((x) => edits.setParameter(x, name, value))
  }
  return (
    <Frame title="then run" close={() => select(undefined)}>
      <Field label="Action">{(p) => <Settled {...p} list={list} value={ref} onChange={(to) => void source.edit((x) => edits.setAction(x, to))} />}</Field>
      <datalist id={list}>
        {known.actions.map((a) => (
          <option key={a.ref} value={a.ref} />
        ))}
      </datalist>
      {takes.isError && <p className="text-sm text-muted">Nobody knows what it takes.</p>}
      {takes.data && asked.length === 0 && <p className="text-sm text-muted">It takes nothing.</p>}
      {[...shown.map(([name, p]) => ({ name, says: p.description, needed: p.required && p.default === undefined })), ...unknown.map((name) => ({ name, says: 'The action does not take this.', needed: false }))].map(({ name, says, needed }) => (
        <div key={name} className="flex flex-col gap-0.5">
          <CodeField
            label={needed ? `${name} *` : name}
            value={written(parameters[name])}
            complete={complete}
            error={wrong[name]}
            onFocus={(insert) => setAim({ name, insert })}
            onChange={(text) => put(name, text)}
          >
            {(typed) => /\{\{|\{%/.test(typed) && event?.starts && <Given starts={event.starts} name={name} />}
          </CodeField>
          {says && <p className="text-xs text-muted">{says}</p>}
        </div>
      ))}
      {(all || shown.length < asked.length) && (
        <Button kind="ghost" size="sm" aria-expanded={all} className="self-start" onClick={() => setAll(!all)}>
          {all ? 'Fewer parameters' : `${asked.length - shown.length} more parameters`}
        </Button>
      )}
      {draft.trigger.type && asked.length > 0 && (
        <Fields fields={known.fields} seen={seen} use={(f) => aim?.insert(templateOf(f))} disabled={!aim}>
          {aim ? `Choose one to give it to ${aim.name}.` : 'Go to a parameter first; then a field that is chosen here is given to it.'}
        </Fields>
      )}
    </Frame>
  )
}

/** What a parameter would be, of the event that is chosen or the latest that fires. */
function Given({ starts, name }: { starts: NonNullable<Tried['starts']>; name: string }) {
  if (starts.failure) return <p className="font-mono text-xs break-words text-warn">{starts.failure}</p>
  const v = starts.parameters?.[name]
  return v === undefined ? null : <p className="font-mono text-xs break-words text-good">= {written(v) || JSON.stringify(v)}</p>
}

function Fields({ fields, use, seen, disabled, children }: { fields: readonly EventField[]; use: (f: EventField) => void; seen: number; disabled?: boolean; children: ReactNode }) {
  const [find, setFind] = useState('')
  const found = fields.filter((f) => f.path.toLowerCase().includes(find.toLowerCase()))
  return (
    <div className="border-t pt-3">
      <h3 className="text-sm font-medium">What such events have</h3>
      {fields.length === 0 ? (
        <p className="mt-1 text-sm text-muted">Nothing is known of them: there has been none, and nothing says what they have.</p>
      ) : (
        <>
          <p className="mb-1.5 text-xs text-muted">
            {seen === 0 ? 'There has been none yet; this is what they should have.' : `As in the latest ${seen}.`} {children}
          </p>
          {fields.length > 12 && <Input type="search" aria-label="Search fields" placeholder="Search fields" value={find} onChange={(e) => setFind(e.target.value)} className="mb-1" />}
          <ul aria-label="Fields">
            {found.map((f) => (
              <li key={f.path}>
                {/* The parameter keeps the focus, so that one field after the other can be chosen. */}
                <button type="button" disabled={disabled} onMouseDown={(e) => e.preventDefault()} onClick={() => use(f)} title={f.says} className="flex min-h-[24px] w-full items-center gap-2 rounded px-1.5 py-0.5 text-left hover:bg-sunken disabled:cursor-default">
                  <span className="font-mono text-[12.5px]">{f.path}</span>
                  <span className="ml-auto min-w-0 truncate text-xs text-muted">{f.examples.length > 0 ? f.examples.map((e) => written(e) || String(e)).join(', ') : f.type}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
