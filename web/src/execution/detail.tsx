import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { useState } from 'react'
import { executionQuery, type WorkflowGraph } from '@/api/executions'
import { IconButton } from '@/ui/button'
import { Select } from '@/ui/field'
import { JsonView } from '@/ui/json/view'
import { Panel } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { isBad, StatusMark } from '@/ui/status'
import { localTime } from '@/ui/time'
import { Body } from './body'
import { MoreParts, type Parts } from './parts'
import { taskStates } from './tasks'

/** What there is to know of a task of a workflow: beside the graph, for the node that is selected. */
export function TaskDetail({ graph, parts, task, close }: { graph: WorkflowGraph; parts: Parts; task: string; close: () => void }) {
  const [chosen, setChosen] = useState<string>()
  const state = taskStates(graph, parts.items, parts.more === undefined).get(task)
  const node = graph.nodes.find((n) => n.name === task)
  if (!state || !node) return null
  // Of a task that comes late in a large workflow its execution is known, though it is not among the parts that are.
  // Of several that which failed says why the task did.
  const telling = (state.status && isBad(state.status) && state.parts.findLast((p) => isBad(p.status))) || state.parts.at(-1)
  const shown = chosen ?? telling?.id ?? state.runs.findLast((r) => r.execution)?.execution
  const published = state.runs.findLast((r) => r.published !== undefined)?.published
  return (
    <aside aria-label={`Task ${task}`} className="flex min-w-0 flex-col gap-4">
      <Panel
        title={
          <span className="flex items-center gap-2">
            {state.status && <StatusMark status={state.status} compact />} {task}
          </span>
        }
        aside={
          <IconButton label="Close" onClick={close}>
            <X size={15} aria-hidden />
          </IconButton>
        }
      >
        <div className="flex flex-col gap-2 px-4 py-3 text-sm">
          <p className="text-muted">{node.lines.join(' · ') || 'It runs no action.'}</p>
          {!state.status && <p>It has not begun.</p>}
          {state.parts.length > 1 && (
            <Select aria-label="Which of its executions" value={shown} onChange={(e) => setChosen(e.target.value)}>
              {state.parts.map((p, i) => (
                <option key={p.id} value={p.id}>
                  {i + 1}. {p.status}, {localTime(p.start_timestamp)}
                </option>
              ))}
            </Select>
          )}
          {shown && (
            <Link to="/executions/$id" params={{ id: shown }} className="text-accent hover:underline">
              Its execution
            </Link>
          )}
        </div>
        {state.parts.length !== 1 && <MoreParts parts={parts} />}
      </Panel>
      {published !== undefined && (
        <Panel title="Published">
          <JsonView value={published} label="published variables" />
        </Panel>
      )}
      {shown && <Part key={shown} id={shown} task={task} />}
    </aside>
  )
}

function Part({ id, task }: { id: string; task: string }) {
  const query = useQuery(executionQuery(id))
  return <Loaded query={query}>{(e) => <Body execution={e} log={!e.liveaction?.action_is_workflow} task={task} />}</Loaded>
}
