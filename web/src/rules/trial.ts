import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import type { Criterion, Json, JsonObject } from '@/api/types'

export interface Tried {
  event: string
  at: string
  matched: boolean
  reason: string
  criteria: Criterion[]
  starts?: { parameters?: JsonObject; failure?: string }
}

/** What a rule would have made of events that have been. */
export interface Trial {
  total: number
  matched: number
  events: Tried[]
}

/** Which events a rule is asked about: the latest so many, of some time. */
export interface Span {
  events: number
  hours?: number // back from now
  after?: string // as the field for it has it, in the reader's own time
  before?: string
}

export const spans: [says: string, hours?: number][] = [['of all time'], ['of the last hour', 1], ['of the last day', 24], ['of the last 7 days', 24 * 7], ['of the last 30 days', 24 * 30]]

/** A span with its ends as the server takes them. */
export function endsOf({ hours, after, before }: Span, now: number): { after?: string; before?: string } {
  const iso = (text?: string) => (text && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? new Date(text).toISOString() : undefined)
  const from = hours === undefined ? iso(after) : new Date(now - hours * 3_600_000).toISOString()
  const to = hours === undefined ? iso(before) : undefined
  return { ...(from && { after: from }), ...(to && { before: to }) }
}

/** Asks a rule about the past. Nothing is started. */
export function trialQuery(rule: JsonObject, span: Span, asked: number) {
  const { name, pack, trigger, criteria, action } = rule
  const body = { rule: { name: name || 'draft', pack: pack ?? 'default', trigger, criteria, action } as JsonObject, events: span.events, ...endsOf(span, asked) }
  return queryOptions({
    queryKey: ['events', 'trial', rule.trigger as Json, criteria ?? null, action ?? null, span, asked],
    queryFn: ({ signal }) => ask<Trial>(api.POST('/api/ns/v1/rules/try', { body: body as never, signal })),
    placeholderData: (before) => before,
    staleTime: 60_000,
    retry: false,
  })
}
