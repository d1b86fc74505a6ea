import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ask } from '@/api/client'
import { inlineResult } from '@/api/executions'
import type { Execution, Json } from '@/api/types'
import { Button } from '@/ui/button'
import { JsonView } from '@/ui/json/view'
import { Log } from '@/ui/log'
import { Panel } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { isFinal } from '@/ui/status'

/** What went into an execution and what came out of it. */
export function Body({ execution: e, log }: { execution: Execution; log: boolean }) {
  const given = e.parameters && Object.keys(e.parameters).length > 0
  return (
    <>
      {log && (
        <Panel title="Output">
          <Log key={e.id} id={e.id} />
        </Panel>
      )}
      <Panel title="Parameters">{given ? <JsonView value={e.parameters!} label="parameters" /> : <p className="px-4 py-3 text-muted">None were given.</p>}</Panel>
      <Panel title="Result">
        <Result execution={e} />
      </Panel>
    </>
  )
}

/** A result; a large one only when somebody asks for it. */
function Result({ execution: e }: { execution: Execution }) {
  const [wanted, setWanted] = useState(false)
  const large = (e.result_size ?? 0) > inlineResult
  const query = useQuery({
    queryKey: ['execution', e.id, 'result'],
    queryFn: ({ signal }) => ask<Json>(api.GET('/api/v1/executions/{id}/result', { params: { path: { id: e.id } }, signal })),
    enabled: large && wanted,
    staleTime: Infinity,
  })
  if (!large) {
    if (e.result !== undefined) return <JsonView value={e.result} label="result" />
    return <p className="px-4 py-3 text-muted">{isFinal(e.status) ? 'It left none.' : 'It is not over yet.'}</p>
  }
  if (wanted) return <Loaded query={query}>{(value) => <JsonView value={value} label="result" />}</Loaded>
  return (
    <p className="flex items-center gap-3 px-4 py-3 text-muted">
      It is large: {((e.result_size ?? 0) / (1 << 20)).toFixed(1)} MB.
      <Button size="sm" onClick={() => setWanted(true)}>
        Show it
      </Button>
    </p>
  )
}
