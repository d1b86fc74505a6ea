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
