import { Background, BaseEdge, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type EdgeProps, type Node, type NodeProps } from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { Clock } from 'lucide-react'
import { memo, useMemo } from 'react'
import type { GraphNode, WorkflowGraph } from '@/api/executions'
import { arrange, routeOf, type Point } from '@/graph/arrange'
import { lineOf } from '@/graph/way'
import { cx } from '@/ui/cx'
import { isBad, isFinal, StatusMark } from '@/ui/status'
import { Took } from '@/ui/time'
import { useTheme } from '@/shell/theme'
import type { Parts } from './parts'
import { taken, taskStates, type TaskState } from './tasks'

type TaskNode = Node<{ node: GraphNode; state: TaskState }, 'task'>

const size = { width: 220, height: 66 }
const colours = { success: 'var(--good)', failure: 'var(--bad)', other: 'var(--strong)' } as const

/** A workflow as it is, live. The selected task is in the address. */
export function LiveGraph({ graph, parts, selected, select }: { graph: WorkflowGraph; parts: Parts; selected?: string; select: (task: string | undefined) => void }) {
  const theme = useTheme()
  const { nodes: drawn, edges: ways } = graph
  const { items, more } = parts
  const all = more === undefined
  // How it looks changes with each task; where it is does not.
  const shape = JSON.stringify([drawn.map((n) => n.name), ways.map((e) => [e.from, e.to])])
  // eslint-disable-next-line react-hooks/exhaustive-deps -- shape stands for both
  const { places, routes } = useMemo(() => arrange(drawn.map((n) => ({ id: n.name, size })), ways), [shape])
  const states = useMemo(() => taskStates(graph, items, all), [graph, items, all])
  const nodes: TaskNode[] = drawn.map((node) => ({
    id: node.name,
    type: 'task',
    position: places[node.name] ?? { x: 0, y: 0 },
    data: { node, state: states.get(node.name)! },
    selected: node.name === selected,
    ...size,
    measured: size, // or the flow would measure anew with each change, without edges meanwhile
    ariaLabel: `Task ${node.name}, ${states.get(node.name)?.status ?? 'not begun'}`,
  }))
  const went = useMemo(() => taken(graph, states), [graph, states])
  const edges: Edge[] = ways.map((e, i) => {
    const colour = colours[e.on as keyof typeof colours] ?? colours.other
    return {
      id: String(i),
      type: 'way',
      source: e.from,
      target: e.to,
      label: e.label || undefined,
      ariaLabel: `${e.from} leads to ${e.to} on ${e.label || e.on}${went.has(i) ? ', taken' : ''}`,
      markerEnd: { type: MarkerType.ArrowClosed, color: colour },
      style: { stroke: colour, strokeWidth: went.has(i) ? 2.5 : 1.25, strokeDasharray: went.has(i) ? undefined : '5 4', opacity: went.has(i) ? 1 : 0.65 },
      labelStyle: { fill: 'var(--muted)', fontSize: 11 },
      labelBgStyle: { fill: 'var(--panel)' },
      data: { route: routes.get(routeOf(e)) },
      className: went.has(i) ? 'taken' : undefined,
    }
  })
  return (
    <div className="h-[34rem] bg-sunken max-md:h-[24rem]" data-testid="graph">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        colorMode={theme}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.15 }}
        minZoom={0.04}
        onlyRenderVisibleElements
        onNodeClick={(_, n) => select(n.id === selected ? undefined : n.id)}
        onPaneClick={() => select(undefined)}
        onSelectionChange={({ nodes: [n] }) => n && n.id !== selected && select(n.id)}
      >
        <Background gap={24} color="var(--line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  )
}

const TaskCard = memo(function TaskCard({ data: { node, state }, selected }: NodeProps<TaskNode>) {
  const { status } = state
  const items = state.runs.at(-1)?.items
  const again = items ? 0 : Math.max(state.runs.length, state.parts.length)
  return (
    <div
      className={cx(
        'flex h-full flex-col justify-center gap-0.5 rounded-lg border bg-panel px-3 text-left shadow-sm',
        status === 'succeeded' && 'border-good/70',
        status && isBad(status) && 'border-bad',
        status === 'running' && 'border-busy',
        !status && 'border-dashed text-muted',
        selected && 'ring-2 ring-accent',
      )}
    >
      <Handle type="target" position={Position.Top} className="!invisible" />
      <div className="flex items-center gap-2">
        {status ? <StatusMark status={status} compact /> : <Clock size={14} aria-hidden className="shrink-0" />}
        <span className="truncate text-[13px] font-semibold">{node.name}</span>
        {again > 1 && (
          <span className="ml-auto rounded bg-warn/15 px-1.5 text-xs font-medium text-warn" title={`ran ${again} times`}>
            {again}×
          </span>
        )}
      </div>
      <div className="truncate text-xs text-muted" title={node.lines.join('\n')}>
        {node.lines.join(' · ')}
      </div>
      {items ? (
        <ItemBar items={items} />
      ) : (
        <div className="h-4 text-xs text-muted">{status && <Took from={state.from} seconds={state.seconds} over={isFinal(status)} />}</div>
      )}
      <Handle type="source" position={Position.Bottom} className="!invisible" />
    </div>
  )
})

const nodeTypes = { task: TaskCard }

function Way({ data, label, labelStyle, labelBgStyle, markerEnd, style, ...ends }: EdgeProps<Edge<{ route?: Point[] }>>) {
  const [path, labelX, labelY] = lineOf(ends, data!.route)
  return <BaseEdge path={path} markerEnd={markerEnd} style={style} label={label} labelX={labelX} labelY={labelY} labelStyle={labelStyle} labelBgStyle={labelBgStyle} />
}

const edgeTypes = { way: memo(Way) }

function ItemBar({ items }: { items: Record<string, number> }) {
  const all = Object.values(items).reduce((a, b) => a + b, 0)
  const good = items.succeeded ?? 0
  const bad = (items.failed ?? 0) + (items.timeout ?? 0) + (items.abandoned ?? 0)
  return (
    <div className="flex h-4 items-center gap-2 text-xs text-muted" title={Object.entries(items).map(([s, n]) => `${n} ${s}`).join(', ')}>
      <div className="flex h-1.5 grow overflow-hidden rounded-full bg-line">
        <div className="bg-good" style={{ width: `${(good / all) * 100}%` }} />
        <div className="bg-bad" style={{ width: `${(bad / all) * 100}%` }} />
      </div>
      {good + bad}/{all}
    </div>
  )
}
