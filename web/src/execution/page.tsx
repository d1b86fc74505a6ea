import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { executionQuery } from '@/api/executions'
import type { Execution as Data } from '@/api/types'
import { mistakeOf } from '@/ui/executions'
import { Page } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { StatusMark } from '@/ui/status'
import { Body } from './body'
import { Controls } from './controls'
import { Origin, Why } from './origin'
import { Workflow } from './workflow'

const route = getRouteApi('/executions/$id')

/** One execution: what happened, and why. */
export function Execution() {
  const { id } = route.useParams()
  const query = useQuery(executionQuery(id))
  return <Loaded query={query} one="execution" lines={8}>{(e) => <Shown execution={e} />}</Loaded>
}

function Shown({ execution: e }: { execution: Data }) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const workflow = e.liveaction?.action_is_workflow ?? false
  return (
    <Page
      title={e.action?.ref ?? e.id}
      wide
      heading={
        <span className="flex flex-wrap items-center gap-x-3">
          <span className="min-w-0">{e.action?.ref}</span>
          <StatusMark status={e.status} className="text-base" />
        </span>
      }
      actions={<Controls execution={e} task={search.task} />}
    >
      <Why execution={e} />
      <Mistake execution={e} />
      {workflow && <Workflow execution={e} shown={search} show={(s) => void navigate({ to: '/executions/$id', params: { id: e.id }, search: s, replace: true })} />}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <div className="flex min-w-0 flex-col gap-4">
          <Body execution={e} log={!workflow} />
        </div>
        <div>
          <Origin execution={e} />
        </div>
      </div>
    </Page>
  )
}

/** Why it failed, in the words of whoever knows, before anybody has to open the result. */
function Mistake({ execution: e }: { execution: Data }) {
  const words = mistakeOf(e)
  if (!words) return null
  return <p className="max-h-40 overflow-auto rounded-xl border border-bad/40 bg-bad/5 px-4 py-2.5 break-words whitespace-pre-wrap text-bad">{words}</p>
}
