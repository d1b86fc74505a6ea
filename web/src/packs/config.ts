import { masked, type Json, type JsonObject, type Properties } from '@/api/types'
import { readAll, written, type Draft } from '@/ui/form/schema'

/** What is in a configuration as it is typed into the form. Secrets are not shown, so they are typed anew or stay. */
export function draftOf(attributes: Properties, values: JsonObject): Draft {
  const draft: Draft = {}
  for (const [name, p] of Object.entries(attributes)) if (!p.secret && values[name] !== undefined && values[name] !== null) draft[name] = written(values[name])
  return draft
}

/** The attributes as they are asked for: a secret that is set need not be given, and says that it is set. */
export function askedAttributes(attributes: Properties, values: JsonObject): Properties {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, p]) => {
      if (!p.secret || !isSet(values[name])) return [name, p]
      const now = values[name] === masked ? 'It is set.' : `It is set to ${written(values[name])}.` // an expression, which is no secret
      return [name, { ...p, required: false, description: [p.description, `${now} What is typed here replaces it.`].filter(Boolean).join(' · ') }]
    }),
  )
}

/** The secrets that are set and could be forgotten. */
export function forgettable(attributes: Properties, values: JsonObject): string[] {
  return Object.entries(attributes)
    .filter(([name, p]) => p.secret && !p.required && isSet(values[name]))
    .map(([name]) => name)
}

/** The configuration that a form stands for. What the schema does not know, and secrets that were not typed anew, stay. */
export function configOf(attributes: Properties, values: JsonObject, draft: Draft, forgotten: string[]): { values: JsonObject; errors: Record<string, string> } {
  const read = readAll(askedAttributes(attributes, values), draft)
  const kept = Object.entries(values).filter(([name]) => !attributes[name] || (attributes[name].secret && !forgotten.includes(name)))
  return { values: { ...Object.fromEntries(kept), ...read.values }, errors: read.errors }
}

function isSet(v: Json | undefined): boolean {
  return v !== undefined && v !== null && v !== ''
}
