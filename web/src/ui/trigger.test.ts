import { expect, test } from 'vitest'
import type { JsonObject } from '@/api/types'
import { triggerWords } from './trigger'

test.each<[string, JsonObject, string]>([
  ['core.st2.IntervalTimer', { unit: 'seconds', delta: 5 }, 'every 5 seconds'],
  ['core.st2.IntervalTimer', { unit: 'minutes', delta: 1 }, 'every minute'],
  ['core.st2.CronTimer', { hour: 2, minute: 0, timezone: 'Europe/Berlin' }, 'daily at 02:00 Europe/Berlin'],
  ['core.st2.CronTimer', { hour: '6', minute: '30', second: '0', day_of_week: 'mon-fri' }, 'on mon-fri at 06:30'],
  ['core.st2.CronTimer', { minute: '*/5' }, 'minute */5'],
  ['core.st2.DateTimer', { date: '2026-12-24 18:00:00', timezone: 'UTC' }, 'once, on 2026-12-24 18:00:00 UTC'],
  ['core.st2.webhook', { url: 'deploys' }, 'webhook deploys'],
  ['alerts.alertmanager', {}, 'alerts.alertmanager'],
  ['probes.http', { url: 'http://x/', interval: 5, labels: {} }, 'probes.http · http://x/, 5'],
])('%s %j', (type, parameters, want) => {
  expect(triggerWords(type, parameters)).toBe(want)
})
