import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { ArrowRight, Copy, Plus, Split } from 'lucide-react'
import { useMay } from '@/api/rights'
import { deleteRule, makeRule, rulesQuery } from '@/api/rules'
import { masked, type JsonObject, type Rule } from '@/api/types'
import { buttonClass, IconButton } from '@/ui/button'
import { Page, Panel } from '@/ui/page'
import { byPack, matches, SearchBox } from '@/ui/search'
import { Empty, Loaded } from '@/ui/state'
import { toast } from '@/ui/toast'
import { RuleSwitch } from './switch'

const route = getRouteApi('/rules')

/** Which events start what. */
export function Rules() {
  const { find } = route.useSearch()
  const navigate = useNavigate()
  const query = useQuery(rulesQuery)
  const may = useMay()
  return (
    <Page
      title="Rules"
      actions={
        <>
          <SearchBox label="Search rules" value={find ?? ''} onChange={(text) => void navigate({ to: '/rules', search: { find: text || undefined }, replace: true })} />
          {may('rule_create') && (
            <Link to="/rules/new" className={buttonClass({ kind: 'primary' })}>
              <Plus size={14} aria-hidden /> New rule
            </Link>
          )}
        </>
      }
    >
      <Loaded query={query} lines={8}>
        {({ items }) => {
          const found = items.filter((r) => matches(find, r.ref, r.description, r.trigger.type, r.action.ref))
          if (found.length === 0) {
            return (
              <Empty icon={Split} title={items.length === 0 ? 'There are no rules yet' : 'No rule is like that'}>
                A rule listens to a kind of event, looks at what is in it, and starts an action.
              </Empty>
            )
          }
          return byPack(found).map(([pack, rules]) => (
            <Panel key={pack} title={pack} aside={rules.length}>
              <ul className="divide-y">
                {rules.map((r) => (
                  <li key={r.ref} className="flex items-center gap-3 px-4 py-2 hover:bg-sunken">
                    <RuleSwitch rule={r} />
                    <Link to="/rules/$ref" params={{ ref: r.ref }} className="grid min-w-0 flex-1 items-baseline gap-x-4 md:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
                      <span className="font-medium wrap-anywhere">
                        {r.name}
                        {r.problem && <span className="ml-2 text-xs font-normal text-bad">can't match</span>}
                      </span>
                      <span className="text-sm text-muted wrap-anywhere">
                        {r.trigger.type} <ArrowRight size={13} aria-label="starts" className="mx-1 inline align-[-2px]" /> {r.action.ref}
                      </span>
                    </Link>
                    <CloneButton rule={r} taken={items} />
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

/** Makes a copy that does not listen yet, for whoever may. */
function CloneButton({ rule: r, taken }: { rule: Rule; taken: Rule[] }) {
  const client = useQueryClient()
  const name = freeName(r, taken)
  const may = useMay(`rule:${r.pack}.${name}`)
  const renew = () => client.invalidateQueries({ queryKey: ['rules'] })
  const clone = useMutation({
    mutationFn: async () => {
      const { pack, description, type, trigger, criteria, action } = r
      if (Object.values(action.parameters).includes(masked)) throw new Error(`${r.ref} has secrets, which are shown to nobody. Make the copy in the editor, and type them.`)
      return makeRule({ name, pack, description, enabled: false, type: { ref: type.ref, parameters: {} }, trigger: { type: trigger.type, parameters: trigger.parameters }, criteria: criteria as unknown as JsonObject, action: { ref: action.ref, parameters: action.parameters } })
    },
    onSuccess: (made) => {
      toast.done(`${made.ref} is made. It does not listen yet.`, { label: 'Undo', run: () => void deleteRule(made.ref).then(renew, toast.failed) })
      return renew()
    },
    onError: toast.failed,
  })
  if (!may('rule_create')) return null
  return (
    <IconButton label={`Clone ${r.ref}`} disabled={clone.isPending} onClick={() => clone.mutate()}>
      <Copy size={14} aria-hidden />
    </IconButton>
  )
}

function freeName(r: Rule, taken: Rule[]): string {
  for (let i = 2; ; i++) {
    const name = `${r.name}_${i}`
    if (!taken.some((t) => t.pack === r.pack && t.name === name)) return name
  }
}
