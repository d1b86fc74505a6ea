import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ArrowDown, Copy, Pencil } from 'lucide-react'
import { useMay } from '@/api/rights'
import { enforcementsQuery, ruleQuery } from '@/api/rules'
import type { JsonObject, Rule as Data } from '@/api/types'
import { buttonClass } from '@/ui/button'
import { Enforcements } from '@/ui/enforcements'
import { written } from '@/ui/form/schema'
import { JsonView } from '@/ui/json/view'
import { Page, Panel } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { PastPanel } from './past'
import { RuleSwitch } from './switch'

const route = getRouteApi('/rules/$ref')

/** One rule: what it listens to, what it looks for, what it starts; and how that went. */
export function Rule() {
  const { ref } = route.useParams()
  const query = useQuery(ruleQuery(ref))
  return <Loaded query={query} one="rule" lines={8}>{(r) => <Shown rule={r} />}</Loaded>
}

function Shown({ rule: r }: { rule: Data }) {
  const lately = useQuery(enforcementsQuery({ rule_ref: r.ref }))
  const may = useMay()
  const mayHere = useMay('rule:' + r.ref)
  const criteria = Object.entries(r.criteria)
  return (
    <Page
      title={r.ref}
      actions={
        <>
          <RuleSwitch rule={r} />
          {may('rule_create') && (
            <Link to="/rules/new" search={{ clone: r.ref }} className={buttonClass()}>
              <Copy size={14} aria-hidden /> Clone
            </Link>
          )}
          {mayHere('rule_modify') && (
            <Link to="/rules/$ref/edit" params={{ ref: r.ref }} className={buttonClass()}>
              <Pencil size={14} aria-hidden /> Edit
            </Link>
          )}
        </>
      }
    >
      {r.description && <p className="-mt-2 max-w-prose text-muted">{r.description}</p>}
      {r.problem && <p className="rounded-xl border border-bad/40 bg-bad/5 px-4 py-2.5 whitespace-pre-wrap text-bad">{r.problem}</p>}
      <div className="grid gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col items-stretch gap-1">
          <Panel title="When this happens">
            <p className="px-4 py-3 font-medium wrap-anywhere">
              <Link to="/events" search={{ trigger: r.trigger.type }} className="text-accent hover:underline">
                {r.trigger.type}
              </Link>
            </p>
            {Object.keys(r.trigger.parameters).length > 0 && <JsonView value={r.trigger.parameters} label="parameters of the trigger" />}
          </Panel>
          <ArrowDown size={18} className="mx-auto text-muted" aria-hidden />
          <Panel title="and all of this is so">
            {criteria.length === 0 ? (
              <p className="px-4 py-3 text-muted">Nothing more is asked.</p>
            ) : (
              <ul className="divide-y">
                {criteria.map(([key, c]) => (
                  <li key={key} className="flex flex-wrap gap-x-2 px-4 py-2 font-mono text-[13px]">
                    <span className="break-all">{key}</span>
                    <span className="text-muted">{c.type}</span>
                    <span className="break-all text-good">{written(c.pattern)}</span>
                  </li>
                ))}
              </ul>
            )}
          </Panel>
          <ArrowDown size={18} className="mx-auto text-muted" aria-hidden />
          <Panel title="then run">
            <p className="px-4 py-3 font-medium wrap-anywhere">
              <Link to="/actions/$ref" params={{ ref: r.action.ref }} className="text-accent hover:underline">
                {r.action.ref}
              </Link>
            </p>
            {Object.keys(r.action.parameters).length > 0 && <JsonView value={r.action.parameters} label="parameters of the action" />}
          </Panel>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <PastPanel rule={r as unknown as JsonObject} />
          <Panel title="What it did lately">
            <Loaded query={lately}>{({ items }) => (items.length === 0 ? <p className="px-4 py-3 text-muted">It has not matched anything yet.</p> : <Enforcements items={items} />)}</Loaded>
          </Panel>
        </div>
      </div>
    </Page>
  )
}
