import { useQuery, type QueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { ReactFlowProvider } from '@xyflow/react'
import { PencilRuler } from 'lucide-react'
import { useDeferredValue, useEffect, useMemo, useState } from 'react'
import { actionQuery, actionsQuery, parametersQuery, sourceQuery } from '@/api/actions'
import { messageOf } from '@/api/client'
import { eventWhyQuery, payloadsQuery, triggersQuery, triggerTypesQuery } from '@/api/events'
import { wordsQuery } from '@/api/expressions'
import { packFile, useOwnPacks } from '@/api/files'
import { useMay } from '@/api/rights'
import { ruleQuery } from '@/api/rules'
import { masked, type Json, type Rule } from '@/api/types'
import { Board, type BoardDeeds } from '@/edit/board'
import { Bench, usePanes } from '@/edit/bench'
import { SourceEditor, useSource } from '@/edit/editor'
import { EditorHeader } from '@/edit/header'
import { usePlaces } from '@/edit/places'
import { useSettled } from '@/edit/settled'
import { useSaveKey } from '@/edit/shortcut'
import { equal } from '@/edit/yaml'
import { buttonClass } from '@/ui/button'
import { PickList } from '@/ui/picklist'
import { Loading, Refused } from '@/ui/state'
import { draw, sizeOf } from '@/workflow/graph'
import { read as readWorkflow } from '@/workflow/workflow'
import { nodeTypes } from './canvas'
import { completionsOf } from './completion'
import * as edits from './model/edits'
import { fieldsOf } from './model/fields'
import { looseId, picture, type Asked, type Inner, type Part } from './model/graph'
import { bodyOf, nothing, read, type Draft } from './model/rule'
import { RulePanel } from './panel'
import { Past, useTrial } from './past'
import { SaveNewRule, SaveRule, type Kept } from './save'

const draggedTrigger = 'application/x-nightshift-trigger'
const draggedAction = 'application/x-nightshift-action'
const takes = [draggedTrigger, draggedAction]

const editRoute = getRouteApi('/rules/$ref/edit')
const newRoute = getRouteApi('/rules/new')

/** The text of a rule: that of its file, if the pack is one's own, or else as the server has it. */
function keptQuery(rule: Rule | undefined, own: string[] | undefined) {
  return {
    queryKey: ['rule', rule?.ref, 'text', own],
    queryFn: async (): Promise<Kept> => {
      const file = rule!.metadata_file
      const text = file && own!.includes(rule!.pack) ? await packFile(rule!.pack, file) : undefined
      return text === undefined ? { rule: rule!, text: edits.textOf(rule!) } : { rule: rule!, text, file }
    },
    enabled: rule !== undefined && own !== undefined,
    staleTime: Infinity,
    gcTime: 0,
  }
}

/** Changes a rule that there is. */
export function RuleEdit() {
  const { ref } = editRoute.useParams()
  const rule = useQuery({ ...ruleQuery(ref), staleTime: Infinity })
  const own = useOwnPacks()
  const kept = useQuery(keptQuery(rule.data, own.packs))
  const may = useMay('rule:' + ref)
  const failed = rule.error ?? own.error ?? kept.error
  if (failed) return <Refused title={`Change ${ref}`}>{messageOf(failed)}</Refused>
  if (may('rule_modify') === false) return <Refused title={`Change ${ref}`}>{`You may look at ${ref}, and not change it.`}</Refused>
  if (!kept.data) return <Loading className="p-10" />
  return <Editor key={ref} kept={kept.data} text={kept.data.text} />
}

/** Makes a rule, perhaps out of a workflow, an event that has been, or another rule. */
export function RuleNew() {
  const { action, event, clone } = newRoute.useSearch()
  const rule = useQuery({ ...ruleQuery(clone ?? ''), enabled: clone !== undefined, staleTime: Infinity })
  const own = useOwnPacks()
  const kept = useQuery(keptQuery(rule.data, own.packs))
  const been = useQuery({ ...beenQuery(event ?? ''), enabled: event !== undefined })
  const may = useMay()
  const failed = rule.error ?? (clone === undefined ? null : own.error) ?? kept.error ?? been.error
  if (may('rule_create') === false) return <Refused title="New rule">You may not make rules.</Refused>
  if (failed) return <Refused title="New rule">{messageOf(failed)}</Refused>
  if ((clone !== undefined && !kept.data) || (event !== undefined && !been.data)) return <Loading className="p-10" />
  const about = action ? action.split('.').slice(1).join('_') : been.data?.name
  let text = kept.data ? edits.setField(kept.data.text, 'name', `${kept.data.rule.name}_2`) : edits.blank(about ? `on_${about}` : 'new_rule')
  if (been.data) text = edits.setEvent(text, been.data.type, been.data.parameters, been.data.payload)
  if (action) text = edits.setAction(text, action)
  return <Editor key={`${clone} ${action} ${event}`} text={text} wish={kept.data?.rule.pack ?? action?.split('.')[0]} like={event} />
}

/** An event that a rule is made out of, and what it is called. */
function beenQuery(id: string) {
  return {
    queryKey: ['event', id, 'listened'],
    queryFn: async ({ client }: { client: QueryClient }) => {
      const [{ event }, triggers] = await Promise.all([client.ensureQueryData(eventWhyQuery(id)), client.ensureQueryData(triggersQuery)])
      const { type = event.trigger, parameters = {} } = triggers.items.find((t) => t.ref === event.trigger) ?? {}
      const called = (event.payload as { name?: Json } | null)?.name
      const name = typeof called === 'string' ? called : type.split('.').at(-1)!
      return { type, parameters, payload: event.payload, name: name.replaceAll(/\W+/g, '_').toLowerCase() }
    },
    staleTime: Infinity,
  }
}

function Editor({ kept, text: initial, wish, like }: { kept?: Kept; text: string; wish?: string; like?: string }) {
  const navigate = useNavigate()
  const [part, select] = useState<Part>()
  const [saving, setSaving] = useState(false)
  const [loose, setLoose] = useState<string[]>([])
  const [chosen, choose] = useState(like)
  const [open, setOpen] = useState(true)
  const triggers = useQuery(triggerTypesQuery)
  const actions = useQuery(actionsQuery)
  const words = useQuery(wordsQuery)

  // The text is the rule; what is drawn is read from it. What completes needs what was read before.
  const [draft, setDraft] = useState<Draft>(() => read(initial).rule ?? nothing)
  const kind = triggers.data?.items.find((t) => t.ref === draft.trigger.type)
  const past = useQuery({ ...payloadsQuery(draft.trigger.type), enabled: draft.trigger.type !== '' })
  const fields = useMemo(() => fieldsOf(kind?.payload_schema.properties ?? {}, past.data ?? []), [kind, past.data])
  const known = useMemo(
    () => ({ fields, triggers: triggers.data?.items ?? [], actions: actions.data?.items ?? [], words: words.data ?? [] }),
    [fields, triggers.data, actions.data, words.data],
  )
  const complete = useMemo(() => completionsOf(() => known), [known])
  const source = useSource(initial, complete, 'Rule')
  const text = useDeferredValue(source.text)
  const reading = useMemo(() => read(text), [text])
  if (reading.rule && !equal(reading.rule, draft)) setDraft(reading.rule)

  const pack = kept?.rule.pack ?? wish ?? 'default'
  const heard = draft.trigger.type !== ''
  const body = useMemo(() => bodyOf(draft, pack), [draft, pack])
  const settled = useSettled(heard ? body : undefined, 500)
  const trial = useTrial(heard ? settled : undefined)
  const tried = trial.query.data?.events
  const event = tried?.find((e) => e.event === chosen && e.starts) ?? tried?.find((e) => e.starts)
  const asked = useMemo(() => new Map(tried?.find((e) => e.event === chosen)?.criteria.map((c): [string, Asked] => [c.key, { met: c.met, decided: c.decided, value: c.value }])), [tried, chosen])

  // Of a workflow the tasks are shown below it.
  const { ref } = draft.action
  const about = useQuery({ ...actionQuery(ref), enabled: ref !== '', retry: false })
  const parameters = useQuery({ ...parametersQuery(ref), enabled: ref !== '', retry: false })
  const workflow = about.data?.runner_type === 'orquesta'
  const definition = useQuery({ ...sourceQuery(ref), enabled: workflow })
  const inner = useMemo((): Inner | undefined => {
    const w = workflow && definition.data !== undefined ? readWorkflow(definition.data).workflow : undefined
    if (!w || w.tasks.length > 60) return undefined // it would hide what this is about
    const { nodes, edges } = draw(w)
    return { nodes: nodes.map((n) => ({ ...n, size: sizeOf(n) })), edges }
  }, [workflow, definition.data])
  const missing = Object.entries(parameters.data ?? {}).some(([name, p]) => p.required && p.default === undefined && !(name in draft.action.parameters))
  const drawing = useMemo(() => picture(draft, loose, inner, asked, about.isError || missing), [draft, loose, inner, asked, about.isError, missing])
  const panes = usePanes('rules')
  const { places, move, forget } = usePlaces(`rule ${kept?.rule.ref ?? 'new'}`)

  const { edit } = source
  const deeds = useMemo((): BoardDeeds & { event: (type: string) => void; action: (ref: string) => void } => {
    const event = (type: string) => {
      if (edit((x) => edits.setTrigger(x, type))) select('event')
    }
    const action = (to: string) => {
      if (!edit((x) => edits.setAction(x, to))) return
      setLoose((all) => all.filter((o) => o !== to))
      select('action')
    }
    return {
      event,
      action,
      select: (id) => select(id === 'event' || id === 'gate' || id === 'action' ? id : undefined),
      selectWay: (id) => (id === 'gate action' || id === 'event gate') && select('gate'),
      drop: (type, to, at, over) => {
        if (type === draggedTrigger) event(to)
        else if (over === 'action') action(to)
        else {
          setLoose((all) => [...all.filter((o) => o !== to), to])
          move({ [looseId(to)]: { x: at.x - 132, y: at.y - 33 } })
        }
      },
      connect: (_, to) => {
        const found = loose.find((o) => looseId(o) === to)
        if (found) action(found)
      },
      remove: (cards, ways) => {
        const was = draft.action.ref
        const goes = cards.includes('action')
        const cut = was !== '' && (goes || ways.length > 0)
        if (cut && !edit((x) => edits.setAction(x, ''))) return
        // What nothing leads to any more stays, and can be led to again.
        setLoose((all) => [...all.filter((o) => o !== was && !cards.includes(looseId(o))), ...(cut && !goes ? [was] : [])])
      },
      move,
    }
  }, [edit, move, loose, draft.action.ref])

  const changed = source.text !== initial
  useBlocker({ shouldBlockFn: () => changed && !confirm('What you have changed is not saved. Leave all the same?'), enableBeforeUnload: () => changed, disabled: !changed })
  const title = kept?.rule.ref ?? 'New rule'
  useEffect(() => {
    document.title = `${title} · Rule · Nightshift`
  }, [title])
  const force = kept?.file !== undefined && differs(kept.rule, read(kept.text).rule)
  const mayBeSaved = heard && draft.action.ref !== '' && reading.rule !== undefined && (kept === undefined || changed || force)

  useSaveKey(() => mayBeSaved && setSaving(true))

  return (
    <div className="flex h-dvh min-h-0 flex-col max-lg:h-auto">
      <EditorHeader title={title} changed={changed} source={source} arrange={forget} panes={panes} save={{ ready: mayBeSaved, run: () => setSaving(true) }}>
        {workflow && (
          <Link to="/compose/$ref" params={{ ref }} className={buttonClass()}>
            <PencilRuler size={14} aria-hidden /> The workflow
          </Link>
        )}
      </EditorHeader>
      {reading.problem && (
        <button type="button" role="alert" className="bg-bad/10 px-3 py-1.5 text-left text-sm text-bad" onClick={() => source.show(reading.problem.line)}>
          Line {reading.problem.line}: {reading.problem.message}. The canvas shows what was there before.
        </button>
      )}
      {force && <p className="bg-warn/10 px-3 py-1.5 text-sm text-warn">What is in force differs from the file {kept?.file}: it has been changed or switched outside of it. Saving makes the file count.</p>}
      <Bench
        panes={panes}
        list={
          <div className="grid h-full grid-cols-[minmax(0,1fr)] grid-rows-2 max-lg:grid-cols-[repeat(2,minmax(0,1fr))] max-lg:grid-rows-1 *:flex *:min-h-0 *:min-w-0 *:flex-col">
            <section aria-label="Events" className="border-b">
              <h2 className="px-3 pt-2 text-xs font-semibold">Events</h2>
              <PickList what="events" type={draggedTrigger} things={triggers.data?.items.map((t) => ({ ...t, description: t.description ?? '' })) ?? []} pick={deeds.event} />
            </section>
            <section aria-label="Actions">
              <h2 className="px-3 pt-2 text-xs font-semibold">Actions and workflows</h2>
              <PickList what="actions" type={draggedAction} things={actions.data?.items.filter((a) => a.enabled) ?? []} pick={deeds.action} />
            </section>
          </div>
        }
        canvas={
          <ReactFlowProvider>
            <Board
              cards={drawing.cards}
              ways={drawing.ways}
              places={places}
              selected={part}
              nodeTypes={nodeTypes}
              takes={takes}
              fit={`${ref} ${inner !== undefined}`}
              mayConnect={(from, to) => (from === 'event' || from === 'gate') && to.startsWith('loose ')}
              deeds={deeds}
            />
          </ReactFlowProvider>
        }
        panel={<RulePanel part={part} select={select} draft={draft} source={source} known={known} kind={kind} seen={past.data?.length ?? 0} event={event} asked={asked} made={kept === undefined} />}
        text={<SourceEditor source={source} findings={noFindings} />}
      />
      <section aria-label="Against the past" className={open ? 'flex max-h-[38%] min-h-44 flex-col border-t bg-panel max-lg:max-h-none' : 'border-t bg-panel'}>
        <h2 className="flex">
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="flex min-h-9 w-full items-center gap-2 px-4 text-left text-sm font-semibold hover:bg-sunken">
            Against the past
            {!open && trial.query.data && heard && !trial.query.isError && (
              <span className="font-normal text-muted">
                it would have fired on {trial.query.data.matched} of {trial.query.data.events.length}
              </span>
            )}
            {heard && trial.query.isError && <span className="truncate font-normal text-bad">{messageOf(trial.query.error).split('\n')[0]}</span>}
          </button>
        </h2>
        {open && (
          <div className="min-h-0 overflow-y-auto border-t">
            <Past trial={trial} chosen={chosen} choose={choose} ready={heard} />
          </div>
        )}
      </section>
      {saving &&
        reading.rule &&
        (kept ? (
          <SaveRule kept={kept} draft={reading.rule} text={source.text} close={() => setSaving(false)} saved={(ref) => void navigate({ to: '/rules/$ref', params: { ref }, ignoreBlocker: true })} />
        ) : (
          <SaveNewRule wish={wish} draft={reading.rule} text={source.text} close={() => setSaving(false)} saved={(ref) => void navigate({ to: '/rules/$ref', params: { ref }, ignoreBlocker: true })} />
        ))}
    </div>
  )
}

const noFindings: never[] = []

/** Whether a rule in force is another one than its file says. Of secrets nobody can tell. */
function differs(rule: Rule, file: Draft | undefined): boolean {
  if (!file) return false
  const known = (d: Draft) => ({
    ...d,
    pack: undefined,
    more: {},
    action: { ...d.action, parameters: Object.fromEntries(Object.entries(d.action.parameters).filter(([name]) => rule.action.parameters[name] !== masked)) },
  })
  return !equal(known(read(edits.textOf(rule)).rule!), known(file))
}
