import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { assignmentsQuery, changeUser, createUser, deleteUser, revokeUser, usersQuery, type Account } from '@/api/people'
import { Button } from '@/ui/button'
import { ConfirmButton } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Loaded } from '@/ui/state'
import { Time } from '@/ui/time'
import { toast } from '@/ui/toast'

/** Who may come in. What would shut out the one who looks is not offered. */
export function Users({ self }: { self: string }) {
  const query = useQuery(usersQuery)
  const assignments = useQuery(assignmentsQuery).data ?? []
  const [edited, setEdited] = useState<Account | 'new'>()
  return (
    <>
      <div className="border-b px-4 py-3">
        <Button onClick={() => setEdited('new')}>
          <Plus size={15} aria-hidden /> New user
        </Button>
      </div>
      <Loaded query={query}>
        {({ items, total }) => (
          <>
            <ul className="divide-y">
              {items.map((u) => (
                <Line key={u.name} user={u} self={u.name === self} roles={assignments.filter((a) => a.user === u.name).map((a) => a.role)} edit={() => setEdited(u)} />
              ))}
            </ul>
            {total > items.length && <p className="border-t px-4 py-2 text-sm text-muted">{total - items.length} more are not shown.</p>}
          </>
        )}
      </Loaded>
      {edited && <UserDialog user={edited === 'new' ? undefined : edited} self={edited !== 'new' && edited.name === self} close={() => setEdited(undefined)} />}
    </>
  )
}

function Line({ user: u, self, roles, edit }: { user: Account; self: boolean; roles: string[]; edit: () => void }) {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => revokeUser(u.name),
    onSuccess: ({ tokens, api_keys }) => toast.done(`${u.name} is logged out everywhere: ${tokens} tokens and ${api_keys} API keys are gone.`),
    onError: toast.failed,
  })
  const remove = useMutation({ mutationFn: () => deleteUser(u.name), onSuccess: () => client.invalidateQueries({ queryKey: ['users'] }), onError: toast.failed })
  const facts = [u.admin && 'administrator', u.disabled && 'disabled', !u.has_password && 'no password here', ...roles.map((r) => `role ${r}`), ...u.groups.map((g) => `group ${g}`)].filter(Boolean)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2">
      <div className="min-w-48 grow basis-0">
        <p className="font-medium break-all">
          {u.name}
          {self && <span className="font-normal text-muted"> · you</span>}
        </p>
        <p className="text-sm break-words text-muted">{facts.join(', ')}</p>
      </div>
      <span className="text-sm text-muted max-md:hidden">
        made <Time at={u.created_at} />
      </span>
      <div className="flex flex-wrap gap-2">
        <Link to="/people" search={{ view: 'why', user: u.name }} className="self-center text-sm text-accent hover:underline">
          What may they?
        </Link>
        <Button size="sm" aria-label={`Change ${u.name}`} onClick={edit}>
          Change
        </Button>
        {!self && (
          <>
            <ConfirmButton label={`Log out ${u.name}`} title={`Log out ${u.name} everywhere?`} words="All tokens and API keys of this user are taken away. Programs that come in with them are refused from then on." verb="Take them away" onConfirm={() => revoke.mutate()}>
              Log out
            </ConfirmButton>
            <ConfirmButton label={`Delete ${u.name}`} title={`Delete the user ${u.name}?`} words="The tokens and API keys of this user go with it. What they did stays in the history and in the audit log." verb="Delete" onConfirm={() => remove.mutate()}>
              Delete
            </ConfirmButton>
          </>
        )}
      </div>
    </li>
  )
}

function UserDialog({ user, self, close }: { user?: Account; self: boolean; close: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [admin, setAdmin] = useState(user?.admin ?? false)
  const [disabled, setDisabled] = useState(user?.disabled ?? false)
  const save = useMutation({
    mutationFn: () => {
      const secret = password ? { password } : {}
      return user ? changeUser(user.name, { ...secret, ...(!self && { admin, disabled }) }) : createUser({ name, admin, ...secret })
    },
    onSuccess: (saved) => {
      toast.done(`${saved.name} is saved.`)
      close()
      return client.invalidateQueries({ queryKey: ['users'] })
    },
  })
  return (
    <Dialog title={user ? `Change ${user.name}` : 'New user'} open onClose={close} className="max-w-sm">
      <form
        className="flex flex-col gap-4 p-5"
        onSubmit={(e) => {
          e.preventDefault()
          save.mutate()
        }}
      >
        {!user && (
          <Field label="Name" needed>
            {(props) => <Input {...props} autoComplete="off" spellCheck={false} value={name} onChange={(e) => setName(e.target.value)} />}
          </Field>
        )}
        <Field
          label={user ? 'New password' : 'Password'}
          hint={user ? 'At least 8 characters. Empty: it stays. A new one logs them out.' : 'At least 8 characters. Empty: they come in by another service, or with API keys only.'}
        >
          {(props) => <Input {...props} type="password" autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} />}
        </Field>
        {!self && (
          <>
            <Check label="Administrator, who may do everything" on={admin} set={setAdmin} />
            {user && <Check label="Disabled: may not come in" on={disabled} set={setDisabled} />}
          </>
        )}
        {save.isError && (
          <p role="alert" className="text-sm text-bad">
            {messageOf(save.error)}
          </p>
        )}
        <Button kind="primary" type="submit" disabled={(!user && !name) || save.isPending}>
          Save
        </Button>
      </form>
    </Dialog>
  )
}

function Check({ label, on, set }: { label: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <label className="flex items-center gap-2 text-sm">
      <input type="checkbox" checked={on} onChange={(e) => set(e.target.checked)} /> {label}
    </label>
  )
}
