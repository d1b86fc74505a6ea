import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import { Check, Filter, OctagonX, Radio, SquareTerminal, TriangleAlert, Workflow, X } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { handleClass } from '@/edit/board'
import { cx } from '@/ui/cx'
import type { GateLine } from './model/graph'

// What the cards of a rule look like.

const card = 'flex h-full flex-col justify-center rounded-lg border bg-panel px-3 shadow-sm'

const EventCard = memo(function EventCard({ data: { name, lines }, selected }: NodeProps<Node<{ name: string; lines: string[] }>>) {
  return (
    <div className={cx(card, 'border-l-4 border-l-accent', name === '' && 'border-dashed', selected && 'ring-2 ring-accent')}>
      <Words icon={<Radio size={15} className="shrink-0 text-accent" aria-hidden />} above="When this happens" name={name || 'Drag or choose an event'} lines={lines} empty={name === ''} />
      <Handle type="source" position={Position.Bottom} className={cx(handleClass, '!bg-accent')} title="Draw from here to what is to be started" />
    </div>
  )
})

const GateCard = memo(function GateCard({ data: { lines, more }, selected }: NodeProps<Node<{ lines: GateLine[]; more: number }>>) {
  return (
    <div className={cx('flex h-full flex-col rounded-2xl border bg-panel px-3 py-2 shadow-sm', lines.length === 0 && 'border-dashed', selected && 'ring-2 ring-accent')}>
      <Handle type="target" position={Position.Top} isConnectable={false} className="!invisible" />
      <p className="flex h-6 shrink-0 items-center gap-1.5 text-xs text-muted">
        <Filter size={13} aria-hidden /> {lines.length === 0 ? 'every one of them' : lines.length === 1 ? 'and this is so' : 'and all of this is so'}
      </p>
      {lines.map((l, i) => (
        <p key={i} className="flex h-5 items-center gap-1.5 text-[12.5px]" title={l.text}>
          {l.asked ? (
            l.asked.met ? (
              <Check size={13} className="shrink-0 text-good" aria-label="met" />
            ) : (
              <X size={13} className={cx('shrink-0', l.asked.decided ? 'text-bad' : 'text-muted')} aria-label={l.asked.decided ? 'not met, which decided' : 'not met'} />
            )
          ) : (
            <span className="size-1.5 shrink-0 rounded-full bg-strong" aria-hidden />
          )}
          <span className={cx('truncate font-mono', l.asked?.decided && !l.asked.met && 'text-bad')}>{l.text}</span>
        </p>
      ))}
      {more > 0 && <p className="h-5 text-xs text-muted">and {more} more</p>}
      <Handle type="source" id="then" position={Position.Bottom} className={cx(handleClass, '!bg-good')} title="Draw from here to what is to be started" />
    </div>
  )
})

const ActionCard = memo(function ActionCard({ data: { name, lines, problem }, selected }: NodeProps<Node<{ name: string; lines: string[]; problem: boolean }>>) {
  return (
    <div className={cx(card, name === '' && 'border-dashed', problem && 'border-bad', selected && 'ring-2 ring-accent')}>
      <Handle type="target" position={Position.Top} isConnectable={false} className={cx(handleClass, '!bg-strong')} />
      <Words
        icon={<SquareTerminal size={15} className="shrink-0 text-good" aria-hidden />}
        above="then run"
        name={name || 'Drag or choose an action'}
        lines={lines}
        empty={name === ''}
        mark={problem && <TriangleAlert size={14} className="shrink-0 text-bad" aria-label="has mistakes" />}
      />
      <Handle type="source" position={Position.Bottom} isConnectable={false} className="!invisible" />
    </div>
  )
})

const LooseCard = memo(function LooseCard({ data: { name } }: NodeProps<Node<{ name: string }>>) {
  return (
    <div className={cx(card, 'border-dashed')}>
      <Handle type="target" position={Position.Top} className={cx(handleClass, '!bg-strong')} />
      <Words icon={<SquareTerminal size={15} className="shrink-0 text-muted" aria-hidden />} above="Draw from the event to here" name={name} lines={[]} />
    </div>
  )
})

/** A task of the workflow that is started: it is composed elsewhere, and only shown here. */
const TaskCard = memo(function TaskCard({ data: { name, kind, lines } }: NodeProps<Node<{ name: string; kind: string; lines: string[] }>>) {
  return (
    <div className={cx('flex h-full flex-col justify-center border border-dashed bg-sunken text-muted', kind === 'end' ? 'items-center rounded-full text-xs' : 'rounded-lg px-3', name === 'fail' && kind === 'end' && 'text-bad')}>
      <Handle type="target" position={Position.Top} isConnectable={false} className="!invisible" />
      <span className="flex items-center gap-1.5 truncate text-[13px] font-medium">
        {kind === 'end' ? name === 'fail' && <OctagonX size={12} aria-hidden /> : <Workflow size={13} className="shrink-0" aria-hidden />}
        <span className="truncate">{name}</span>
      </span>
      {kind !== 'end' && <span className="truncate text-xs">{lines.join(' · ')}</span>}
      <Handle type="source" id="success" position={Position.Bottom} isConnectable={false} className="!invisible" />
    </div>
  )
})

function Words({ icon, above, name, lines, empty, mark }: { icon: ReactNode; above: string; name: string; lines: string[]; empty?: boolean; mark?: ReactNode }) {
  return (
    <>
      <p className="text-xs text-muted">{above}</p>
      <p className="flex items-center gap-1.5">
        {icon}
        <span className={cx('truncate text-[13px]', empty ? 'text-muted' : 'font-semibold')} title={name}>
          {name}
        </span>
        {mark}
      </p>
      {lines.length > 0 && <p className="truncate font-mono text-xs text-muted">{lines.join(' · ')}</p>}
    </>
  )
}

export const nodeTypes = { event: EventCard, gate: GateCard, action: ActionCard, loose: LooseCard, task: TaskCard }
