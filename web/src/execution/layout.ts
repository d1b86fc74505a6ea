import { Graph, layout } from '@dagrejs/dagre'
import type { GraphEdge, GraphNode } from '@/api/executions'

export const nodeWidth = 220
export const nodeHeight = 66

export type Placed = Map<string, { x: number; y: number }>

/** Places the tasks of a workflow from top to bottom. */
export function place(nodes: GraphNode[], edges: GraphEdge[]): Placed {
  const g = new Graph().setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 44 }).setDefaultEdgeLabel(() => ({}))
  for (const n of nodes) g.setNode(n.name, { width: nodeWidth, height: nodeHeight })
  for (const e of edges) if (e.from !== e.to) g.setEdge(e.from, e.to)
  layout(g)
  return new Map(nodes.map((n) => [n.name, { x: g.node(n.name).x - nodeWidth / 2, y: g.node(n.name).y - nodeHeight / 2 }]))
}
