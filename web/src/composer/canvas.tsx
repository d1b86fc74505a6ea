import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import { OctagonX, TriangleAlert } from 'lucide-react'
import { memo, useMemo } from 'react'
import type { Status } from '@/api/types'
import type { Positions } from '@/graph/arrange'
import { Board, handleClass, type BoardDeeds, type BoardWay, type Card } from '@/edit/board'
import { cx } from '@/ui/cx'
import { StatusMark } from '@/ui/status'
import type { Kind } from '@/workflow/edits'
import { sizeOf, type Drawing, type GraphEdge, type GraphNode } from '@/workflow/graph'
import { actionType } from './palette'

/** What is selected: a task, a transition, or nothing. */
export type Selection = { task: string; transition?: number } | undefined

export interface CanvasDeeds {
  select: (s: Selection) => void
  add: (action: string, at: { x: number; y: number }) => void
  connect: (from: string, to: string, kind: Kind) => void
  remove: (tasks: string[], edges: GraphEdge[]) => void
  move: (places: Positions) => void
}

type TaskData = { node: GraphNode; problems: number; played?: Status }

const words = { success: 'on success', failure: 'on failure', always: 'always', other: 'on a condition' } as const
const takes = [actionType]

/** A workflow as a graph that is drawn with. */
export function Canvas({
  drawing,
  places,
  selection,
  problems,
  played,
  deeds,
}: {
  drawing: Drawing
  places: Positions // of nodes that somebody has moved
  selection: Selection
  problems: ReadonlyMap<string, number> // how many, by task
  played: ReadonlyMap<string, Status>
  deeds: CanvasDeeds
}) {
  const cards = useMemo(
    () =>
      drawing.nodes.map(
        (node): Card => ({
          id: node.id,
          type: node.kind === 'end' ? 'end' : 'task',
          size: sizeOf(node),
          data: { node, problems: problems.get(node.name) ?? 0, played: played.get(node.name) } satisfies TaskData,
          label: `${node.kind === 'task' ? 'Task' : 'End'} ${node.name}: ${node.lines.join(', ')}`,
          selectable: node.kind === 'task',
          deletable: node.kind === 'task',
        }),
      ),
    [drawing, problems, played],
  )
  const ways = useMemo(
    () =>
      drawing.edges.map(
        (e): BoardWay => ({
          id: e.id,
          from: e.from,
          to: e.to,
          handle: e.kind === 'failure' ? 'failure' : 'success',
          kind: e.kind,
          text: e.label,
          label: `${e.task} leads to ${e.target} ${words[e.kind]}${e.label ? `: ${e.label}` : ''}`,
          selected: selection?.task === e.task && selection.transition === e.index,
        }),
      ),
    [drawing, selection],
  )
  const tasks = useMemo(() => new Set(drawing.nodes.flatMap((n) => (n.kind === 'task' ? [n.id] : []))), [drawing])
  const board = useMemo((): BoardDeeds => {
    const edge = (id: string) => drawing.edges.find((e) => e.id === id)!
    return {
      select: (task) => deeds.select(task === undefined ? undefined : { task }),
      selectWay: (id) => deeds.select({ task: edge(id).task, transition: edge(id).index }),
      drop: (_, action, at) => deeds.add(action, at),
      connect: (from, to, handle) => deeds.connect(from, to, handle === 'failure' ? 'failure' : 'success'),
      remove: (tasks, ways) => deeds.remove(tasks, ways.map(edge)),
      move: deeds.move,
    }
  }, [drawing, deeds])
  return (
    <Board
      cards={cards}
      ways={ways}
      places={places}
      selected={selection && selection.transition === undefined ? selection.task : undefined}
      nodeTypes={nodeTypes}
      takes={takes}
      empty="Drag an action here, or choose one from the list."
      mayConnect={(from, to) => tasks.has(from) && tasks.has(to)}
      deeds={board}
    />
  )
}

const EndCard = memo(function EndCard({ data: { node } }: NodeProps<Node<TaskData>>) {
  return (
    <div className={cx('flex h-full items-center justify-center gap-1 rounded-full border bg-panel text-xs font-medium', node.name === 'fail' ? 'border-bad/60 text-bad' : 'text-muted')}>
      <Handle type="target" position={Position.Top} isConnectable={false} className="!invisible" />
      {node.name === 'fail' && <OctagonX size={12} aria-hidden />}
      {node.name}
    </div>
  )
})

const TaskCard = memo(function TaskCard({ data: { node, problems, played }, selected }: NodeProps<Node<TaskData>>) {
  return (
    <div
      className={cx(
        'flex h-full flex-col justify-center rounded-lg border bg-panel px-3 shadow-sm',
        node.kind === 'missing' && 'border-dashed border-bad text-bad',
        problems > 0 && 'border-bad',
        selected && 'ring-2 ring-accent',
      )}
    >
      <Handle type="target" position={Position.Top} className={cx(handleClass, '!bg-strong')} />
      <div className="flex items-center gap-1.5">
        {played && <StatusMark status={played} compact />}
        <span className="truncate text-[13px] font-semibold">{node.name}</span>
        {problems > 0 && (
          <span className="ml-auto inline-flex items-center gap-0.5 text-xs font-medium text-bad" title={`${problems} mistakes`}>
            <TriangleAlert size={13} aria-label="mistakes:" /> {problems}
          </span>
        )}
      </div>
      <div className="truncate text-xs text-muted">{node.lines.join(' · ')}</div>
      {node.kind === 'task' && (
        <>
          <Handle type="source" id="success" position={Position.Bottom} className={cx(handleClass, '!left-1/3 !bg-good')} title="Draw from here to what follows on success" />
          <Handle type="source" id="failure" position={Position.Bottom} className={cx(handleClass, '!left-2/3 !bg-bad')} title="Draw from here to what follows on failure" />
        </>
      )}
    </div>
  )
})

const nodeTypes = { task: TaskCard, end: EndCard }
