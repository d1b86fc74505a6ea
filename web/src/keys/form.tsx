import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { setKey } from '@/api/keys'
import type { Key } from '@/api/types'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Dialog } from '@/ui/dialog'
import { Field, Input, inputClass } from '@/ui/field'

/** Sets a key. The value of a secret is not shown, so it is typed anew. */
export function KeyForm({ scope, before, close }: { scope: string; before: Partial<Key>; close: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState(before.name ?? '')
  const [value, setValue] = useState(before.secret ? '' : (before.value ?? ''))
  const [secret, setSecret] = useState(before.secret ?? false)
  const [ttl, setTTL] = useState('')
  const save = useMutation({
    mutationFn: () => setKey(scope, { name, value, secret, ttl: Number(ttl) || undefined }),
    onSuccess: () => {
      close()
      return client.invalidateQueries({ queryKey: ['keys'] })
    },
  })
  return (
    <Dialog title={before.name ? `Change ${before.name}` : 'New key'} open onClose={close}>
      <form
        className="flex flex-col gap-4 p-5"
        onSubmit={(e) => {
          e.preventDefault()
          save.mutate()
        }}
      >
        {!before.name && (
          <Field label="Name" needed>
            {(props) => <Input {...props} data-autofocus spellCheck={false} value={name} onChange={(e) => setName(e.target.value)} />}
          </Field>
        )}
        <Field label="Value" needed>
          {(props) =>
            secret ? (
              <Input {...props} type="password" autoComplete="new-password" value={value} onChange={(e) => setValue(e.target.value)} />
            ) : (
              <textarea {...props} rows={3} spellCheck={false} value={value} onChange={(e) => setValue(e.target.value)} className={cx(inputClass, 'h-auto w-full py-1.5 font-mono text-[13px]')} />
            )
          }
        </Field>
        <label className="flex items-center gap-2">
          <input type="checkbox" checked={secret} onChange={(e) => setSecret(e.target.checked)} className="accent-accent" /> It is a secret: it is encrypted, and shown to nobody here.
        </label>
        <Field label="Seconds until it is gone" hint="Empty: it stays.">
          {(props) => <Input {...props} inputMode="numeric" className="w-40" value={ttl} onChange={(e) => setTTL(e.target.value)} />}
        </Field>
        {save.isError && (
          <p role="alert" className="whitespace-pre-wrap text-bad">
            {messageOf(save.error)}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Leave it</Button>
          <Button kind="primary" type="submit" disabled={!name || !value || save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
