import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Workflow } from 'lucide-react'
import { actionQuery, parametersQuery, sourceQuery } from '@/api/actions'
import { executionList } from '@/api/executions'
import { useMay } from '@/api/rights'
import type { Action as Data } from '@/api/types'
import { buttonClass } from '@/ui/button'
import { CopyButton } from '@/ui/copy'
import { ExecutionLine } from '@/ui/executions'
import { Facts, Page, Panel } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { RunForm } from '@/ui/run'

const route = getRouteApi('/actions/$ref')

/** One action: what it is, what it takes, how it went, and a form that runs it. */
export function Action() {
  const { ref } = route.useParams()
  const query = useQuery(actionQuery(ref))
  return <Loaded query={query} one="action" lines={8}>{(a) => <Shown action={a} />}</Loaded>
}

function Shown({ action: a }: { action: Data }) {
  const parameters = useQuery(parametersQuery(a.ref))
  const may = useMay('action:' + a.ref)
  const before = useQuery(executionList({ action: a.ref, parts: '1' }, 10))
  return (
    <Page
      title={a.ref}
      actions={
        a.runner_type === 'orquesta' && (
          <Link to="/compose/$ref" params={{ ref: a.ref }} className={buttonClass()}>
            <Workflow size={14} aria-hidden /> Compose
          </Link>
        )
      }
    >
      {a.description && <p className="-mt-2 max-w-prose text-muted">{a.description}</p>}
      {a.problem && <p className="rounded-xl border border-bad/40 bg-bad/5 px-4 py-2.5 whitespace-pre-wrap text-bad">{a.problem}</p>}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Panel title="Run it">
          {may('action_execute') ? (
            <Loaded query={parameters}>{(properties) => <RunForm key={a.ref} action={a} properties={properties} />}</Loaded>
          ) : (
            may('action_execute') === false && <p className="px-4 py-3 text-muted">You may look at this action, and not run it.</p>
          )}
        </Panel>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="What it is">
            <Facts
              facts={[
                ['Pack', <Link key="pack" to="/packs/$ref" params={{ ref: a.pack }} className="text-accent hover:underline">{a.pack}</Link>],
                ['Runner', a.runner_type],
                ['Program', a.entry_point],
                ['Enabled', a.enabled ? 'yes' : 'no'],
                ['After a crash', a.idempotent ? 'it may run again (idempotent)' : 'it is not run again by itself'],
              ]}
            />
          </Panel>
          <Panel
            title="Lately"
            aside={
              <Link to="/history" search={{ action: a.ref, parts: '1' }} className="hover:text-text hover:underline">
                All of them
              </Link>
            }
          >
            <Loaded query={before}>
              {({ items }) =>
                items.length === 0 ? (
                  <p className="px-4 py-3 text-muted">It has not run yet.</p>
                ) : (
                  <ul className="divide-y">
                    {items.map((e) => (
                      <li key={e.id}>
                        <ExecutionLine execution={e} className="!grid-cols-[7rem_minmax(0,1fr)_auto] [&>:nth-child(3)]:hidden [&>:nth-child(4)]:hidden" />
                      </li>
                    ))}
                  </ul>
                )
              }
            </Loaded>
          </Panel>
        </div>
      </div>
      {a.entry_point && <Source of={a.ref} name={a.entry_point} />}
    </Page>
  )
}

function Source({ of, name }: { of: string; name: string }) {
  const source = useQuery(sourceQuery(of))
  if (!source.data) return null
  return (
    <Panel title={name} aside={<CopyButton label="Copy the source" text={source.data} />}>
      <pre tabIndex={0} aria-label={`Source ${name}`} className="max-h-[36rem] overflow-auto p-4 font-mono text-[12.5px] leading-5">
        {source.data}
      </pre>
    </Panel>
  )
}
