import { queryOptions } from '@tanstack/react-query'
import { api, ask, page } from './client'
import type { JsonObject, Policy, Properties } from './types'

export const policiesQuery = queryOptions({
  queryKey: ['policies'],
  queryFn: ({ signal }) => page<Policy>(api.GET('/api/v1/policies', { params: { query: { limit: 100 } }, signal })),
})

export function policyQuery(ref: string) {
  return queryOptions({
    queryKey: ['policy', ref],
    queryFn: ({ signal }) => ask<Policy>(api.GET('/api/v1/policies/{ref}', { params: { path: { ref } }, signal })),
  })
}

/** What a policy can be, and what each kind takes. */
export interface PolicyType {
  ref: string
  description: string
  parameters: Properties
}

export const policyTypesQuery = queryOptions({
  queryKey: ['policy types'],
  queryFn: ({ signal }) => page<PolicyType>(api.GET('/api/v1/policytypes', { signal })),
  staleTime: Infinity,
})

export interface PolicyBody {
  name: string
  pack: string
  description: string
  enabled: boolean
  resource_ref: string
  policy_type: string
  parameters: JsonObject
}

export function makePolicy(body: PolicyBody) {
  return ask<Policy>(api.POST('/api/v1/policies', { body: body as never }))
}

export function savePolicy(ref: string, body: PolicyBody) {
  return ask<Policy>(api.PUT('/api/v1/policies/{ref}', { params: { path: { ref } }, body: body as never }))
}

export function deletePolicy(ref: string) {
  return ask(api.DELETE('/api/v1/policies/{ref}', { params: { path: { ref } } }))
}

/** What is sent of a policy that there is. */
export function bodyOf({ name, pack, description = '', enabled, resource_ref, policy_type, parameters }: Policy): PolicyBody {
  return { name, pack, description, enabled, resource_ref, policy_type, parameters }
}
