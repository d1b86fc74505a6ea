import {
  Background,
  BaseEdge,
  Controls,
  EdgeLabelRenderer,
  getBezierPath,
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  useReactFlow,
  type Edge,
  type EdgeProps,
  type Node,
  type NodeChange,
  type NodeProps,
} from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { OctagonX, TriangleAlert } from 'lucide-react'
import { memo, useCallback, useMemo, useState, type DragEvent } from 'react'
import type { Status } from '@/api/types'
import { useTheme } from '@/shell/theme'
import { cx } from '@/ui/cx'
import { StatusMark } from '@/ui/status'
import { arrange, sizeOf, type Drawing, type GraphEdge, type GraphNode, type Positions } from './model/graph'
import type { Kind } from './model/edits'
import { actionType } from './palette'

type FlowNode = Node<{ node: GraphNode; problems: number; played?: Status }, 'card'>
type FlowEdge = Edge<{ edge: GraphEdge }, 'way'>

/** What is selected: a task, a transition, or nothing. */
export type Selection = { task: string; transition?: number } | undefined

export interface CanvasDeeds {
  select: (s: Selection) => void
  add: (action: string, at: { x: number; y: number }) => void
  connect: (from: string, to: string, kind: Kind) => void
  removeTask: (task: string) => void
  disconnect: (e: GraphEdge) => void
  move: (places: Positions) => void
}

const colours = { success: 'var(--good)', failure: 'var(--bad)', always: 'var(--strong)', other: 'var(--busy)' } as const
const words = { success: 'on success', failure: 'on failure', always: 'always', other: 'on a condition' } as const

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
  const theme = useTheme()
  const flow = useReactFlow()
  const [fits] = useState(drawing.nodes.length > 0) // into view at first; what is drawn anew stays where it is put
  // Where nodes are while they are dragged; the drawing has the rest.
  const [dragged, setDragged] = useState<Positions>({})
  const shape = JSON.stringify([drawing.nodes.map((n) => n.id), drawing.edges.map((e) => [e.from, e.to])])
  // eslint-disable-next-line react-hooks/exhaustive-deps -- shape stands for what of the drawing counts
  const arranged = useMemo(() => arrange(drawing), [shape])
  const large = drawing.nodes.length > 100 // to be seen, and drawn, in parts
  const known = useMemo(() => new Map(drawing.nodes.map((n) => [n.id, n])), [drawing])
  const base = useMemo(
    () =>
      drawing.nodes.map(
        (node): FlowNode => ({
          id: node.id,
          type: 'card',
          position: places[node.id] ?? arranged[node.id] ?? { x: 0, y: 0 },
          ...sizeOf(node),
          data: { node, problems: problems.get(node.name) ?? 0, played: played.get(node.name) },
          selected: node.kind === 'task' && node.name === selection?.task && selection.transition === undefined,
          deletable: node.kind === 'task',
          selectable: node.kind === 'task',
          ariaLabel: `${node.kind === 'task' ? 'Task' : 'End'} ${node.name}: ${node.lines.join(', ')}`,
        }),
      ),
    [drawing, places, arranged, problems, played, selection],
  )
  const nodes = useMemo(() => (Object.keys(dragged).length === 0 ? base : base.map((n) => (dragged[n.id] ? { ...n, position: dragged[n.id]!, dragging: true } : n))), [base, dragged])
  const edges = useMemo(
    () =>
      drawing.edges.map(
        (edge): FlowEdge => ({
          id: edge.id,
          type: 'way',
          source: edge.from,
          target: edge.to,
          sourceHandle: edge.kind === 'failure' ? 'failure' : 'success',
          data: { edge },
          selected: selection?.task === edge.task && selection.transition === edge.index,
          markerEnd: { type: MarkerType.ArrowClosed, color: colours[edge.kind] },
          style: { stroke: colours[edge.kind], strokeWidth: selection?.task === edge.task && selection.transition === edge.index ? 3 : 1.75 },
          ariaLabel: `${edge.task} leads to ${edge.target} ${words[edge.kind]}${edge.label ? `: ${edge.label}` : ''}`,
          className: edge.kind,
        }),
      ),
    [drawing, selection],
  )
  const changed = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      const moves = changes.filter((c) => c.type === 'position')
      if (moves.length > 0) {
        const now: Positions = {}
        for (const m of moves) if (m.position) now[m.id] = m.position
        // While a node is dragged only it is drawn anew; at the end its place is kept.
        if (moves.some((m) => m.dragging)) setDragged((d) => ({ ...d, ...now }))
        else {
          setDragged({})
          deeds.move(now)
        }
      }
      for (const c of changes) {
        if (c.type === 'remove') deeds.removeTask(c.id)
        if (c.type === 'select' && c.selected && known.get(c.id)?.kind === 'task') deeds.select({ task: c.id })
      }
    },
    [deeds, known],
  )
  const drop = (e: DragEvent) => {
    const action = e.dataTransfer.getData(actionType)
    if (!action) return
    e.preventDefault()
    deeds.add(action, flow.screenToFlowPosition({ x: e.clientX, y: e.clientY }))
  }
  return (
    <div
      className="relative min-h-0 min-w-0 grow bg-sunken"
      data-testid="canvas"
      onDragOver={(e) => {
        if (e.dataTransfer.types.includes(actionType)) e.preventDefault()
      }}
      onDrop={drop}
    >
      {drawing.nodes.length === 0 && (
        <p className="pointer-events-none absolute inset-0 z-10 grid place-items-center p-6 text-center text-muted">Drag an action here, or choose one from the list.</p>
      )}
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={changed}
        onEdgesChange={(changes) => {
          for (const c of changes) {
            if (c.type === 'remove') deeds.disconnect(drawing.edges.find((e) => e.id === c.id)!)
          }
        }}
        onConnect={(c) => deeds.connect(c.source, c.target, c.sourceHandle === 'failure' ? 'failure' : 'success')}
        onNodeClick={(_, n) => n.data.node.kind === 'task' && deeds.select({ task: n.id })}
        onEdgeClick={(_, e) => deeds.select({ task: e.data!.edge.task, transition: e.data!.edge.index })}
        onPaneClick={() => deeds.select(undefined)}
        isValidConnection={(c) => known.get(c.source)?.kind === 'task' && known.get(c.target)?.kind === 'task'}
        colorMode={theme}
        deleteKeyCode={['Delete', 'Backspace']}
        multiSelectionKeyCode={null}
        selectionKeyCode={null}
        fitView={fits}
        fitViewOptions={{ maxZoom: 1, padding: 0.2, nodes: large ? drawing.nodes.slice(0, 4) : undefined }}
        minZoom={0.05}
        connectionRadius={28}
        onlyRenderVisibleElements={large}
      >
        <Background gap={24} color="var(--line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  )
}

const handle = '!size-3 !border-2 !border-panel'

const Card = memo(function Card({ data: { node, problems, played }, selected }: NodeProps<FlowNode>) {
  if (node.kind === 'end') {
    return (
      <div className={cx('flex h-full items-center justify-center gap-1 rounded-full border bg-panel text-xs font-medium', node.name === 'fail' ? 'border-bad/60 text-bad' : 'text-muted')}>
        <Handle type="target" position={Position.Top} isConnectable={false} className="!invisible" />
        {node.name === 'fail' && <OctagonX size={12} aria-hidden />}
        {node.name}
      </div>
    )
  }
  return (
    <div
      className={cx(
        'flex h-full flex-col justify-center rounded-lg border bg-panel px-3 shadow-sm',
        node.kind === 'missing' && 'border-dashed border-bad text-bad',
        problems > 0 && 'border-bad',
        selected && 'ring-2 ring-accent',
      )}
    >
      <Handle type="target" position={Position.Top} className={cx(handle, '!bg-strong')} />
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
          <Handle type="source" id="success" position={Position.Bottom} className={cx(handle, '!left-1/3 !bg-good')} title="Draw from here to what follows on success" />
          <Handle type="source" id="failure" position={Position.Bottom} className={cx(handle, '!left-2/3 !bg-bad')} title="Draw from here to what follows on failure" />
        </>
      )}
    </div>
  )
})

const Way = memo(function Way({ data, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, markerEnd, style }: EdgeProps<FlowEdge>) {
  const [path, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition })
  return (
    <>
      <BaseEdge path={path} markerEnd={markerEnd} style={style} interactionWidth={18} />
      {data!.edge.label && (
        <EdgeLabelRenderer>
          <span
            className="pointer-events-none absolute max-w-44 truncate rounded border bg-panel px-1 py-px font-mono text-[11px] text-muted"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {data!.edge.label}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  )
})

const nodeTypes = { card: Card }
const edgeTypes = { way: Way }
