import type { JsonObject } from '@/api/types'
import { written } from '@/ui/form/schema'

/** A word as a shell takes it. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The command that does the same. */
export function runCommand(action: string, parameters: JsonObject): string {
  const given = Object.entries(parameters).map(([name, v]) => quoted(`${name}=${typeof v === 'object' ? JSON.stringify(v) : written(v)}`))
  return ['nightshift run', action, ...given].join(' ')
}
