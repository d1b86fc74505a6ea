import type { Json, JsonObject, Rule } from '@/api/types'
import { drop, Refused, rename, set, valueAt } from '@/edit/yaml'
import { read, type Criterion, type Draft } from './rule'

// Edits of a rule. Each takes its text and returns another, or throws Refused. What an
// edit is not about stays byte for byte.

const order = ['name', 'pack', 'description', 'enabled', 'type', 'tags', 'context', 'trigger', 'criteria', 'action']
const inner = ['type', 'ref', 'condition', 'pattern', 'parameters']

function ruleOf(text: string): Draft {
  const { rule, problem } = read(text)
  if (!rule) throw new Refused(`Line ${problem.line} has a mistake that must be repaired first: ${problem.message}`)
  return rule
}

/** A rule that does nothing yet. */
export function blank(name: string): string {
  return set('enabled: true\n', ['name'], name, order)
}

/** The text of a rule that has no file. */
export function textOf({ name, description, enabled, type, trigger, criteria, action, tags, context }: Rule): string {
  let text = set('', [], { name })
  const put = (key: string, value: Json | undefined) => {
    if (value !== undefined) text = set(text, [key], value, order)
  }
  put('description', description || undefined)
  put('enabled', enabled)
  put('type', type.ref === 'standard' ? undefined : type.ref)
  put('tags', tags.length > 0 ? (tags as unknown as Json) : undefined)
  put('context', Object.keys(context).some((k) => k !== 'user') ? context : undefined)
  put('trigger', { type: trigger.type, ...(Object.keys(trigger.parameters).length > 0 && { parameters: trigger.parameters }) })
  put('criteria', Object.keys(criteria).length > 0 ? (criteria as unknown as JsonObject) : undefined)
  put('action', { ref: action.ref, ...(Object.keys(action.parameters).length > 0 && { parameters: action.parameters }) })
  return text.endsWith('\n') ? text : text + '\n'
}

export function setField(text: string, key: 'name' | 'description' | 'enabled' | 'type', value: Json | undefined): string {
  return value === undefined ? drop(text, [key], 0) : set(text, [key], value, order)
}

/** Makes a section a mapping that it can be written into. */
function section(text: string, key: 'trigger' | 'action', name: 'type' | 'ref', value: string): string {
  return valueAt(text, [key]) === undefined ? set(text, [key], { [name]: value }, order) : set(text, [key, name], value, inner)
}

/** Listens to another kind of events; what was said of the one before does not count any more. */
export function setTrigger(text: string, type: string): string {
  if (ruleOf(text).trigger.type === type) return text
  return section(drop(text, ['trigger', 'parameters'], 1), 'trigger', 'type', type)
}

export function setTriggerParameters(text: string, parameters: JsonObject): string {
  if (Object.keys(parameters).length === 0) return drop(text, ['trigger', 'parameters'], 1)
  return set(text, ['trigger', 'parameters'], parameters, inner)
}

/** Listens to events as one that has been: where they have a name and a status, as alerts and probes do, to those of the same. */
export function setEvent(text: string, type: string, parameters: JsonObject, payload: Json): string {
  text = setTriggerParameters(setTrigger(text, type), parameters)
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return text
  const { status, name } = payload
  if (typeof status !== 'string' || typeof name !== 'string') return text
  text = addCriterion(text, { key: 'trigger.status', type: 'equals', pattern: status })
  return addCriterion(text, { key: 'trigger.name', type: 'equals', pattern: name })
}

/** Starts another action, which takes other parameters. None: it starts nothing. */
export function setAction(text: string, ref: string): string {
  if (ruleOf(text).action.ref === ref) return text
  if (ref === '') return drop(text, ['action'], 0)
  return section(drop(text, ['action', 'parameters'], 1), 'action', 'ref', ref)
}

/** Gives a parameter of the action a value; undefined takes it away. */
export function setParameter(text: string, name: string, value: Json | undefined): string {
  return value === undefined ? drop(text, ['action', 'parameters', name], 1) : set(text, ['action', 'parameters', name], value)
}

/** A key that there is not yet: what stands after a # only tells keys apart. */
export function freeKey(text: string, key: string): string {
  const taken = new Set(ruleOf(text).criteria.map((c) => c.key))
  let free = key
  for (let i = 2; taken.has(free); i++) free = `${key}#${i}`
  return free
}

/** Asks for one thing more. */
export function addCriterion(text: string, { key, ...c }: Criterion): string {
  const all = ruleOf(text).criteria
  if (key === '') throw new Refused('A criterion has a field.')
  if (all.some((o) => o.key === key)) throw new Refused(`There is a criterion of ${key} already.`)
  // An empty mapping would be filled on its own line.
  return all.length === 0 ? set(drop(text, ['criteria'], 0), ['criteria'], { [key]: { ...c } }, order) : set(text, ['criteria', key], { ...c })
}

/** Asks for something else. */
export function setCriterion(text: string, key: string, to: Criterion): string {
  const was = ruleOf(text).criteria
  if (!was.some((c) => c.key === key)) throw new Refused(`There is no criterion of ${key}.`)
  if (to.key !== key) {
    if (to.key === '') throw new Refused('A criterion has a field.')
    if (was.some((c) => c.key === to.key)) throw new Refused(`There is a criterion of ${to.key} already.`)
    text = rename(text, ['criteria', key], to.key)
  }
  const path = ['criteria', to.key]
  text = set(text, [...path, 'type'], to.type, inner)
  text = to.condition === undefined ? drop(text, [...path, 'condition'], 2) : set(text, [...path, 'condition'], to.condition, inner)
  return set(text, [...path, 'pattern'], to.pattern, inner)
}

export function removeCriterion(text: string, key: string): string {
  return drop(text, ['criteria', key], 0)
}
