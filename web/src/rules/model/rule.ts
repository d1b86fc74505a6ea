import { LineCounter } from 'yaml'
import type { Json, JsonObject } from '@/api/types'
import { parse, plain } from '@/edit/yaml'

export interface Criterion {
  key: string
  type: string
  pattern: Json
  condition?: string // of search
}

/** A rule as its text says it. */
export interface Draft {
  name: string
  pack?: string
  description: string
  enabled: boolean
  kind: string // standard or backstop
  trigger: { type: string; parameters: JsonObject }
  criteria: Criterion[]
  action: { ref: string; parameters: JsonObject }
  more: JsonObject // what else there is, which is kept
}

/** A rule that was read, or why it could not be. */
export type Reading = { rule: Draft; problem?: undefined } | { rule?: undefined; problem: { message: string; line: number } }

export const nothing: Draft = { name: '', description: '', enabled: false, kind: 'standard', trigger: { type: '', parameters: {} }, criteria: [], action: { ref: '', parameters: {} }, more: {} }

/** Reads the text of a rule. What is not there is empty; the server says what is wrong with that. */
export function read(text: string): Reading {
  const lines = new LineCounter()
  const doc = parse(text, lines)
  const broken = doc.errors[0]
  if (broken) return { problem: { message: broken.message, line: lines.linePos(broken.pos[0]).line } }
  let root: Json
  try {
    root = plain(doc)
  } catch (err) {
    return { problem: { message: String(err), line: 1 } }
  }
  if (root === null) root = {}
  if (!isObject(root)) return { problem: { message: 'A rule is a mapping, with name, trigger and action.', line: 1 } }
  const { name, pack, description, enabled, type, trigger, criteria, action, ...more } = root
  const [listens, does] = [object(trigger), object(action)]
  return {
    rule: {
      name: written(name),
      pack: pack === undefined || pack === null ? undefined : written(pack),
      description: written(description),
      enabled: enabled === true,
      kind: written(isObject(type) ? type.ref : type) || 'standard',
      trigger: { type: written(listens.type), parameters: object(listens.parameters) },
      criteria: Object.entries(object(criteria)).map(([key, c]) => {
        const { type, pattern, condition } = object(c)
        return { key, type: written(type), pattern: pattern ?? null, ...(condition !== undefined && { condition: written(condition) }) }
      }),
      action: { ref: written(does.ref), parameters: object(does.parameters) },
      more,
    },
  }
}

/** A rule as the server takes it. */
export function bodyOf(r: Draft, pack: string): JsonObject {
  return {
    ...r.more,
    name: r.name,
    pack: r.pack ?? pack,
    description: r.description,
    enabled: r.enabled,
    type: { ref: r.kind, parameters: {} },
    trigger: { type: r.trigger.type, parameters: r.trigger.parameters },
    criteria: Object.fromEntries(r.criteria.map(({ key, ...c }) => [key, { ...c }])),
    action: { ref: r.action.ref, parameters: r.action.parameters },
  }
}

function isObject(v: Json | undefined): v is JsonObject {
  return typeof v === 'object' && v !== null && !Array.isArray(v) && !(v instanceof Date)
}

function object(v: Json | undefined): JsonObject {
  return isObject(v) ? v : {}
}

function written(v: Json | undefined): string {
  return v === undefined || v === null ? '' : typeof v === 'string' ? v : JSON.stringify(v)
}
