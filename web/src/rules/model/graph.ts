import type { Json } from '@/api/types'
import type { BoardWay, Card } from '@/edit/board'
import { written } from '@/ui/form/schema'
import { saysOf } from './fields'
import type { Criterion, Draft } from './rule'

/** A part of a rule that can be selected. */
export type Part = 'event' | 'gate' | 'action'

/** What a criterion made of an event: of the one that is chosen, or of all that were asked about. */
export interface Asked {
  met: boolean
  decided: boolean
  value?: Json
}

export interface GateLine {
  text: string
  asked?: Asked
}

/** A task of the workflow that the rule starts. */
export interface Inner {
  nodes: { id: string; kind: string; name: string; lines: string[]; size: { width: number; height: number } }[]
  edges: { id: string; from: string; to: string; kind: BoardWay['kind']; label: string }[]
}

export interface Picture {
  cards: Card[]
  ways: BoardWay[]
}

const width = 264
export const looseId = (ref: string) => `loose ${ref}`
const most = 8 // criteria that are shown

/**
 * A rule as a graph: the event, what is asked of it, and the action; below that the
 * tasks of a workflow that it starts. loose are actions that nothing leads to yet.
 */
export function picture(r: Draft, loose: readonly string[], inner: Inner | undefined, asked: ReadonlyMap<string, Asked>, problem: boolean): Picture {
  const { type } = r.trigger
  const { ref } = r.action
  const lines = r.criteria.slice(0, most).map((c): GateLine => ({ text: sentence(c), asked: asked.get(c.key) }))
  const more = r.criteria.length - lines.length
  const cards: Card[] = [
    {
      id: 'event',
      type: 'event',
      size: { width, height: 66 },
      data: { name: type, lines: Object.entries(r.trigger.parameters).map(([k, v]) => `${k}: ${written(v)}`) },
      label: type === '' ? 'Event: none yet' : `Event ${type}`,
      selectable: true,
      deletable: false,
    },
    {
      id: 'gate',
      type: 'gate',
      size: { width, height: 42 + 20 * (lines.length + (more > 0 ? 1 : 0)) },
      data: { lines, more },
      label: r.criteria.length === 0 ? 'Criteria: every such event' : `Criteria: ${r.criteria.map(sentence).join(', and ')}`,
      selectable: true,
      deletable: false,
    },
    {
      id: 'action',
      type: 'action',
      size: { width, height: 66 },
      data: { name: ref, lines: Object.keys(r.action.parameters), problem },
      label: ref === '' ? 'Action: none yet' : `Action ${ref}`,
      selectable: true,
      deletable: ref !== '',
    },
    ...loose.map((name): Card => ({ id: looseId(name), type: 'loose', size: { width, height: 66 }, data: { name }, label: `${name}, which nothing leads to yet`, selectable: false, deletable: true })),
  ]
  const incomplete = type === '' || ref === ''
  const ways: BoardWay[] = [
    { id: 'event gate', from: 'event', to: 'gate', kind: 'always', text: '', label: 'The event is asked about', loose: type === '', inert: true },
    { id: 'gate action', from: 'gate', to: 'action', handle: 'then', kind: incomplete ? 'always' : 'success', text: '', label: ref === '' ? 'No action is started yet' : `${type} starts ${ref}`, loose: incomplete, inert: incomplete },
  ]
  if (inner) {
    const id = (name: string) => `task ${name}`
    const led = new Set(inner.edges.map((e) => e.to))
    for (const n of inner.nodes) {
      cards.push({ id: id(n.id), type: 'task', size: n.size, data: { name: n.name, kind: n.kind, lines: n.lines }, label: `Task ${n.name} of the workflow`, selectable: false, deletable: false })
      if (!led.has(n.id)) ways.push({ id: `begins ${n.id}`, from: 'action', to: id(n.id), kind: 'always', text: '', label: `The workflow begins with ${n.name}`, loose: true, inert: true })
    }
    for (const e of inner.edges) ways.push({ id: `inner ${e.id}`, from: id(e.from), to: id(e.to), kind: e.kind, text: e.label, label: `${e.from} leads to ${e.to}`, inert: true })
  }
  return { cards, ways }
}

/** A criterion in a few words. */
export function sentence(c: Criterion): string {
  const says = saysOf(c.type)
  const field = c.key.replace(/^trigger\.?/, '')
  return c.type === 'exists' || c.type === 'nexists' ? `${field} ${says}` : `${field} ${says} ${written(c.pattern).replace(/\s+/g, ' ')}`
}
