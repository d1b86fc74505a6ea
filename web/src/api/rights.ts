import { useQuery } from '@tanstack/react-query'
import { api, ask } from './client'
import type { components } from './schema'
import { userQuery } from './user'

type Rights = Required<components['schemas']['Rights']>

/**
 * Tells whether whoever is logged in has a permission: on one resource, as
 * action:core.local, or on any at all. Undefined is that it is not known yet; what is
 * not known to be allowed is not offered.
 */
export function useMay(resource = ''): (permission: string) => boolean | undefined {
  const user = useQuery(userQuery).data
  const free = user && (!user.rbac.enabled || user.rbac.is_admin)
  const rights = useQuery({
    queryKey: ['rights', resource],
    queryFn: ({ signal }) => ask<Rights>(api.GET('/api/ns/v1/rights', { params: { query: { resource } }, signal })),
    staleTime: 60_000,
    enabled: free === false,
  })
  return (permission) => free || rights.data?.permissions.includes(permission)
}
