import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { SquareTerminal } from 'lucide-react'
import { actionsQuery } from '@/api/actions'
import { Page, Panel } from '@/ui/page'
import { byPack, matches, SearchBox } from '@/ui/search'
import { Empty, Loaded } from '@/ui/state'

const route = getRouteApi('/actions')

/** All that can be run. */
export function Actions() {
  const { find } = route.useSearch()
  const navigate = useNavigate()
  const query = useQuery(actionsQuery)
  return (
    <Page title="Actions" actions={<SearchBox label="Search actions" value={find ?? ''} onChange={(text) => void navigate({ to: '/actions', search: { find: text || undefined }, replace: true })} />}>
      <Loaded query={query} lines={10}>
        {({ items }) => {
          const found = items.filter((a) => matches(find, a.ref, a.description, a.runner_type))
          if (found.length === 0) return <Empty icon={SquareTerminal} title="No action has such a name or description" />
          return byPack(found).map(([pack, actions]) => (
            <Panel key={pack} title={pack} aside={actions.length}>
              <ul className="divide-y">
                {actions.map((a) => (
                  <li key={a.ref}>
                    <Link to="/actions/$ref" params={{ ref: a.ref }} className="grid items-baseline gap-x-4 px-4 py-2 hover:bg-sunken md:grid-cols-[minmax(0,1fr)_minmax(0,2fr)_9rem]">
                      <span className="font-medium wrap-anywhere">
                        {a.name}
                        {!a.enabled && <span className="ml-2 text-xs font-normal text-muted">disabled</span>}
                        {a.problem && <span className="ml-2 text-xs font-normal text-bad">can't be run</span>}
                      </span>
                      <span className="truncate text-sm text-muted">{a.description}</span>
                      <span className="truncate text-sm text-muted max-md:hidden">{a.runner_type}</span>
                    </Link>
                  </li>
                ))}
              </ul>
            </Panel>
          ))
        }}
      </Loaded>
    </Page>
  )
}
