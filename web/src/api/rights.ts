import { queryOptions, useQueries, useQuery } from '@tanstack/react-query'
import { api, ask } from './client'
import type { components } from './schema'
import { userQuery } from './user'

type Rights = components['schemas']['Rights']

const most = 50 // resources in one question

/** Those who want to know about a resource, until they are asked for together. */
const waiting = new Map<string, PromiseWithResolvers<string[]>>()

/** What one may do with a resource, or with any at all. A list that asks about each of its lines asks once. */
function rightsOn(resource: string): Promise<string[]> {
  const known = waiting.get(resource)
  if (known) return known.promise
  if (waiting.size === 0) setTimeout(askForAll)
  const one = Promise.withResolvers<string[]>()
  waiting.set(resource, one)
  return one.promise
}

function askForAll() {
  const all = [...waiting]
  waiting.clear()
  for (let i = 0; i < all.length; i += most) {
    const part = all.slice(i, i + most)
    // Names of keys may have commas, so each has a parameter of its own.
    const call = api.GET('/api/ns/v1/rights', { querySerializer: () => new URLSearchParams(part.map(([resource]) => ['resource', resource])).toString() })
    ask<Rights>(call).then(
      (rights) => part.forEach(([, one], n) => one.resolve(rights.each ? rights.each[n]!.permissions : rights.permissions)),
      (err: unknown) => part.forEach(([, one]) => one.reject(err)),
    )
  }
}

function rightsQuery(resource: string) {
  return queryOptions({ queryKey: ['rights', resource], queryFn: () => rightsOn(resource), staleTime: 60_000 })
}

/** Whether whoever is logged in may do everything; undefined is that it is not known yet. */
function useFree(): boolean | undefined {
  const user = useQuery(userQuery).data
  return user && (!user.rbac.enabled || user.rbac.is_admin)
}

/**
 * Tells whether whoever is logged in has a permission: on one resource, as
 * action:core.local, or on any at all. Undefined is that it is not known yet; what is
 * not known to be allowed is not offered.
 */
export function useMay(resource = ''): (permission: string) => boolean | undefined {
  const free = useFree()
  const rights = useQuery({ ...rightsQuery(resource), enabled: free === false })
  return (permission) => free || rights.data?.includes(permission)
}

/** Those of some resources for which one has a permission; undefined is that it is not known yet. */
export function useThoseWith(permission: string, resources: string[]): string[] | undefined {
  const free = useFree()
  const rights = useQueries({ queries: resources.map((r) => ({ ...rightsQuery(r), enabled: free === false })) })
  if (free) return resources
  if (free === undefined || rights.some((r) => r.isPending)) return undefined
  return resources.filter((_, i) => rights[i]!.data?.includes(permission))
}
