import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Lock, Plus } from 'lucide-react'
import { useState } from 'react'
import { deleteKey, keysQuery } from '@/api/keys'
import { useMay } from '@/api/rights'
import type { Key } from '@/api/types'
import { Button } from '@/ui/button'
import { ConfirmButton } from '@/ui/confirm'
import { CopyButton } from '@/ui/copy'
import { Select } from '@/ui/field'
import { Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/state'
import { Time } from '@/ui/time'
import { toast } from '@/ui/toast'
import { KeyForm } from './form'

const route = getRouteApi('/keys')

/** The datastore. Secrets stay hidden: here one sets them, and nobody reads them. */
export function Keys() {
  const scope = route.useSearch().scope ?? 'system'
  const navigate = useNavigate()
  const query = useQuery(keysQuery(scope))
  const [edited, setEdited] = useState<Partial<Key>>()
  const may = useMay()
  return (
    <Page
      title="Keys"
      actions={
        <>
          <Select aria-label="Whose keys" className="w-auto" value={scope} onChange={(e) => void navigate({ to: '/keys', search: { scope: e.target.value }, replace: true })}>
            <option value="system">of everybody</option>
            <option value="user">my own</option>
          </Select>
          {(scope === 'user' || may('key_value_pair_set')) && (
            <Button kind="primary" onClick={() => setEdited({})}>
              <Plus size={14} aria-hidden /> New key
            </Button>
          )}
        </>
      }
    >
      <Panel>
        <Loaded query={query}>
          {({ items, total }) =>
            items.length === 0 ? (
              <Empty icon={Lock} title="There are no keys">
                Actions, rules and workflows read what is kept here.
              </Empty>
            ) : (
              <>
                <ul className="divide-y">
                  {items.map((k) => (
                    <Line key={k.name} entry={k} scope={scope} edit={() => setEdited(k)} />
                  ))}
                </ul>
                {total > items.length && <p className="border-t px-4 py-2 text-sm text-muted">{total - items.length} more are not shown; the command line lists all of them.</p>}
              </>
            )
          }
        </Loaded>
      </Panel>
      {edited && <KeyForm scope={scope} before={edited} close={() => setEdited(undefined)} />}
    </Page>
  )
}

function Line({ entry: k, scope, edit }: { entry: Key; scope: string; edit: () => void }) {
  const client = useQueryClient()
  const own = scope === 'user'
  const may = useMay('key_value_pair:st2kv.system:' + k.name)
  const remove = useMutation({
    mutationFn: () => deleteKey(scope, k.name),
    onSuccess: () => client.invalidateQueries({ queryKey: ['keys'] }),
    onError: toast.failed,
  })
  return (
    <li className="grid items-center gap-x-4 gap-y-1 px-4 py-2 md:grid-cols-[minmax(0,2fr)_minmax(0,2fr)_20rem] lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)_22rem]">
      <span className="min-w-0 font-medium wrap-anywhere">
        {k.name}
      </span>
      <span className="min-w-0 truncate font-mono text-[13px] text-muted" title={k.secret ? undefined : (k.value ?? undefined)}>
        {k.secret ? (
          <span className="inline-flex items-center gap-1.5">
            <Lock size={13} aria-hidden /> secret
          </span>
        ) : (
          k.value
        )}
      </span>
      <span className="flex items-center gap-3 md:justify-end">
        {k.expire_timestamp && (
          <span className="text-sm whitespace-nowrap text-muted">
            until <Time at={k.expire_timestamp} />
          </span>
        )}
        {!k.secret && <CopyButton label={`Copy the value of ${k.name}`} text={k.value ?? ''} />}
        {(own || may('key_value_pair_set')) && (
          <Button size="sm" aria-label={`Change ${k.name}`} onClick={edit}>
            Change
          </Button>
        )}
        {(own || may('key_value_pair_delete')) && (
          <ConfirmButton label={`Delete ${k.name}`} title={`Delete ${k.name}?`} words="What reads it finds nothing then." verb="Delete it" onConfirm={() => remove.mutate()}>
            Delete
          </ConfirmButton>
        )}
      </span>
    </li>
  )
}
