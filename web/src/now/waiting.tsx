import { useQuery } from '@tanstack/react-query'
import { whyQuery } from '@/api/executions'
import type { ExecutionRow } from '@/api/types'

/** What an execution waits for, in a sentence. What simply runs needs none. */
export function Waiting({ execution: e }: { execution: ExecutionRow }) {
  const waits = e.status !== 'running'
  const why = useQuery({ ...whyQuery(e.id), enabled: waits })
  if (!waits || !why.data?.reason) return null
  return <p className="-mt-1.5 truncate px-4 pb-2 pl-[8.75rem] text-sm text-muted max-md:pl-4">{why.data.reason}</p>
}
