import { useQueryClient, type InfiniteData, type QueryClient, type QueryKey } from '@tanstack/react-query'
import type { PageOf } from './client'
import type { Filters, PageStart } from './executions'
import { useExecutionNews } from './stream'
import type { Execution, ExecutionRow } from './types'

/** Keeps what is shown of executions as it is on the server. */
export function useLiveExecutions(): void {
  const client = useQueryClient()
  useExecutionNews((e) => {
    if (e.parent) again(client, ['execution', e.parent])
    again(client, ['execution', e.id])
    again(client, ['executions', 'few'])
    again(client, ['pulse'])
    again(client, ['problems'])
    if (e.status === 'pending' || e.action?.ref === 'core.ask') again(client, ['inquiries'])
    for (const [key] of client.getQueriesData<InfiniteData<PageOf<ExecutionRow>, PageStart>>({ queryKey: ['executions'] })) {
      if (typeof key[1] === 'object') client.setQueryData<InfiniteData<PageOf<ExecutionRow>, PageStart>>(key, (old) => old && withNews(old, e, key[1] as Filters))
    }
  })
}

const waiting = new Set<string>()
const pace = 700 // ms; what changes faster is shown as it is then

/** Asks again soon, and once however often it is wanted until then. */
function again(client: QueryClient, key: QueryKey) {
  const name = key.join('/')
  if (waiting.has(name)) return
  waiting.add(name)
  setTimeout(() => {
    waiting.delete(name)
    void client.invalidateQueries({ queryKey: key })
  }, pace)
}

/** A list with what is new about an execution: in its place if it is there, at the top if it is new and looked for. */
export function withNews(old: InfiniteData<PageOf<ExecutionRow>, PageStart>, e: Execution, filters: Filters): InfiniteData<PageOf<ExecutionRow>, PageStart> {
  let there = false
  const pages = old.pages.map((p) => {
    const at = p.items.findIndex((row) => row.id === e.id)
    if (at < 0) return p
    there = true
    return { ...p, items: p.items.with(at, { ...p.items[at], ...e }) }
  })
  if (there) return { ...old, pages }
  const first = pages[0]
  if (!first || old.pageParams[0]?.at !== 0 || !fits(e, filters) || (first.items[0] && first.items[0].start_timestamp > e.start_timestamp)) return old
  const pageParams = old.pageParams.map((start, i) => (i === 0 ? start : { ...start, at: start.at + 1 }))
  return { pageParams, pages: [{ ...first, items: [e, ...first.items], total: first.total + 1 }, ...pages.slice(1)] }
}

/** Whether the server would list an execution under these filters. */
export function fits(e: Execution, f: Filters): boolean {
  if (f.to) return false
  if (f.parent ? e.parent !== f.parent : !f.parts && e.parent) return false
  if (f.status && !f.status.split(',').includes(e.status)) return false
  const is: [string | undefined, (string | undefined)[]][] = [
    [f.action, [e.action?.ref]],
    [f.rule, [e.rule?.ref, e.rule?.name]],
    [f.user, [e.context?.user]],
    [f.runner, [e.runner?.name]],
    [f.trigger, [e.trigger?.ref]],
    [f.trigger_instance, [e.trigger_instance?.id]],
    [f.id, [e.id]],
    [f.liveaction, [e.id]],
  ]
  // Of these the server alone knows.
  const unknown = f.trigger_type ?? f.timestamp ?? f.filter
  return !unknown && is.every(([wanted, has]) => !wanted || has.includes(wanted))
}
