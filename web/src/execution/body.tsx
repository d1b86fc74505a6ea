import { useState } from 'react'
import { inlineResult } from '@/api/executions'
import type { Execution } from '@/api/types'
import { Button } from '@/ui/button'
import { LargeJson } from '@/ui/json/large'
import { JsonView } from '@/ui/json/view'
import { Log } from '@/ui/log'
import { Panel } from '@/ui/page'
import { isFinal } from '@/ui/status'

/** What went into an execution and what came out of it. */
export function Body({ execution: e, log, task }: { execution: Execution; log: boolean; task?: string }) {
  const of = task ? ` of ${task}` : '' // beside the same of its workflow
  const given = e.parameters && Object.keys(e.parameters).length > 0
  return (
    <>
      {log && (
        <Panel title="Output">
          <Log key={e.id} id={e.id} />
        </Panel>
      )}
      <Panel title="Parameters">{given ? <JsonView value={e.parameters!} label={`parameters${of}`} /> : <p className="px-4 py-3 text-muted">None were given.</p>}</Panel>
      <Panel title="Result">
        <Result execution={e} label={`result${of}`} />
      </Panel>
    </>
  )
}

/** A result; a large one only when somebody asks for it. */
function Result({ execution: e, label }: { execution: Execution; label: string }) {
  const [wanted, setWanted] = useState(false)
  const size = e.result_size ?? 0
  if (size <= inlineResult) {
    if (e.result !== undefined) return <JsonView value={e.result} label={label} />
    return <p className="px-4 py-3 text-muted">{isFinal(e.status) ? 'It left none.' : 'It is not over yet.'}</p>
  }
  if (wanted) return <LargeJson url={`/api/v1/executions/${e.id}/result`} label={label} />
  return (
    <p className="flex items-center gap-3 px-4 py-3 text-muted">
      It is large: {(size / (1 << 20)).toFixed(1)} MB.
      <Button size="sm" onClick={() => setWanted(true)}>
        Show it
      </Button>
    </p>
  )
}
