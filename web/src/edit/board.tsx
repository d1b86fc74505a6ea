import {
  Background,
  BaseEdge,
  Controls,
  EdgeLabelRenderer,
  MarkerType,
  ReactFlow,
  useReactFlow,
  useStoreApi,
  type Edge,
  type EdgeProps,
  type Node,
  type NodeChange,
  type NodeTypes,
} from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { memo, useCallback, useEffect, useMemo, useRef, useState, type DragEvent } from 'react'
import { arrange, routeOf, type Placed, type Point, type Positions } from '@/graph/arrange'
import { lineOf } from '@/graph/way'
import { useTheme } from '@/shell/theme'

/** Something on the board. type says which of the board's components draws it. */
export interface Card extends Placed {
  type: string
  data: Record<string, unknown>
  label: string // for those who don't see it
  selectable: boolean
  deletable: boolean
}

export type WayKind = 'success' | 'failure' | 'always' | 'other'

/** What leads from one card to another. */
export interface BoardWay {
  id: string
  from: string
  to: string
  handle?: string // that it begins at
  kind: WayKind
  text: string // what is written on it
  label: string
  selected?: boolean
  loose?: boolean // it is not so yet
  inert?: boolean // it is only shown
}

export interface BoardDeeds {
  select: (card: string | undefined) => void
  selectWay?: (id: string) => void
  drop: (type: string, ref: string, at: { x: number; y: number }, over: string | undefined) => void
  connect: (from: string, to: string, handle: string | null) => void
  remove: (cards: string[], ways: string[]) => void // of the ways those that do not go with a card
  move: (places: Positions) => void
}

const colours = { success: 'var(--good)', failure: 'var(--bad)', always: 'var(--strong)', other: 'var(--busy)' } as const
const inView = { maxZoom: 1, minZoom: 0.45, padding: 0.12 }

/** Cards that are dragged, and drawn from one to another. What is on it belongs to whoever shows it. */
export function Board({
  cards,
  ways,
  places,
  selected,
  nodeTypes,
  takes,
  empty,
  fit,
  mayConnect,
  deeds,
}: {
  cards: Card[]
  ways: BoardWay[]
  places: Positions // of cards that somebody has moved
  selected?: string
  nodeTypes: NodeTypes
  takes: readonly string[] // types of what can be dropped on it
  empty?: string // said when there is nothing on it
  fit?: string // when it changes, all is brought into view again
  mayConnect: (from: string, to: string) => boolean
  deeds: BoardDeeds
}) {
  const theme = useTheme()
  const flow = useReactFlow()
  const store = useStoreApi()
  const [fits] = useState(cards.length > 0) // into view at first; what is drawn anew stays where it is put
  const seen = useRef(fit)
  useEffect(() => {
    if (seen.current === fit) return
    seen.current = fit
    void flow.fitView(inView)
  }, [fit, flow])
  const shape = JSON.stringify([cards.map((c) => [c.id, c.size.height]), ways.map((w) => [w.from, w.to])])
  // eslint-disable-next-line react-hooks/exhaustive-deps -- shape stands for what of them counts
  const { places: arranged, routes } = useMemo(() => arrange(cards, ways), [shape])
  const large = cards.length > 100 // to be seen, and drawn, in parts
  const known = useMemo(() => new Map(cards.map((c) => [c.id, c])), [cards])
  const nodes = useMemo(
    () =>
      cards.map(
        (c): Node => ({
          id: c.id,
          type: c.type,
          position: places[c.id] ?? arranged[c.id] ?? { x: 0, y: 0 },
          ...c.size,
          measured: c.size, // or the flow would forget where its dots are, and have no ways until it has measured again
          data: c.data,
          selected: c.id === selected,
          deletable: c.deletable,
          selectable: c.selectable,
          focusable: c.selectable,
          ariaLabel: c.label,
        }),
      ),
    [cards, places, arranged, selected],
  )
  // What was added from a list, or chosen in the text, may be elsewhere.
  const place = nodes.find((n) => n.id === selected)
  const shown = useRef<string>(undefined)
  useEffect(() => {
    if (shown.current === selected || (selected && !place)) return
    shown.current = selected
    if (!place) return
    const { x, y, zoom } = flow.getViewport()
    const { width, height } = store.getState()
    const { left, top } = { left: place.position.x * zoom + x, top: place.position.y * zoom + y }
    const inside = left >= 0 && top >= 0 && left + (place.width ?? 0) * zoom <= width && top + (place.height ?? 0) * zoom <= height
    if (!inside && width > 0) void flow.setCenter(place.position.x + (place.width ?? 0) / 2, place.position.y + (place.height ?? 0) / 2, { zoom })
  }, [selected, place, flow, store])
  const edges = useMemo(
    () =>
      ways.map(
        (w): Edge => ({
          id: w.id,
          type: 'way',
          source: w.from,
          target: w.to,
          sourceHandle: w.handle,
          data: { text: w.text, route: places[w.from] || places[w.to] ? undefined : routes.get(routeOf(w)) },
          selected: w.selected,
          deletable: !w.inert,
          selectable: !w.inert,
          focusable: !w.inert,
          markerEnd: { type: MarkerType.ArrowClosed, color: colours[w.kind] },
          style: { stroke: colours[w.kind], strokeWidth: w.selected ? 3 : 1.75, strokeDasharray: w.loose ? '5 5' : undefined },
          ariaLabel: w.label,
          className: w.kind,
        }),
      ),
    [ways, places, routes],
  )
  const changed = useCallback(
    (changes: NodeChange[]) => {
      const moves = changes.filter((c) => c.type === 'position')
      if (moves.length > 0) {
        const now: Positions = {}
        for (const m of moves) if (m.position) now[m.id] = m.position
        // While a card is dragged only the flow is told, so that nothing but the card and its ways is drawn anew; at the end its place is kept.
        if (moves.some((m) => m.dragging)) store.getState().setNodes(nodes.map((n) => (now[n.id] ? { ...n, position: now[n.id]!, dragging: true } : n)))
        else deeds.move(now)
      }
      for (const c of changes) {
        if (c.type === 'select' && c.selected && known.get(c.id)?.selectable) deeds.select(c.id)
      }
    },
    [deeds, known, nodes, store],
  )
  const typeOf = (e: DragEvent) => takes.find((t) => e.dataTransfer.types.includes(t))
  const drop = (e: DragEvent) => {
    const type = typeOf(e)
    if (!type) return
    e.preventDefault()
    const at = flow.screenToFlowPosition({ x: e.clientX, y: e.clientY })
    deeds.drop(type, e.dataTransfer.getData(type), at, flow.getIntersectingNodes({ ...at, width: 1, height: 1 })[0]?.id)
  }
  return (
    <div
      className="relative min-h-0 min-w-0 grow bg-sunken"
      data-testid="canvas"
      onDragOver={(e) => {
        if (typeOf(e)) e.preventDefault()
      }}
      onDrop={drop}
    >
      {cards.length === 0 && empty && <p className="pointer-events-none absolute inset-0 z-10 grid place-items-center p-6 text-center text-muted">{empty}</p>}
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={changed}
        onEdgesChange={(changes) => {
          for (const c of changes) if (c.type === 'select' && c.selected) deeds.selectWay?.(c.id) // by Enter
        }}
        onDelete={({ nodes, edges }) => {
          const gone = new Set(nodes.map((n) => n.id))
          deeds.remove(
            [...gone],
            edges.flatMap((e) => (gone.has(e.source) || gone.has(e.target) ? [] : [e.id])),
          )
        }}
        onConnect={(c) => deeds.connect(c.source, c.target, c.sourceHandle)}
        onNodeClick={(_, n) => known.get(n.id)?.selectable && deeds.select(n.id)}
        onEdgeClick={(_, e) => deeds.selectWay?.(e.id)}
        onPaneClick={() => deeds.select(undefined)}
        isValidConnection={(c) => mayConnect(c.source, c.target)}
        colorMode={theme}
        deleteKeyCode={['Delete', 'Backspace']}
        multiSelectionKeyCode={null}
        selectionKeyCode={null}
        fitView={fits}
        defaultViewport={{ x: 32, y: 40, zoom: 1 }}
        fitViewOptions={{ ...inView, nodes: large ? cards.slice(0, 4) : undefined }}
        minZoom={0.05}
        connectionRadius={28}
        onlyRenderVisibleElements={large}
        attributionPosition="top-right"
      >
        <Background gap={24} color="var(--line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  )
}

/** How the dots look that ways begin and end at. They can be hit beside, too. */
export const handleClass = '!size-3 !border-2 !border-panel after:absolute after:-inset-2.5'

const Way = memo(function Way({ data, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, markerEnd, style }: EdgeProps<Edge<{ text: string; route?: Point[] }>>) {
  const [path, x, y] = lineOf({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition }, data!.route)
  return (
    <>
      <BaseEdge path={path} markerEnd={markerEnd} style={style} interactionWidth={18} />
      {data!.text && (
        <EdgeLabelRenderer>
          <span
            className="pointer-events-none absolute max-w-44 truncate rounded border bg-panel px-1 py-px font-mono text-[11px] text-muted"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {data!.text}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  )
})

const edgeTypes = { way: Way }
