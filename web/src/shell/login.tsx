import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { logIn, ssoQuery } from '@/api/user'
import { messageOf } from '@/api/client'
import { Button, buttonClass } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Mark } from './mark'

/** Where a browser begins the log-in by a service, from the page that it is on. */
function ssoPath(provider: string) {
  const query = new URLSearchParams({ to: location.pathname + location.search })
  if (provider) query.set('provider', provider)
  return '/auth/v1/sso/request?' + query.toString()
}

/** Asks for a user and a password. After it all that was asked in vain is asked again. */
export function LoginForm({ user }: { user?: string }) {
  const client = useQueryClient()
  const sso = useQuery(ssoQuery)
  const [name, setName] = useState(user ?? '')
  const [password, setPassword] = useState('')
  const login = useMutation({
    mutationFn: () => logIn(name, password),
    onSuccess: () => client.invalidateQueries(),
  })
  const submit = (e: FormEvent) => {
    e.preventDefault()
    login.mutate()
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4 p-6">
      <Field label="User" needed>
        {(props) => <Input {...props} name="username" autoComplete="username" autoFocus={!user} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <Field label="Password" needed>
        {(props) => (
          <Input {...props} name="password" type="password" autoComplete="current-password" data-autofocus value={password} onChange={(e) => setPassword(e.target.value)} />
        )}
      </Field>
      {login.isError && (
        <p role="alert" className="text-sm text-bad">
          {messageOf(login.error)}
        </p>
      )}
      <Button type="submit" kind="primary" disabled={login.isPending || !name || !password}>
        {login.isPending ? 'Logging in …' : 'Log in'}
      </Button>
      {sso.data?.enabled &&
        (sso.data.providers.length > 1 ? sso.data.providers : ['']).map((provider) => (
          <a key={provider} href={ssoPath(provider)} className={buttonClass()}>
            {provider ? `Log in by ${provider}` : 'Log in by single sign-on'}
          </a>
        ))}
    </form>
  )
}

/** The first thing that somebody sees whom the server does not know. */
export function LoginPage() {
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm overflow-hidden rounded-2xl border bg-panel shadow-float">
        <div className="flex items-center gap-3 px-6 pt-6">
          <Mark />
          <div>
            <h1 className="text-lg font-semibold tracking-tight">Nightshift</h1>
            <p className="text-sm text-muted">It takes the night shift.</p>
          </div>
        </div>
        <LoginForm />
      </div>
    </main>
  )
}
