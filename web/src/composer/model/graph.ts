import { Graph as Dagre, layout } from '@dagrejs/dagre'
import { isPlain, kindOf } from './edits'
import { commands, type Workflow } from './workflow'

export interface GraphNode {
  id: string
  kind: 'task' | 'end' | 'missing'
  name: string
  lines: string[] // what it does, in a few words
}

export interface GraphEdge {
  id: string
  from: string
  to: string // id of a node
  task: string // whose transition it is
  index: number // of the transition
  target: string // as it is written
  kind: 'success' | 'failure' | 'always' | 'other'
  label: string
}

export interface Drawing {
  nodes: GraphNode[]
  edges: GraphEdge[]
}

export const nodeSize = { width: 208, height: 58 }
const endSize = { width: 76, height: 30 }

export function sizeOf(n: GraphNode) {
  return n.kind === 'end' ? endSize : nodeSize
}

/** What of a workflow is drawn. Ends such as fail stand beside the task that leads to them. */
export function draw(w: Workflow): Drawing {
  const nodes = new Map<string, GraphNode>()
  for (const t of w.tasks) nodes.set(t.name, { id: t.name, kind: 'task', name: t.name, lines: linesOf(t) })
  const edges: GraphEdge[] = []
  for (const t of w.tasks) {
    t.next.forEach((tr, index) => {
      const kind = kindOf(tr.when)
      const label = isPlain(tr.when) ? '' : shortened(tr.when!)
      for (const target of new Set(tr.do)) {
        if (target === 'continue') continue
        let to = target
        if (!nodes.has(target) && commands.includes(target)) {
          to = `${t.name}\n${target}`
          nodes.set(to, { id: to, kind: 'end', name: target, lines: [] })
        } else if (!nodes.has(target)) {
          nodes.set(target, { id: target, kind: 'missing', name: target, lines: ['There is no such task'] })
        }
        edges.push({ id: `${t.name}\n${index}\n${target}`, from: t.name, to, task: t.name, index, target, kind, label })
      }
    })
  }
  return { nodes: [...nodes.values()], edges }
}

function linesOf(t: Workflow['tasks'][number]): string[] {
  const lines = [t.action ?? 'no action']
  if (t.join !== undefined) lines.push(t.join === 'all' ? 'waits for all' : `waits for ${String(t.join)}`)
  if (t.with) lines.push('for each item')
  if (t.retry) lines.push('tries again')
  if (t.delay !== undefined) lines.push('delayed')
  return lines
}

/** A condition without what every expression has around it. */
function shortened(when: string): string {
  const text = when.trim().replace(/^(<%|\{\{)\s*|\s*(%>|\}\})$/g, '').replace(/^(succeeded|failed)\(\)\s+and\s+/, '')
  return text.length > 42 ? text.slice(0, 41) + '…' : text
}

export type Positions = Record<string, { x: number; y: number }>

const mostForDagre = 150 // of 500 it takes most of a second

/** Where nodes are if nobody has moved them: from top to bottom. */
export function arrange({ nodes, edges }: Drawing): Positions {
  if (nodes.length > mostForDagre) return inLayers({ nodes, edges })
  const g = new Dagre().setGraph({ rankdir: 'TB', nodesep: 30, ranksep: 52 }).setDefaultEdgeLabel(() => ({}))
  for (const n of nodes) g.setNode(n.id, { ...sizeOf(n) }) // dagre writes places into it
  for (const e of edges) if (e.from !== e.to) g.setEdge(e.from, e.to)
  layout(g)
  return Object.fromEntries(
    nodes.map((n) => {
      const { x, y } = g.node(n.id)
      const { width, height } = sizeOf(n)
      return [n.id, { x: x - width / 2, y: y - height / 2 }]
    }),
  )
}

/** Places each node below all that lead to it, near the middle of them. It takes no longer than there are nodes and edges. */
function inLayers({ nodes, edges }: Drawing): Positions {
  const after = grouped(edges, (e) => e.from)
  const order: string[] = [] // each before those that it leads to, but for ways back
  const seen = new Set<string>()
  for (const { id } of nodes) {
    const stack = [{ id, next: 0 }]
    if (seen.has(id)) continue
    seen.add(id)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const way = after.get(top.id)?.[top.next++]
      if (!way) order.push(stack.pop()!.id)
      else if (!seen.has(way.to)) {
        seen.add(way.to)
        stack.push({ id: way.to, next: 0 })
      }
    }
  }
  order.reverse()
  const at = new Map(order.map((id, i) => [id, i]))
  const rank = new Map<string, number>(order.map((id) => [id, 0]))
  for (const id of order) {
    for (const e of after.get(id) ?? []) if (at.get(e.to)! > at.get(id)!) rank.set(e.to, Math.max(rank.get(e.to)!, rank.get(id)! + 1))
  }
  const before = grouped(edges, (e) => e.to)
  const places: Positions = {}
  const layers = grouped(nodes, (n) => rank.get(n.id)!)
  for (const [layer, all] of [...layers].sort(([a], [b]) => a - b)) {
    const middle = (n: GraphNode) => {
      const above = (before.get(n.id) ?? []).flatMap((e) => places[e.from]?.x ?? [])
      return above.length > 0 ? above.reduce((a, b) => a + b, 0) / above.length : 0
    }
    const row = all.map((n) => [middle(n), n] as const).sort(([a], [b]) => a - b)
    row.forEach(([, n], i) => {
      places[n.id] = { x: (i - (row.length - 1) / 2) * (nodeSize.width + 30), y: layer * (nodeSize.height + 64) }
    })
  }
  return places
}

// Map.groupBy, which Node 20 has not: there the tests run.
function grouped<T, K>(all: T[], key: (t: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const t of all) {
    const group = groups.get(key(t))
    if (group) group.push(t)
    else groups.set(key(t), [t])
  }
  return groups
}
