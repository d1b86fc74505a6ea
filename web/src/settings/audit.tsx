import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { auditQuery } from '@/api/settings'
import { cx } from '@/ui/cx'
import { Input } from '@/ui/field'
import { Loaded } from '@/ui/state'
import { Time } from '@/ui/time'

/** Who changed what, the latest first. */
export function Audit() {
  const [user, setUser] = useState('')
  const query = useQuery({ ...auditQuery(useDeferredValue(user)), placeholderData: (old) => old })
  return (
    <>
      <div className="border-b px-4 py-3">
        <Input aria-label="Only of this user" placeholder="Only of this user" className="w-64" value={user} onChange={(e) => setUser(e.target.value)} />
      </div>
      <Loaded query={query}>
        {(entries) =>
          entries.length === 0 ? (
            <p className="px-4 py-3 text-muted">Nobody has changed anything.</p>
          ) : (
            <ul className="divide-y">
              {entries.map(({ seq, record: r }) => (
                <li key={seq} className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-2 text-sm" title={[r.credential, r.client].filter(Boolean).join(', ')}>
                  <Time at={r.at} className="text-muted" />
                  <span className="font-medium">{r.user}</span>
                  <span className="min-w-0 grow font-mono text-[13px] break-all">
                    {r.method} {r.route}
                  </span>
                  <span className="text-muted">{r.address}</span>
                  <span className={cx(r.outcome === 'done' ? 'text-good' : 'text-bad')}>{r.outcome}</span>
                  {r.reason && <span className="w-full text-muted">{r.reason}</span>}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}
