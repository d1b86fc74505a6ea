import type { JsonObject } from '@/api/types'

/** What a trigger listens to, for people: its type, and what tells it from others of the type. */
export function triggerWords(type: string, parameters: JsonObject = {}): string {
  const p = parameters
  const text = (v: unknown) => (v === null || v === undefined ? '' : typeof v === 'string' ? v : JSON.stringify(v))
  switch (type) {
    case 'core.st2.IntervalTimer':
      return p.delta === 1 ? `every ${text(p.unit).replace(/s$/, '')}` : `every ${text(p.delta)} ${text(p.unit)}`
    case 'core.st2.DateTimer':
      return `once, on ${text(p.date)}${zone(p)}`
    case 'core.st2.CronTimer':
      return cronWords(p)
    case 'core.st2.webhook':
      return `webhook ${text(p.url)}`
  }
  const rest = Object.values(p).filter((v) => typeof v === 'string' || typeof v === 'number')
  return rest.length > 0 ? `${type} · ${rest.map(text).join(', ')}` : type
}

const fields = ['year', 'month', 'day', 'week', 'day_of_week', 'hour', 'minute', 'second']

/** Daily and weekly ones as one says them; others field by field. */
function cronWords(p: JsonObject): string {
  const given = fields.filter((f) => p[f] !== undefined && p[f] !== null && p[f] !== '*')
  const [hour, minute] = [p.hour, p.minute ?? 0].map((v) => (/^\d+$/.test(String(v)) ? Number(v) : undefined))
  if (hour !== undefined && minute !== undefined && given.every((f) => ['hour', 'minute', 'day_of_week'].includes(f) || (f === 'second' && String(p[f]) === '0'))) {
    const at = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
    return (given.includes('day_of_week') ? `on ${String(p.day_of_week)}` : 'daily') + ` at ${at}${zone(p)}`
  }
  return given.map((f) => `${f.replaceAll('_', ' ')} ${String(p[f])}`).join(', ') + zone(p)
}

function zone(p: JsonObject): string {
  return typeof p.timezone === 'string' ? ` ${p.timezone}` : ''
}
