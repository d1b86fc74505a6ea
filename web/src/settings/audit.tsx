import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { auditHeadQuery, auditPages, type AuditEntry, type AuditFilter } from '@/api/settings'
import { userQuery } from '@/api/user'
import { Button } from '@/ui/button'
import { CopyButton } from '@/ui/copy'
import { cx } from '@/ui/cx'
import { Input, Select } from '@/ui/field'
import { Facts } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { Time } from '@/ui/time'
import { differences } from './diff'

const route = getRouteApi('/settings')

const outcomes = ['done', 'refused'] as const

/** Who changed what, the latest first. */
export function Audit() {
  const me = useQuery(userQuery).data
  if (me && !me.rbac.is_admin) return <p className="p-4 text-muted">Only administrators see the audit log.</p>
  return <Log />
}

/** All of the log is asked, and what is looked for is in the address. */
function Log() {
  const { user = '', outcome } = route.useSearch()
  const navigate = useNavigate()
  const look = (change: AuditFilter) =>
    void navigate({ to: '/settings', search: { view: 'audit', user: user || undefined, outcome, ...change }, replace: true })
  const [typed, setTyped] = useState(user)
  const known = outcomes.find((o) => o === outcome)
  const query = useInfiniteQuery({ ...auditPages({ ...(user && { user }), ...(known && { outcome: known }) }), placeholderData: keepPreviousData })
  const head = useQuery(auditHeadQuery).data?.head
  return (
    <>
      <div className="flex flex-wrap items-center gap-3 border-b px-4 py-3">
        <Input
          aria-label="Only of this user"
          placeholder="Only of this user"
          autoComplete="off"
          spellCheck={false}
          className="w-56 max-md:grow"
          value={typed}
          onChange={(e) => {
            setTyped(e.target.value)
            look({ user: e.target.value.trim() || undefined })
          }}
        />
        <Select aria-label="What became of it" className="w-auto" value={known ?? ''} onChange={(e) => look({ outcome: outcomes.find((o) => o === e.target.value) })}>
          <option value="">done or refused</option>
          {outcomes.map((o) => (
            <option key={o}>{o}</option>
          ))}
        </Select>
        {head && (
          <span className="ml-auto flex min-w-0 items-center gap-2 text-sm text-muted" title="Keep it elsewhere, and “nightshift audit verify” can tell later that nothing before it was changed.">
            Entry {head.seq} · <code className="truncate font-mono text-[12.5px]">{head.hash.slice(0, 12)}</code>
            <CopyButton label="Copy the head of the chain" text={`${head.seq} ${head.hash}`} />
          </span>
        )}
      </div>
      <Loaded query={query}>
        {({ pages }) => {
          const entries = pages.flat()
          return (
            <>
              {entries.length === 0 ? (
                <p className="px-4 py-3 text-muted">{user || known ? 'Nothing of the kind is in the log.' : 'Nobody has changed anything.'}</p>
              ) : (
                <ul className="divide-y">
                  {entries.map((e) => (
                    <Line key={e.seq} entry={e} />
                  ))}
                </ul>
              )}
              {query.hasNextPage && (
                <div className="border-t px-4 py-3">
                  <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    {query.isFetchingNextPage ? 'Reading …' : 'Show earlier ones'}
                  </Button>
                </div>
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
        <summary className="grid grid-cols-[auto_1fr_auto] items-baseline gap-x-4 gap-y-0.5 px-4 py-2 text-sm hover:bg-sunken md:grid-cols-[9rem_8rem_minmax(0,1fr)_auto]">
          <Time at={r.at} className="text-muted" />
          <span className="truncate font-medium">{r.user || 'unknown'}</span>
          <span className="min-w-0 font-mono text-[13px] break-all max-md:order-last max-md:col-span-3">
            {r.origin || `${r.method} /${r.object || r.route.replace(/^\//, '')}`}
          </span>
          <span className={cx(r.outcome === 'done' ? 'text-good' : 'text-bad')}>{r.outcome}</span>
          {r.reason && <span className="order-last col-span-full text-muted md:col-start-3">{r.reason}</span>}
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
