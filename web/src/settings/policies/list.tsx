import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowRight, Plus } from 'lucide-react'
import { policiesQuery } from '@/api/policies'
import { useMay } from '@/api/rights'
import { buttonClass } from '@/ui/button'
import { Loaded } from '@/ui/state'
import { PolicySwitch } from './switch'
import { summary } from './words'

/** All policies: what bounds or repeats the executions of an action. */
export function Policies() {
  const query = useQuery(policiesQuery)
  const may = useMay()
  return (
    <>
      <div className="flex items-center gap-3 border-b px-4 py-2">
        <p className="text-sm text-muted">A policy limits how many executions of an action run at a time, or has it tried again.</p>
        {may('policy_create') && (
          <Link to="/policies/new" className={`ml-auto ${buttonClass({ size: 'sm' })}`}>
            <Plus size={13} aria-hidden /> New policy
          </Link>
        )}
      </div>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="px-4 py-3 text-muted">There are none.</p>
          ) : (
            <ul className="divide-y">
              {items.map((p) => (
                <li key={p.ref} className="flex items-center gap-3 px-4 py-2 hover:bg-sunken">
                  <PolicySwitch policy={p} />
                  <Link to="/policies/$ref" params={{ ref: p.ref }} className="grid min-w-0 flex-1 items-baseline gap-x-4 md:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
                    <span className="font-medium wrap-anywhere">{p.ref}</span>
                    <span className="text-sm text-muted wrap-anywhere">
                      {summary(p)} <ArrowRight size={13} aria-label="of" className="mx-1 inline align-[-2px]" /> {p.resource_ref}
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}
