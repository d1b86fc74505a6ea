import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useDeferredValue, useState } from 'react'
import { auditHeadQuery, auditQuery, type AuditEntry } from '@/api/settings'
import { userQuery } from '@/api/user'
import { Button } from '@/ui/button'
import { CopyButton } from '@/ui/copy'
import { cx } from '@/ui/cx'
import { Input, Select } from '@/ui/field'
import { Facts } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { Time } from '@/ui/time'
import { differences } from './diff'

const steps = [100, 1000] // as many as the server gives at once

/** Who changed what, the latest first. */
export function Audit() {
  const me = useQuery(userQuery).data
  if (me && !me.rbac.is_admin) return <p className="p-4 text-muted">Only administrators see the audit log.</p>
  return <Log />
}

function Log() {
  const [user, setUser] = useState('')
  const [outcome, setOutcome] = useState('')
  const [limit, setLimit] = useState(steps[0]!)
  const query = useQuery({ ...auditQuery(useDeferredValue(user.trim()), limit), placeholderData: (old) => old })
  const head = useQuery(auditHeadQuery).data?.head
  return (
    <>
      <div className="flex flex-wrap items-center gap-3 border-b px-4 py-3">
        <Input aria-label="Only of this user" placeholder="Only of this user" className="w-56" value={user} onChange={(e) => setUser(e.target.value)} />
        <Select aria-label="What became of it" className="w-40" value={outcome} onChange={(e) => setOutcome(e.target.value)}>
          <option value="">done or refused</option>
          <option>done</option>
          <option>refused</option>
        </Select>
        {head && (
          <span className="ml-auto flex min-w-0 items-center gap-2 text-sm text-muted" title="Keep it elsewhere, and “nightshift audit verify” can tell later that nothing before it was changed.">
            Entry {head.seq} · <code className="truncate font-mono text-[12.5px]">{head.hash.slice(0, 12)}</code>
            <CopyButton label="Copy the head of the chain" text={`${head.seq} ${head.hash}`} />
          </span>
        )}
      </div>
      <Loaded query={query}>
        {(entries) => {
          const shown = entries.filter((e) => !outcome || e.record.outcome === outcome)
          return (
            <>
              {shown.length === 0 ? (
                <p className="px-4 py-3 text-muted">{user || outcome ? 'Nothing of the kind is among the latest entries.' : 'Nobody has changed anything.'}</p>
              ) : (
                <ul className="divide-y">
                  {shown.map((e) => (
                    <Line key={e.seq} entry={e} />
                  ))}
                </ul>
              )}
              {entries.length === limit && (
                <p className="flex items-center gap-3 border-t px-4 py-3 text-sm text-muted">
                  {limit === steps[0] ? <Button onClick={() => setLimit(steps[1]!)}>Show more</Button> : 'Those before are listed by “nightshift audit list”.'}
                </p>
              )}
            </>
          )
        }}
      </Loaded>
    </>
  )
}

function Line({ entry: { seq, record: r } }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false)
  return (
    <li>
      <details onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-2 text-sm hover:bg-sunken">
          <Time at={r.at} className="text-muted" />
          <span className="font-medium">{r.user || 'unknown'}</span>
          <span className="min-w-0 grow font-mono text-[13px] break-all">
            {r.method} /{r.object || r.route.replace(/^\//, '')}
          </span>
          <span className={cx(r.outcome === 'done' ? 'text-good' : 'text-bad')}>{r.outcome}</span>
          {r.reason && <span className="w-full text-muted">{r.reason}</span>}
        </summary>
        {open && (
          <div className="border-t bg-sunken">
            <Facts
              facts={[
                ['Entry', seq],
                ['Came in by', r.credential],
                ['From', [r.address, r.client].filter(Boolean).join(', ')],
                ['Permission', r.permission],
                ['Execution', r.execution && <Link key="e" to="/executions/$id" params={{ id: r.execution }} className="text-accent underline">{r.execution}</Link>],
                ['Request', <span key="r" className="font-mono text-[12.5px]">{r.request_id}</span>],
                ['Not kept', r.missed ? `${r.missed} refusals of the same address before` : ''],
              ]}
            />
            {r.changes?.map((c) => (
              <section key={c.kind + c.object} aria-label={`${c.kind} ${c.object}`} className="px-4 pb-4 text-sm">
                <p className="pb-1 font-medium break-all">
                  {c.kind} {c.object} <span className="font-normal text-muted">{c.before === undefined ? 'was made' : c.after === undefined ? 'was deleted' : 'was changed'}</span>
                </p>
                <dl className="flex flex-col gap-0.5 font-mono text-[12.5px]">
                  {differences(c.before, c.after).map((d) => (
                    <div key={d.path} className="break-all">
                      <dt className="inline text-muted">{d.path || 'it'}: </dt>
                      <dd className="inline">
                        {d.before !== undefined && <del className="text-bad">{d.before}</del>} {d.after !== undefined && <ins className="text-good no-underline">{d.after}</ins>}
                      </dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
            {Boolean(r.more_changes) && <p className="px-4 pb-4 text-sm text-muted">{r.more_changes} more changes were too many to be kept.</p>}
          </div>
        )}
      </details>
    </li>
  )
}
