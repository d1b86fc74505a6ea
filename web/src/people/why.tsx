import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { CircleCheck, CircleSlash } from 'lucide-react'
import { useDeferredValue } from 'react'
import { explanationQuery, permissionsQuery, usersQuery, type Explanation } from '@/api/people'
import { cx } from '@/ui/cx'
import { Field, Input, Select } from '@/ui/field'
import { Facts } from '@/ui/page'
import { Failure, Loaded, Loading } from '@/ui/state'

const route = getRouteApi('/people')

/** Whether somebody may do something with something, and by what that is decided. */
export function Why({ on, self }: { on: boolean; self: string }) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const permissions = useQuery(permissionsQuery)
  const users = useQuery(usersQuery).data?.items ?? []
  const set = (change: { user?: string; permission?: string; resource?: string }) => void navigate({ to: '/people', search: { ...search, ...change }, replace: true })
  const user = search.user ?? self
  if (!on) return <p className="p-4 text-muted">Roles are off: whoever is known may do everything but what takes an administrator. The setting rbac.enable switches them on.</p>
  return (
    <Loaded query={permissions}>
      {(all) => {
        const kind = Object.keys(all).find((k) => search.permission && search.permission in all[k]!)
        return (
          <>
            <div className="grid gap-4 border-b p-4 md:grid-cols-3">
              <Field label="Who?">
                {(props) => (
                  <>
                    <Input {...props} list="people" spellCheck={false} value={user} onChange={(e) => set({ user: e.target.value })} />
                    <datalist id="people">
                      {users.map((u) => (
                        <option key={u.name} value={u.name} />
                      ))}
                    </datalist>
                  </>
                )}
              </Field>
              <Field label="May do what?" hint={kind && all[kind]?.[search.permission!]}>
                {(props) => (
                  <Select {...props} value={search.permission ?? ''} onChange={(e) => set({ permission: e.target.value || undefined })}>
                    <option value="">Choose …</option>
                    {Object.entries(all).map(([kind, permissions]) => (
                      <optgroup key={kind} label={kind}>
                        {Object.keys(permissions).map((p) => (
                          <option key={p}>{p}</option>
                        ))}
                      </optgroup>
                    ))}
                  </Select>
                )}
              </Field>
              <Field label="With what?" hint="Such as core.local. Empty: for all at once.">
                {(props) => <Input {...props} spellCheck={false} value={search.resource ?? ''} onChange={(e) => set({ resource: e.target.value || undefined })} />}
              </Field>
            </div>
            {search.permission && user && <Answer user={user} permission={search.permission} resource={search.resource} />}
          </>
        )
      }}
    </Loaded>
  )
}

function Answer(question: { user: string; permission: string; resource?: string }) {
  const { data, error } = useQuery(explanationQuery(useDeferredValue(question)))
  if (error) return <Failure error={error} />
  return data ? <Shown of={data} /> : <Loading lines={2} />
}

function Shown({ of: e }: { of: Explanation }) {
  const Icon = e.allowed ? CircleCheck : CircleSlash
  return (
    <div role="status">
      <p className={cx('flex items-start gap-2 px-4 pt-4 font-medium', e.allowed ? 'text-good' : 'text-bad')}>
        <Icon size={18} className="mt-0.5 shrink-0" aria-hidden />
        {e.allowed ? `${e.user} may.` : e.hidden ? `${e.user} may not, and does not see that it is there.` : `${e.user} may not.`}
      </p>
      <p className="px-4 pt-1 whitespace-pre-wrap">{e.why}</p>
      <Facts
        facts={[
          ['Resource', e.resource],
          ['Roles', e.roles.join(', ') || 'none'],
          ['Groups', e.groups.join(', ')],
        ]}
      />
    </div>
  )
}
