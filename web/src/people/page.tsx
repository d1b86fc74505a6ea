import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { userQuery } from '@/api/user'
import { Facts, Page, Panel } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { Tabs } from '@/ui/tabs'
import { OwnPassword } from './password'
import { Roles } from './roles'
import { Users } from './users'
import { Why } from './why'

const route = getRouteApi('/people')

/** Who may come in, what they may do, and why. */
export function People() {
  const { view } = route.useSearch()
  const navigate = useNavigate()
  const user = useQuery(userQuery)
  return (
    <Page title="People">
      <Loaded query={user}>
        {({ username, rbac }) => (
          <>
            <Panel title="You">
              <Facts
                facts={[
                  ['Name', username],
                  ['Roles', rbac.enabled ? rbac.roles.join(', ') || 'none' : 'Roles are off: who is known may do everything but what takes an administrator.'],
                  ['Administrator', rbac.is_admin ? 'yes' : 'no'],
                ]}
              />
              <OwnPassword />
            </Panel>
            {rbac.is_admin ? (
              <Tabs
                label="People"
                open={view ?? 'users'}
                onOpen={(v) => void navigate({ to: '/people', search: (s) => ({ ...s, view: v === 'users' ? undefined : v }), replace: true })}
                tabs={[
                  { id: 'users', name: 'Users', content: <Users self={username} /> },
                  { id: 'roles', name: 'Roles', content: <Roles on={rbac.enabled} /> },
                  { id: 'why', name: 'Why may she?', content: <Why on={rbac.enabled} self={username} /> },
                ]}
              />
            ) : (
              <p className="text-muted">Administrators see here who else may come in, and what they may do.</p>
            )}
          </>
        )}
      </Loaded>
    </Page>
  )
}
