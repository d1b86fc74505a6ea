import { Graph as Dagre, layout } from '@dagrejs/dagre'

/** Something that is to be placed, and a way from one to another. */
export interface Placed {
  id: string
  size: { width: number; height: number }
}
export interface Way {
  from: string
  to: string
}

export interface Point {
  x: number
  y: number
}

export type Positions = Record<string, Point>

/** Where nodes are, and by which points ways lead past those between. */
export interface Arranged {
  places: Positions
  routes: ReadonlyMap<string, Point[]> // by routeOf; only of ways that have something to lead past
}

export const routeOf = (way: Way) => `${way.from} ${way.to}`

const mostForDagre = 150 // of 500 it takes most of a second

/** Where nodes and ways are if nobody has moved them: from top to bottom. */
export function arrange(nodes: readonly Placed[], edges: readonly Way[]): Arranged {
  if (nodes.length > mostForDagre) return { places: inLayers(nodes, edges), routes: new Map() }
  const g = new Dagre().setGraph({ rankdir: 'TB', nodesep: 30, ranksep: 52 }).setDefaultEdgeLabel(() => ({}))
  for (const n of nodes) g.setNode(n.id, { ...n.size }) // dagre writes places into it
  for (const e of edges) if (e.from !== e.to) g.setEdge(e.from, e.to)
  layout(g)
  const places: Positions = {}
  for (const n of nodes) {
    const { x, y } = g.node(n.id)
    places[n.id] = { x: x - n.size.width / 2, y: y - n.size.height / 2 }
  }
  const routes = new Map<string, Point[]>()
  for (const { v, w } of g.edges()) {
    const points = g.edge(v, w).points as Point[]
    // One in the middle is between two layers, with nothing in between. Ways back lead around by themselves.
    if (points.length > 3 && points.every((p, i) => i === 0 || p.y > points[i - 1]!.y)) routes.set(routeOf({ from: v, to: w }), points.slice(1, -1))
  }
  return { places, routes }
}

/** Places each node below all that lead to it, near the middle of them. It takes no longer than there are nodes and edges. */
function inLayers(nodes: readonly Placed[], edges: readonly Way[]): Positions {
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
  const width = Math.max(...nodes.map((n) => n.size.width))
  const height = Math.max(...nodes.map((n) => n.size.height))
  const layers = grouped(nodes, (n) => rank.get(n.id)!)
  for (const [layer, all] of [...layers].sort(([a], [b]) => a - b)) {
    const middle = (n: Placed) => {
      const above = (before.get(n.id) ?? []).flatMap((e) => places[e.from]?.x ?? [])
      return above.length > 0 ? above.reduce((a, b) => a + b, 0) / above.length : 0
    }
    const row = all.map((n) => [middle(n), n] as const).sort(([a], [b]) => a - b)
    row.forEach(([, n], i) => {
      places[n.id] = { x: (i - (row.length - 1) / 2) * (width + 30), y: layer * (height + 64) }
    })
  }
  return places
}

// Map.groupBy, which Node 20 has not: there the tests run.
function grouped<T, K>(all: readonly T[], key: (t: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const t of all) {
    const group = groups.get(key(t))
    if (group) group.push(t)
    else groups.set(key(t), [t])
  }
  return groups
}
