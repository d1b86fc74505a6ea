import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { ReactFlowProvider } from '@xyflow/react'
import { FlaskConical, Play, Plus, Radio } from 'lucide-react'
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { actionQuery, actionsQuery, sourceQuery } from '@/api/actions'
import { wordsQuery } from '@/api/expressions'
import { messageOf } from '@/api/client'
import { executionQuery } from '@/api/executions'
import { useOwnPacks } from '@/api/files'
import { useMay } from '@/api/rights'
import type { Action } from '@/api/types'
import { Button, buttonClass } from '@/ui/button'
import { Loading, Refused } from '@/ui/state'
import { Canvas, type CanvasDeeds, type Selection } from './canvas'
import { Bench, usePanes } from '@/edit/bench'
import { SourceEditor, useSource } from '@/edit/editor'
import { EditorHeader } from '@/edit/header'
import * as edits from '@/workflow/edits'
import { draw } from '@/workflow/graph'
import { completionsOf } from './completion'
import { namesOf, placeAt, type Place } from '@/workflow/names'
import { read, type Workflow } from '@/workflow/workflow'
import { Palette } from './palette'
import { Panel } from './panel'
import { usePlaces } from '@/edit/places'
import { useSettled } from '@/edit/settled'
import { useSaveKey } from '@/edit/shortcut'
import { inspectionQuery, playable, taskAt } from './problems'
import { fieldsOf, pastQuery, type Play as Played } from './rehearsal'
import { RunDialog } from './run'
import { SaveDialog, SaveNewDialog } from './save'
import { PastChoice, statusesOf, Tryout } from './tryout'

const route = getRouteApi('/compose/$ref')
const newRoute = getRouteApi('/compose')

/** Composes a workflow that there is. */
export function Compose() {
  const { ref } = route.useParams()
  const { run } = route.useSearch()
  const action = useQuery(actionQuery(ref))
  const source = useQuery({ ...sourceQuery(ref), staleTime: Infinity })
  const failed = action.error ?? source.error
  if (failed) return <Refused title={ref}>{messageOf(failed)}</Refused>
  if (!action.data || source.data === undefined) return <Loading className="p-10" />
  if (action.data.runner_type !== 'orquesta') return <Refused title={ref}>{`${ref} is no workflow of Orquesta: its runner is ${action.data.runner_type}.`}</Refused>
  return <Composer key={ref} action={action.data} saved={source.data} past={run} />
}

/** Composes a new workflow, perhaps out of what somebody ran by hand. */
export function ComposeNew() {
  const { run } = newRoute.useSearch()
  const by = useQuery({ ...executionQuery(run ?? ''), enabled: run !== undefined })
  if (by.error) return <Refused title="New workflow">{messageOf(by.error)}</Refused>
  if (run !== undefined && !by.data) return <Loading className="p-10" />
  return <Composer key={run} saved={edits.blank} begun={by.data?.action && edits.outOf(by.data.action.ref, by.data.parameters ?? {})} />
}

const nothing: Workflow = { input: [], vars: [], output: [], tasks: [] }

function Composer({ action, saved, begun = saved, past: beginWith }: { action?: Action; saved: string; begun?: string; past?: string }) {
  const navigate = useNavigate()
  const may = useMay(action && 'action:' + action.ref)
  const mayAtAll = useMay()
  const own = useOwnPacks().packs
  const [base, setBase] = useState(saved) // what is in the pack
  const [selection, select] = useState<Selection>()
  const [dialog, setDialog] = useState<'save' | 'run'>()
  const [trying, setTrying] = useState(false)
  const [played, setPlayed] = useState<Played>()
  const [run, setRun] = useState(beginWith)
  const past = useQuery({ ...pastQuery(run ?? ''), enabled: run !== undefined })
  const actions = useQuery(actionsQuery)

  const first = useMemo(() => read(begun), [begun])
  const [workflow, setWorkflow] = useState<Workflow>(first.workflow ?? nothing)
  const words = useQuery(wordsQuery)
  const client = useQueryClient()
  const [sound, setSound] = useState(begun) // the last text that can be played, for whoever is in the middle of a word
  const known = useMemo(
    () => ({
      names: namesOf(workflow),
      actions: actions.data?.items ?? [],
      words: words.data ?? [],
      fields: (place: Place, expression: string) => fieldsOf(client, sound, workflow.tasks, past.data, { ...place, expression }),
    }),
    [workflow, actions.data, words.data, client, sound, past.data],
  )
  const complete = useMemo(() => completionsOf(() => known, placeAt), [known])
  const source = useSource(begun, complete, 'Definition')
  const text = useDeferredValue(source.text)

  // While the text has a mistake, the graph is that of before.
  const reading = useMemo(() => (text === begun ? first : read(text)), [text, begun, first])
  if (reading.workflow && reading.workflow !== workflow) setWorkflow(reading.workflow)
  const drawing = useMemo(() => draw(workflow), [workflow])
  const panes = usePanes('the composer')
  const { places, move, forget } = usePlaces(`composer ${action?.ref ?? 'new'}`)

  const settled = useSettled(text, 400)
  const inspection = useQuery(inspectionQuery(settled))
  if (inspection.data && !inspection.isPlaceholderData && sound !== settled && playable(inspection.data)) setSound(settled)
  // Before there is a task, whoever begins knows that there is none.
  const findings = useMemo(() => (workflow.tasks.length > 0 ? (inspection.data ?? []) : []), [inspection.data, workflow])
  const problems = useMemo(() => {
    const count = new Map<string, number>()
    for (const f of findings) {
      const task = taskAt(f, workflow.tasks)
      if (task) count.set(task, (count.get(task) ?? 0) + 1)
    }
    return count
  }, [findings, workflow])
  const statuses = useMemo(() => statusesOf(played), [played])

  const { edit } = source
  const choose = useCallback((s: Selection) => select((now) => (now?.task === s?.task && now?.transition === s?.transition ? now : s)), [])
  const add = useCallback(
    (ref: string, place?: { x: number; y: number }) => {
      let name = ''
      const done = edit((x) => {
        name = edits.freeName(x, ref.split('.').slice(1).join('_'))
        return edits.addTask(x, name, ref)
      })
      if (!done) return
      if (place) move({ [name]: { x: place.x - 104, y: place.y - 29 } })
      choose({ task: name })
    },
    [edit, move, choose],
  )
  const deeds = useMemo(
    (): CanvasDeeds => ({
      select: choose,
      add,
      move,
      connect: (from, to, kind) => void edit((x) => edits.connect(x, from, to, kind)),
      remove: (tasks, ways) => void (edit((x) => edits.removeAll(x, tasks, ways)) && choose(undefined)),
    }),
    [choose, add, move, edit],
  )

  // The text shows the task that was chosen on the canvas.
  const { show } = source
  const shownTask = useRef<string>(undefined)
  const line = workflow.tasks.find((t) => t.name === selection?.task)?.line
  useEffect(() => {
    if (selection?.task !== shownTask.current && line) show(line)
    shownTask.current = selection?.task
  }, [selection?.task, line, show])

  const changed = source.text !== base
  const losing = changed && source.text !== begun
  useBlocker({ shouldBlockFn: () => losing && !confirm('What you have changed is not saved. Leave all the same?'), enableBeforeUnload: () => losing, disabled: !losing })
  useEffect(() => {
    document.title = `${action?.ref ?? 'New workflow'} · Composer · Nightshift`
  }, [action])
  const around = useMemo(() => ({ known, definition: settled, past: past.data }), [known, settled, past.data])

  const maySave = own && (own.length > 0 || mayAtAll('pack_modify'))
  const ready = changed && reading.workflow !== undefined
  useSaveKey(() => maySave && ready && setDialog('save'))

  return (
    <div className="flex h-dvh min-h-0 flex-col max-lg:h-auto">
      <EditorHeader
        title={action?.ref ?? 'New workflow'}
        changed={changed}
        source={source}
        arrange={forget}
        panes={panes}
        save={maySave ? { ready, run: () => setDialog('save') } : maySave === false ? 'You may write into no pack, so it cannot be saved.' : undefined}
      >
        <Button onClick={() => add('')}>
          <Plus size={14} aria-hidden /> Empty task
        </Button>
        <PastChoice action={action?.ref} id={run} choose={setRun} />
        <Button aria-expanded={trying} onClick={() => setTrying(!trying)}>
          <FlaskConical size={14} aria-hidden /> Try
        </Button>
        {action && (
          <>
            {mayAtAll('rule_create') && (
              <Link to="/rules/new" search={{ action: action.ref }} className={buttonClass()}>
                <Radio size={14} aria-hidden /> Start by an event
              </Link>
            )}
            {may('action_execute') && (
              <Button disabled={changed} title={changed ? 'Save it first' : undefined} onClick={() => setDialog('run')}>
                <Play size={14} aria-hidden /> Run
              </Button>
            )}
          </>
        )}
      </EditorHeader>
      {reading.problem && (
        <button type="button" role="alert" className="bg-bad/10 px-3 py-1.5 text-left text-sm text-bad" onClick={() => source.show(reading.problem.line)}>
          Line {reading.problem.line}: {reading.problem.message}. The graph shows what was there before.
        </button>
      )}
      <Bench
        panes={panes}
        list={<Palette add={add} />}
        canvas={
          <ReactFlowProvider>
            <Canvas drawing={drawing} places={places} selection={selection} problems={problems} played={statuses} deeds={deeds} />
          </ReactFlowProvider>
        }
        panel={<Panel selection={selection} source={source} workflow={workflow} around={around} findings={findings} select={choose} />}
        text={<SourceEditor source={source} findings={findings} />}
      />
      {trying && (
        <section aria-label="Try" className="max-h-[45%] overflow-y-auto border-t max-lg:max-h-none bg-panel">
          <Tryout action={action} definition={text} workflow={workflow} past={past.data} played={played} show={setPlayed} />
        </section>
      )}
      {dialog === 'run' && action && <RunDialog action={action.ref} close={() => setDialog(undefined)} />}
      {dialog === 'save' &&
        reading.workflow &&
        (action && own?.includes(action.pack) ? (
          <SaveDialog action={action} was={base} text={source.text} workflow={reading.workflow} close={() => setDialog(undefined)} saved={(_, x) => (setBase(x), setDialog(undefined))} />
        ) : (
          <SaveNewDialog
            from={action}
            text={source.text}
            workflow={reading.workflow}
            close={() => setDialog(undefined)}
            saved={(ref, x) => {
              setBase(x)
              setDialog(undefined)
              void navigate({ to: '/compose/$ref', params: { ref }, ignoreBlocker: true })
            }}
          />
        ))}
    </div>
  )
}
