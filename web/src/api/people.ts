import { queryOptions } from '@tanstack/react-query'
import { api, ask, page } from './client'
import type { components } from './schema'

type Schemas = components['schemas']

export type Account = Required<Schemas['Account']>
export type Grant = Schemas['Grant'] & { permission_types: string[] }
export type Role = Required<Omit<Schemas['Role'], 'permission_grant_objects'>> & { permission_grant_objects: Grant[] }
export type RoleAssignment = Required<Schemas['RoleAssignment']>
export type Explanation = Required<Schemas['Explanation']>

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => page<Account>(api.GET('/api/ns/v1/users', { params: { query: { limit: 1000 } }, signal })),
})

export function createUser(user: { name: string; password?: string; admin: boolean }) {
  return ask<Account>(api.POST('/api/ns/v1/users', { body: user }))
}

export function changeUser(name: string, change: { password?: string; admin?: boolean; disabled?: boolean }) {
  return ask<Account>(api.PUT('/api/ns/v1/users/{name}', { params: { path: { name } }, body: change }))
}

export function deleteUser(name: string) {
  return ask(api.DELETE('/api/ns/v1/users/{name}', { params: { path: { name } } }))
}

/** Takes away all tokens and API keys of somebody. */
export function revokeUser(name: string) {
  return ask<{ tokens: number; api_keys: number }>(api.DELETE('/api/ns/v1/users/{name}/credentials', { params: { path: { name } } }))
}

export function changePassword(old: string, fresh: string) {
  return ask(api.PUT('/api/ns/v1/password', { body: { old, new: fresh } }))
}

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => ask<Role[]>(api.GET('/api/v1/rbac/roles', { signal })),
})

export const assignmentsQuery = queryOptions({
  queryKey: ['roles', 'assignments'],
  queryFn: ({ signal }) => ask<RoleAssignment[]>(api.GET('/api/v1/rbac/role_assignments', { signal })),
})

/** What can be granted, by the types of resources, with what each is. */
export const permissionsQuery = queryOptions({
  queryKey: ['roles', 'permissions'],
  queryFn: ({ signal }) => ask<Record<string, Record<string, string>>>(api.GET('/api/v1/rbac/permission_types', { signal })),
  staleTime: Infinity,
})

export interface Question {
  user: string
  permission: string
  resource?: string
}

export function explanationQuery(q: Question) {
  return queryOptions({
    queryKey: ['roles', 'why', q],
    queryFn: ({ signal }) => ask<Explanation>(api.GET('/api/ns/v1/rbac/explain', { params: { query: q }, signal })),
    retry: false,
  })
}

export function reloadRoles() {
  return ask<{ roles: number; assignments: number }>(api.POST('/api/ns/v1/rbac/reload', {}))
}
