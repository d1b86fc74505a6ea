import { api, ask, page } from './client'
import type { Instance, JsonObject } from './types'

/** Sends an event as somebody outside would. */
export function sendWebhook(hook: string, body: JsonObject) {
  return ask(api.POST('/api/v1/webhooks/{hook}', { params: { path: { hook } }, body: body as never }))
}

export function sendAlerts(body: JsonObject) {
  return ask(api.POST('/api/v1/alerts/{source}', { params: { path: { source: 'alertmanager' } }, body: body as never }))
}

/** The latest event of a trigger, if there is one. */
export async function latestEvent(trigger: string, signal?: AbortSignal): Promise<string | null> {
  const { items } = await page<Instance>(api.GET('/api/v1/triggerinstances', { params: { query: { trigger, limit: 1, include_attributes: ['id'] } }, signal }))
  return items[0]?.id ?? null
}
