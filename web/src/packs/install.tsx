import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { installPacks, searchPacks } from '@/api/packs'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'

/** Finds a pack in the indexes, or takes the address of one; its installation is watched as an execution. */
export function Install({ close }: { close: () => void }) {
  const [text, setText] = useState('')
  const navigate = useNavigate()
  const search = useMutation({ mutationFn: searchPacks })
  const install = useMutation({
    mutationFn: (pack: string) => installPacks([pack]),
    onSuccess: ({ execution_id }) => {
      close()
      return navigate({ to: '/executions/$id', params: { id: execution_id } })
    },
  })
  const error = install.error ?? search.error
  return (
    <Dialog title="Install a pack" open onClose={close} className="max-w-xl">
      <form
        className="flex min-h-0 flex-col gap-4 overflow-y-auto p-5"
        onSubmit={(e) => {
          e.preventDefault()
          search.mutate(text)
        }}
      >
        <Field label="Name, words, or an address" hint="A pack of an index (redis, redis=1.2.0), a Git repository, an archive, or a folder of the server.">
          {(props) => <Input {...props} data-autofocus spellCheck={false} value={text} onChange={(e) => setText(e.target.value)} />}
        </Field>
        <div className="flex gap-2">
          <Button type="submit" disabled={!text || search.isPending}>
            <Search size={14} aria-hidden /> Find
          </Button>
          <Button kind="primary" disabled={!text || install.isPending} onClick={() => install.mutate(text)}>
            Install {text}
          </Button>
        </div>
        {error && (
          <p role="alert" className="whitespace-pre-wrap text-bad">
            {messageOf(error)}
          </p>
        )}
        {search.data?.length === 0 && <p role="status">No index has such a pack.</p>}
        <ul className="divide-y">
          {search.data?.map((p) => (
            <li key={p.ref ?? p.name} className="flex items-center gap-3 py-2">
              <span className="min-w-0 grow">
                <span className="font-medium">{p.ref ?? p.name}</span> <span className="text-sm text-muted">{p.version}</span>
                <span className="block truncate text-sm text-muted">{p.description}</span>
              </span>
              <Button size="sm" aria-label={`Install ${p.ref ?? p.name}`} disabled={install.isPending} onClick={() => install.mutate(p.ref ?? p.name)}>
                Install
              </Button>
            </li>
          ))}
        </ul>
      </form>
    </Dialog>
  )
}
