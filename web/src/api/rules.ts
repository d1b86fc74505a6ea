import { queryOptions } from '@tanstack/react-query'
import { api, ask, page } from './client'
import type { Enforcement, JsonObject, Rule } from './types'

export const rulesQuery = queryOptions({
  queryKey: ['rules'],
  queryFn: ({ signal }) => page<Rule>(api.GET('/api/v1/rules', { signal })),
  staleTime: 30_000,
})

export function ruleQuery(ref: string) {
  return queryOptions({
    queryKey: ['rule', ref],
    queryFn: ({ signal }) => ask<Rule>(api.GET('/api/v1/rules/{ref}', { params: { path: { ref } }, signal })),
  })
}

/** What rules made of events lately. */
export function enforcementsQuery(of: { rule_ref?: string; trigger_instance?: string }) {
  return queryOptions({
    queryKey: ['enforcements', of],
    queryFn: ({ signal }) => page<Enforcement>(api.GET('/api/v1/ruleenforcements', { params: { query: { ...of, limit: 20 } }, signal })),
  })
}

/** What rules have made of events since a time, at most so many. */
export function enforcementsSinceQuery(since: string | undefined, limit: number) {
  return queryOptions({
    queryKey: ['enforcements', 'since', since, limit],
    queryFn: ({ signal }) => page<Enforcement>(api.GET('/api/v1/ruleenforcements', { params: { query: { enforced_at_gt: since, limit } }, signal })),
    enabled: since !== undefined,
    retry: false,
  })
}

export function saveRule(rule: Rule) {
  return ask<Rule>(api.PUT('/api/v1/rules/{ref}', { params: { path: { ref: rule.ref } }, body: rule }))
}

export function makeRule(rule: JsonObject) {
  return ask<Rule>(api.POST('/api/v1/rules', { body: rule as never }))
}

export function deleteRule(ref: string) {
  return ask(api.DELETE('/api/v1/rules/{ref}', { params: { path: { ref } } }))
}
