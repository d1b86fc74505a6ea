import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useBlocker, useNavigate } from '@tanstack/react-router'
import { ArrowDown, Plus, Radio, Save, SquareTerminal, X } from 'lucide-react'
import { useId, useMemo, useState, type DragEvent, type ReactNode } from 'react'
import { messageOf } from '@/api/client'
import { actionsQuery, parametersQuery } from '@/api/actions'
import { payloadsQuery, triggerTypesQuery } from '@/api/events'
import { makeRule, ruleQuery, saveRule } from '@/api/rules'
import type { Json, JsonObject, Properties, Rule } from '@/api/types'
import { Button, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Input, Select } from '@/ui/field'
import { SchemaForm } from '@/ui/form/form'
import { askedFor, readAll, written } from '@/ui/form/schema'
import { Page, Panel } from '@/ui/page'
import { PickList } from '@/ui/picklist'
import { Failure, Loading } from '@/ui/state'
import { toast } from '@/ui/toast'
import { fieldsOf, keyOf, operators, templateOf, type Field as EventField } from './fields'
import { PastTrial } from './past'

const draggedTrigger = 'application/x-nightshift-trigger'
const draggedAction = 'application/x-nightshift-action'

const editRoute = getRouteApi('/rules/$ref/edit')
const newRoute = getRouteApi('/rules/new')

/** Changes a rule that there is. */
export function RuleEdit() {
  const { ref } = editRoute.useParams()
  const query = useQuery({ ...ruleQuery(ref), staleTime: Infinity })
  if (query.error) return <Failure error={query.error} />
  if (!query.data) return <Loading className="p-10" />
  return <Editor key={ref} rule={query.data} />
}

/** Makes a rule, perhaps out of a workflow or another rule. */
export function RuleNew() {
  const { action, trigger, clone } = newRoute.useSearch()
  const source = useQuery({ ...ruleQuery(clone ?? ''), enabled: clone !== undefined, staleTime: Infinity })
  if (clone !== undefined && source.error) return <Failure error={source.error} />
  if (clone !== undefined && !source.data) return <Loading className="p-10" />
  const fresh = {
    ...source.data,
    ...(source.data && { name: `${source.data.name}_2` }),
    ...(!source.data && { name: '', pack: action?.split('.')[0] ?? 'default', description: '', trigger: { type: trigger ?? '', parameters: {} }, criteria: {}, action: { ref: action ?? '', parameters: {} } }),
    enabled: true,
  } as Rule
  return <Editor rule={fresh} made />
}

type Criteria = Rule['criteria']

function Editor({ rule, made }: { rule: Rule; made?: boolean }) {
  const [r, setRule] = useState(rule)
  const client = useQueryClient()
  const navigate = useNavigate()
  const triggers = useQuery(triggerTypesQuery)
  const actions = useQuery(actionsQuery)
  const kind = triggers.data?.items.find((t) => t.ref === r.trigger.type)
  const past = useQuery({ ...payloadsQuery(r.trigger.type), enabled: r.trigger.type !== '' })
  const takes = useQuery({ ...parametersQuery(r.action.ref), enabled: r.action.ref !== '', retry: false })
  const fields = useMemo(() => fieldsOf(kind?.payload_schema.properties ?? {}, past.data ?? []), [kind, past.data])
  const [aim, setAim] = useState<string>() // the parameter that a field is given to
  const changed = r !== rule
  useBlocker({ shouldBlockFn: () => changed && !confirm('What you have changed is not saved. Leave all the same?'), enableBeforeUnload: () => changed, disabled: !changed })

  const setTrigger = (type: string) => setRule((b) => ({ ...b, trigger: { type, parameters: {} } }))
  const setAction = (ref: string) => setRule((b) => ({ ...b, action: { ref, parameters: ref === b.action.ref ? b.action.parameters : {} } }))
  const setCriteria = (f: (c: Criteria) => Criteria) => setRule((b) => ({ ...b, criteria: f(b.criteria) }))
  const setParameters = (parameters: JsonObject) => setRule((b) => ({ ...b, action: { ...b.action, parameters } }))

  const save = useMutation({
    mutationFn: () => (made ? makeRule(r) : saveRule(r)),
    onSuccess: async (saved) => {
      await Promise.all([['rules'], ['rule', saved.ref]].map((queryKey) => client.invalidateQueries({ queryKey })))
      toast.done(`${saved.ref} is saved, and ${saved.enabled ? 'listens' : 'does not listen'}.`)
      void navigate({ to: '/rules/$ref', params: { ref: saved.ref }, ignoreBlocker: true })
    },
  })
  const ready = r.trigger.type !== '' && r.action.ref !== '' && /^[\w.-]+$/.test(r.name)

  const use = (f: EventField) => {
    if (aim !== undefined) setParameters({ ...r.action.parameters, [aim]: append(r.action.parameters[aim], templateOf(f)) })
    else setCriteria((c) => ({ ...c, [freeKey(c, keyOf(f))]: { type: f.type === 'string' || f.examples.length > 0 ? 'equals' : 'exists', pattern: f.examples[0] ?? '' } }))
  }

  return (
    <Page
      wide
      title={made ? 'New rule' : `Edit ${rule.ref}`}
      actions={
        <Button kind="primary" disabled={!ready || (!made && !changed) || save.isPending} onClick={() => save.mutate()}>
          <Save size={14} aria-hidden /> Save
        </Button>
      }
    >
      {save.isError && (
        <p role="alert" className="rounded-xl border border-bad/40 bg-bad/5 px-4 py-2.5 whitespace-pre-wrap text-bad">
          {messageOf(save.error)}
        </p>
      )}
      <div className="grid gap-4 lg:grid-cols-[220px_minmax(0,1fr)_minmax(0,24rem)]">
        <div className="flex min-h-0 flex-col gap-4">
          <Panel title="Events" className="max-h-80">
            <PickList what="events" type={draggedTrigger} things={triggers.data?.items.map((t) => ({ ...t, description: t.description ?? '' })) ?? []} pick={setTrigger} />
          </Panel>
          <Panel title="Actions" className="max-h-80">
            <PickList what="actions" type={draggedAction} things={actions.data?.items.filter((a) => a.enabled) ?? []} pick={setAction} />
          </Panel>
        </div>

        <div data-testid="rule" className="flex min-w-0 flex-col items-stretch gap-1.5">
          <Step icon={<Radio size={16} aria-hidden />} title="When this happens" type={draggedTrigger} drop={setTrigger} empty={r.trigger.type === '' ? 'Drag an event here, or choose one from the list.' : undefined} name={r.trigger.type}>
            {kind && <TriggerForm key={kind.ref} properties={kind.parameters_schema.properties ?? {}} values={r.trigger.parameters} onChange={(parameters) => setRule((b) => ({ ...b, trigger: { ...b.trigger, parameters } }))} />}
          </Step>
          <Arrow />
          <Panel title="and all of this is so">
            <CriteriaForm criteria={r.criteria} fields={fields} onChange={setCriteria} />
          </Panel>
          <Arrow />
          <Step icon={<SquareTerminal size={16} aria-hidden />} title="then run" type={draggedAction} drop={setAction} empty={r.action.ref === '' ? 'Drag an action or a workflow here, or choose one from the list.' : undefined} name={r.action.ref}>
            {takes.data && <Parameters properties={takes.data} values={r.action.parameters} aim={aim} setAim={setAim} onChange={setParameters} />}
          </Step>
        </div>

        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="The rule">
            <div className="flex flex-col gap-3 p-4">
              <div className="grid grid-cols-[1fr_2fr] gap-3">
                <Field label="Pack" needed>
                  {(p) => <Input {...p} value={r.pack} disabled={!made} onChange={(e) => setRule({ ...r, pack: e.target.value })} />}
                </Field>
                <Field label="Name" needed>
                  {(p) => <Input {...p} value={r.name} onChange={(e) => setRule({ ...r, name: e.target.value })} />}
                </Field>
              </div>
              <Field label="Description">{(p) => <Input {...p} value={r.description} onChange={(e) => setRule({ ...r, description: e.target.value })} />}</Field>
              <label className="flex items-center gap-2 text-sm">
                <input type="checkbox" checked={r.enabled} onChange={(e) => setRule({ ...r, enabled: e.target.checked })} /> It listens as soon as it is saved
              </label>
            </div>
          </Panel>
          <Panel title="What such events have" aside={aim !== undefined ? `for ${aim}` : 'for a criterion'}>
            <Fields fields={fields} use={use} seen={past.data?.length ?? 0} />
          </Panel>
          {ready && <PastTrial rule={r} />}
        </div>
      </div>
    </Page>
  )
}

function Arrow() {
  return <ArrowDown size={18} className="mx-auto text-muted" aria-hidden />
}

/** A part of the rule that something can be dropped on. */
function Step({ icon, title, type, drop, empty, name, children }: { icon: ReactNode; title: string; type: string; drop: (ref: string) => void; empty?: string; name: string; children: ReactNode }) {
  const [over, setOver] = useState(false)
  const takes = (e: DragEvent) => e.dataTransfer.types.includes(type)
  return (
    <section
      aria-label={title}
      className={cx('overflow-hidden rounded-xl border bg-panel', over && 'ring-2 ring-accent', empty && 'border-dashed')}
      onDragOver={(e) => {
        if (!takes(e)) return
        e.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        setOver(false)
        if (!takes(e)) return
        e.preventDefault()
        drop(e.dataTransfer.getData(type))
      }}
    >
      <div className="flex min-h-10 items-center gap-2 border-b px-4 py-1.5">
        {icon}
        <h2 className="text-sm font-semibold">{title}</h2>
        <span className="ml-auto truncate font-medium text-accent">{name}</span>
      </div>
      {empty ? <p className="p-6 text-center text-muted">{empty}</p> : <div className="p-4">{children}</div>}
    </section>
  )
}

function TriggerForm({ properties, values, onChange }: { properties: Properties; values: JsonObject; onChange: (values: JsonObject) => void }) {
  const [draft, setDraft] = useState(() => Object.fromEntries(Object.entries(values).map(([k, v]) => [k, written(v)])))
  const [errors, setErrors] = useState<Record<string, string>>({})
  if (askedFor(properties).length === 0) return <p className="text-muted">Each of these events counts.</p>
  return (
    <SchemaForm
      properties={properties}
      draft={draft}
      errors={errors}
      onChange={(next) => {
        setDraft(next)
        const read = readAll(properties, next)
        setErrors(Object.fromEntries(Object.entries(read.errors).filter(([name]) => next[name])))
        onChange(read.values)
      }}
    />
  )
}

/** A key that there is not yet: what stands after a # only tells keys apart. */
function freeKey(c: Criteria, key: string): string {
  let free = key
  for (let i = 2; free in c; i++) free = `${key}#${i}`
  return free
}

function CriteriaForm({ criteria, fields, onChange }: { criteria: Criteria; fields: EventField[]; onChange: (f: (c: Criteria) => Criteria) => void }) {
  const known = useId()
  const rows = Object.entries(criteria)
  const change = (key: string, to: [string, Criteria[string]] | undefined) => onChange((c) => Object.fromEntries(Object.entries(c).flatMap((e) => (e[0] !== key ? [e] : to ? [to] : []))))
  return (
    <div className="flex flex-col gap-2 p-4">
      {rows.length === 0 && <p className="text-muted">Nothing more is asked. Choose a field at the right to ask for it.</p>}
      {rows.map(([key, c], i) => (
        <div key={i} className="grid grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)_minmax(0,1fr)_auto] items-center gap-1.5">
          <Input aria-label={`Field ${i + 1}`} list={known} value={key} spellCheck={false} className="font-mono text-[12.5px]" onChange={(e) => e.target.value in criteria || change(key, [e.target.value, c])} />
          <Select aria-label={`Comparison of ${key}`} value={c.type} onChange={(e) => change(key, [key, { ...c, type: e.target.value }])}>
            {!operators.some(([name]) => name === c.type) && <option>{c.type}</option>}
            {operators.map(([name, says]) => (
              <option key={name} value={name}>
                {says}
              </option>
            ))}
          </Select>
          <Pattern label={`Pattern for ${key}`} value={c.pattern} examples={fields.find((f) => keyOf(f) === key.split('#')[0])?.examples ?? []} onChange={(pattern) => change(key, [key, { ...c, pattern }])} />
          <IconButton label={`Remove ${key}`} onClick={() => change(key, undefined)}>
            <X size={14} aria-hidden />
          </IconButton>
        </div>
      ))}
      <datalist id={known}>
        {fields.map((f) => (
          <option key={f.path} value={keyOf(f)} />
        ))}
      </datalist>
      <Button size="sm" className="self-start" onClick={() => onChange((c) => ({ ...c, [freeKey(c, 'trigger.')]: { type: 'equals', pattern: '' } }))}>
        <Plus size={13} aria-hidden /> Criterion
      </Button>
    </div>
  )
}

/** What a field is compared with: as the text says, or what JSON there is in it. */
function Pattern({ label, value, examples, onChange }: { label: string; value: Json; examples: Json[]; onChange: (v: Json) => void }) {
  const id = useId()
  return (
    <>
      <Input aria-label={label} list={id} value={written(value)} spellCheck={false} className="font-mono text-[12.5px]" onChange={(e) => onChange(patternOf(e.target.value, value, examples))} />
      <datalist id={id}>
        {examples.map((e) => (
          <option key={JSON.stringify(e)} value={written(e)} />
        ))}
      </datalist>
    </>
  )
}

/** A number stays one where the field has numbers, and lists are JSON; all else is a text. */
function patternOf(text: string, before: Json, examples: Json[]): Json {
  const wanted = typeof (examples[0] ?? before)
  if (/^\s*[[{]/.test(text) || (wanted === 'number' && /^-?\d+(\.\d+)?$/.test(text)) || (wanted === 'boolean' && /^(true|false)$/.test(text))) {
    try {
      return JSON.parse(text) as Json
    } catch {
      return text
    }
  }
  return text
}

function append(before: Json | undefined, text: string): Json {
  return before === undefined || before === null || before === '' ? text : `${written(before)}${text}`
}

/** What the action is given. The parameter that has the focus takes the field that is chosen. */
function Parameters({ properties, values, aim, setAim, onChange }: { properties: Properties; values: JsonObject; aim?: string; setAim: (name: string | undefined) => void; onChange: (values: JsonObject) => void }) {
  const [all, setAll] = useState(false)
  const asked = askedFor(properties)
  const shown = asked.filter(([name, p]) => all || p.required || name in values || p.position !== undefined)
  const own = shown.length > 0 ? shown : asked.slice(0, 4)
  return (
    <div className="flex flex-col gap-3">
      {own.length === 0 && <p className="text-muted">It takes nothing.</p>}
      {own.map(([name, p]) => (
        <Field key={name} label={<span className="font-mono text-[13px]">{name}</span>} hint={p.description} needed={p.required && p.default === undefined}>
          {(props) => (
            <div className="flex gap-1.5">
              <Input
                {...props}
                spellCheck={false}
                className={cx('font-mono text-[12.5px]', aim === name && 'ring-2 ring-accent')}
                value={written(values[name])}
                placeholder={written(p.default)}
                onFocus={() => setAim(name)}
                onChange={(e) => {
                  const rest = Object.fromEntries(Object.entries(values).filter(([k]) => k !== name))
                  onChange(e.target.value === '' ? rest : { ...values, [name]: patternOf(e.target.value, '', p.type === 'integer' || p.type === 'number' ? [0] : p.type === 'boolean' ? [true] : []) })
                }}
              />
              {aim === name && (
                <IconButton label={`${name} takes no more fields`} onClick={() => setAim(undefined)}>
                  <X size={14} aria-hidden />
                </IconButton>
              )}
            </div>
          )}
        </Field>
      ))}
      {(all || own.length < asked.length) && (
        <Button kind="ghost" size="sm" aria-expanded={all} className="self-start" onClick={() => setAll(!all)}>
          {all ? 'Fewer parameters' : `${asked.length - own.length} more parameters`}
        </Button>
      )}
    </div>
  )
}

function Fields({ fields, use, seen }: { fields: EventField[]; use: (f: EventField) => void; seen: number }) {
  if (fields.length === 0) return <p className="px-4 py-3 text-muted">Nothing is known of them: there has been none, and nothing says what they have.</p>
  return (
    <>
      <p className="px-4 pt-2 text-xs text-muted">{seen === 0 ? 'There has been none yet; this is what they should have.' : `As in the latest ${seen}. Choose one to ask for it, or to give it to the parameter that you are at.`}</p>
      <ul aria-label="Fields" className="max-h-72 overflow-y-auto p-2">
        {fields.map((f) => (
          <li key={f.path}>
            <button type="button" onClick={() => use(f)} title={f.says} className="flex w-full items-baseline gap-2 rounded px-2 py-1 text-left hover:bg-sunken">
              <span className="font-mono text-[12.5px]">{f.path}</span>
              <span className="ml-auto min-w-0 truncate text-xs text-muted">{f.examples.length > 0 ? f.examples.map((e) => written(e) || String(e)).join(', ') : f.type}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
