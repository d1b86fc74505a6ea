import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '@/api/rights'
import { apiKeysQuery, deleteAPIKey, enableAPIKey, makeAPIKey, type APIKey } from '@/api/settings'
import { Button } from '@/ui/button'
import { ConfirmButton } from '@/ui/confirm'
import { CopyButton } from '@/ui/copy'
import { Input } from '@/ui/field'
import { Loaded } from '@/ui/state'
import { Switch } from '@/ui/switch'
import { Time } from '@/ui/time'
import { toast } from '@/ui/toast'

/** What programs come in with. A key is shown once, when it is made. */
export function APIKeys() {
  const client = useQueryClient()
  const query = useQuery(apiKeysQuery)
  const may = useMay()
  const [name, setName] = useState('')
  const again = () => client.invalidateQueries({ queryKey: ['api keys'] })
  const make = useMutation({
    mutationFn: () => makeAPIKey(name),
    onSuccess: () => {
      setName('')
      return again()
    },
    onError: toast.failed,
  })
  return (
    <>
      {may('api_key_create') && (
        <form
          className="flex flex-wrap items-center gap-3 border-b px-4 py-3"
          onSubmit={(e) => {
            e.preventDefault()
            make.mutate()
          }}
        >
          <Input aria-label="What it is for" placeholder="What it is for" className="w-64 min-w-0 max-md:grow max-md:basis-40" value={name} onChange={(e) => setName(e.target.value)} />
          <Button type="submit" disabled={!name || make.isPending}>
            Make a key
          </Button>
        </form>
      )}
      {make.data && (
        <p role="status" className="flex flex-wrap items-center gap-2 border-b bg-warn/10 px-4 py-3">
          <span>This is shown once:</span> <code className="font-mono text-[13px] break-all">{make.data.key}</code>
          <CopyButton label="Copy the key" text={make.data.key} />
        </p>
      )}
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="px-4 py-3 text-muted">There are none.</p>
          ) : (
            <ul className="divide-y">
              {items.map((k) => (
                <Line key={k.id} entry={k} changed={again} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}

function Line({ entry: k, changed }: { entry: APIKey; changed: () => Promise<void> }) {
  const name = k.metadata?.name ?? k.id
  const enable = useMutation({ mutationFn: (on: boolean) => enableAPIKey(k, on), onSuccess: changed, onError: toast.failed })
  const remove = useMutation({ mutationFn: () => deleteAPIKey(k.id), onSuccess: changed, onError: toast.failed })
  const on = enable.isPending ? enable.variables : k.enabled
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-4 px-4 py-2 md:grid-cols-[auto_minmax(0,1fr)_auto_auto]">
      <Switch label={`${name} is ${on ? 'enabled' : 'disabled'}`} on={on} disabled={enable.isPending} onChange={enable.mutate} />
      <span className="font-medium wrap-anywhere">
        {name}
      </span>
      <span className="text-sm text-muted max-md:order-last max-md:col-start-2">
        of {k.user}, made <Time at={k.created_at} />
      </span>
      <ConfirmButton label={`Delete ${name}`} title={`Delete the key ${name}?`} words="Whatever comes in with it is refused from then on." verb="Delete it" onConfirm={() => remove.mutate()}>
        Delete
      </ConfirmButton>
    </li>
  )
}
