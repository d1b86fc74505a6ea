import { queryOptions } from '@tanstack/react-query'
import { api, ask, page } from './client'
import type { EventWhy, Instance, Json, Trigger, TriggerType } from './types'

/** An event as the list shows it: of what is in it only what events have that people know. */
export type EventRow = Omit<Instance, 'payload'> & { payload?: { status?: Json; name?: Json; resource?: Json; action_name?: Json } }

const rowAttributes = ['id', 'trigger', 'occurrence_time', 'status', 'payload.status', 'payload.name', 'payload.resource', 'payload.action_name']

/** The latest events. */
export function eventsQuery(trigger: string | undefined, limit: number) {
  return queryOptions({
    queryKey: ['events', trigger, limit],
    queryFn: ({ signal }) => page<EventRow>(api.GET('/api/v1/triggerinstances', { params: { query: { ...(trigger && { trigger }), limit, include_attributes: rowAttributes } }, signal })),
  })
}

/** All triggers; what an event is of is often known by a name that says nothing. */
export const triggersQuery = queryOptions({
  queryKey: ['triggers'],
  queryFn: ({ signal }) => page<Trigger>(api.GET('/api/v1/triggers', { signal })),
  staleTime: 60_000,
})

/** An event, and what each rule made of it. */
export function eventWhyQuery(id: string) {
  return queryOptions({
    queryKey: ['event', id],
    queryFn: ({ signal }) => ask<EventWhy>(api.GET('/api/ns/v1/events/{id}/why', { params: { path: { id } }, signal })),
  })
}

/** What was in the latest events of a kind. */
export function payloadsQuery(kind: string) {
  return queryOptions({
    queryKey: ['events', 'payloads', kind],
    queryFn: async ({ signal }) => (await page<Instance>(api.GET('/api/v1/triggerinstances', { params: { query: { trigger_type: kind, limit: 20 } }, signal }))).items.map((i) => i.payload),
    refetchOnMount: 'always',
  })
}

export const triggerTypesQuery = queryOptions({
  queryKey: ['trigger types'],
  queryFn: ({ signal }) => page<TriggerType>(api.GET('/api/v1/triggertypes', { params: { query: { limit: 100 } }, signal })),
  staleTime: 60_000,
})

export function reEmit(id: string) {
  return ask<{ id: string }>(api.POST('/api/v1/triggerinstances/{id}/re_emit', { params: { path: { id } } }))
}
