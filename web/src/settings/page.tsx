import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { messageOf } from '@/api/client'
import { figuresQuery, readyQuery, versionQuery, workersQuery } from '@/api/settings'
import { userQuery } from '@/api/user'
import { Facts, Page } from '@/ui/page'
import { Tabs } from '@/ui/tabs'
import { Time } from '@/ui/time'
import { APIKeys } from './apikeys'
import { Audit } from './audit'
import { Policies } from './policies/list'

const route = getRouteApi('/settings')

/** The server itself, and who may do what with it. */
export function Settings() {
  const { view } = route.useSearch()
  const navigate = useNavigate()
  return (
    <Page title="Settings">
      <Tabs
        label="Settings"
        open={view ?? 'server'}
        onOpen={(v) => void navigate({ to: '/settings', search: { view: v === 'server' ? undefined : v }, replace: true })}
        tabs={[
          { id: 'server', name: 'Server', content: <Health /> },
          { id: 'api-keys', name: 'API keys', content: <APIKeys /> },
          { id: 'policies', name: 'Policies', content: <Policies /> },
          { id: 'audit', name: 'Audit', content: <Audit /> },
        ]}
      />
    </Page>
  )
}

const link = 'text-accent hover:underline'

function Health() {
  const version = useQuery(versionQuery)
  const ready = useQuery(readyQuery)
  const workers = useQuery(workersQuery)
  const user = useQuery(userQuery)
  const figures = useQuery(figuresQuery).data
  const started = figures?.get('process_start_time_seconds')
  const memory = figures?.get('process_resident_memory_bytes')
  return (
    <Facts
      facts={[
        [
          'State',
          ready.isError ? (
            <span key="bad" className="text-bad">
              <TriangleAlert size={15} className="inline align-[-2px]" aria-hidden /> {messageOf(ready.error)}
            </span>
          ) : (
            ready.data && (
              <span key="good" className="text-good">
                <CircleCheck size={15} className="inline align-[-2px]" aria-hidden /> it can do its work
              </span>
            )
          ),
        ],
        ['Version', version.data && `${version.data.version} (${version.data.go})`],
        ['Runs since', started && <Time key="started" at={new Date(started * 1000).toISOString()} />],
        ['Memory', memory && `${(memory / (1 << 20)).toFixed(0)} MB`],
        ['Roles', user.data && (user.data.rbac.enabled ? 'decide who may do what' : 'are off: whoever can log in may do everything')],
        ['Workers', workers.data?.map((w) => w.member_id).join(', ')],
        ['You are', user.data && `${user.data.username}${user.data.rbac.is_admin ? ', an administrator' : ''}`],
        ['Logged in until', user.data?.authentication.token_expire && <Time key="until" at={user.data.authentication.token_expire} />],
        ['Figures', <a key="metrics" href="/metrics" className={link}>in the form of Prometheus</a>],
        ['The API', <a key="api" href="/api/v1/openapi.json" className={link}>describes itself</a>],
      ]}
    />
  )
}
