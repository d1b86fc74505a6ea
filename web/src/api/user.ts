import { queryOptions } from '@tanstack/react-query'
import { api, ask, Fault } from './client'
import { session } from './session'
import type { User } from './types'

/** Who is logged in. */
export const userQuery = queryOptions({
  queryKey: ['user'],
  queryFn: async ({ signal }) => {
    const user = await ask<User>(api.GET('/api/v1/user', { signal }))
    session.begin()
    return user
  },
  staleTime: Infinity,
})

/** Logs in, and leaves the token in a cookie that scripts cannot read. */
export async function logIn(name: string, password: string): Promise<void> {
  const basic = btoa(String.fromCharCode(...new TextEncoder().encode(`${name}:${password}`)))
  const answer = await ask<{ token: string }>(api.POST('/auth/v1/tokens', { headers: { Authorization: `Basic ${basic}` }, body: {} })).catch((err: unknown) => {
    throw err instanceof Fault && err.status === 401 ? new Fault(401, 'That is not a user and their password.') : err
  })
  // The server sets the cookie for whoever shows a token in a header.
  await ask(api.GET('/api/v1/user', { headers: { 'X-Auth-Token': answer.token } }))
  session.begin()
}

/** Whether one can log in by another service. */
export const ssoQuery = queryOptions({
  queryKey: ['sso'],
  queryFn: ({ signal }) => ask<{ enabled: boolean; providers: string[] }>(api.GET('/auth/v1/sso', { signal })),
  staleTime: Infinity,
})

export async function logOut(): Promise<void> {
  await ask(api.DELETE('/api/ns/v1/token')).catch(() => undefined) // it may have ended already
  location.assign('/ui/')
}
