import type { CSSProperties, ReactNode } from 'react'
import { cx } from '@/ui/cx'
import { useRemembered } from '@/ui/remember'

/** A pane beside a canvas: the list of what there is, what can be said of what is selected, or the text. */
type Pane = 'list' | 'panel' | 'text'

const usual: Record<Pane, string> = { list: '190px', panel: '300px', text: '22vw' }
const narrowest = 140
const widest = 1200

/** Which panes of an editor are put away. The browser remembers it. */
export function usePanes(editor: string) {
  const [away, setAway] = useRemembered<Record<Pane, boolean>>(`panes of ${editor}`, { list: false, panel: false, text: false })
  return { editor, away, toggle: (pane: Pane) => setAway((was) => ({ ...was, [pane]: !was[pane] })) }
}

/**
 * A canvas with its panes, whose widths the browser remembers. Where there is little room, the text is below it, then
 * the list above it, and on a telephone all are one below the other.
 */
export function Bench({ panes: { editor, away }, list, canvas, panel, text }: { panes: ReturnType<typeof usePanes>; list: ReactNode; canvas: ReactNode; panel: ReactNode; text: ReactNode }) {
  const [chosen, choose] = useRemembered<Partial<Record<Pane, number>>>(`widths of ${editor}`, {})
  const column = (pane: Pane) => (away[pane] ? '' : `minmax(0, ${chosen[pane] === undefined ? usual[pane] : chosen[pane] + 'px'}) `)
  const middle = `minmax(16rem, 1fr) ${column('panel')}`
  const columns = { '--wide': column('list') + middle + column('text'), '--medium': column('list') + middle, '--small': middle } as CSSProperties
  const edge = (pane: Pane, label: string, where: string) => (
    <Edge
      label={label}
      className={cx(where, pane === 'list' ? '-right-1' : '-left-1')}
      grows={pane === 'list' ? 'right' : 'left'}
      width={chosen[pane]}
      widen={(to) => choose((was) => ({ ...was, [pane]: Math.round(Math.min(Math.max(to, narrowest), widest)) }))}
    />
  )
  return (
    <div
      style={columns}
      className={cx(
        'grid min-h-0 grow grid-cols-(--wide) grid-rows-[minmax(0,1fr)] max-xl:grid-cols-(--medium) max-lg:grid-cols-(--small) max-lg:grid-rows-none max-md:grid-cols-1',
        !away.text && 'max-xl:grid-rows-[minmax(0,1fr)_15rem]',
      )}
    >
      <div className={cx('relative min-h-0 border-r bg-panel max-lg:col-span-full max-lg:h-60 max-lg:border-r-0 max-lg:border-b', away.list && 'hidden')}>
        {list}
        {edge('list', 'Width of the list', 'max-lg:hidden')}
      </div>
      <div className="flex min-h-80 min-w-0 max-lg:h-[34rem] max-md:h-[26rem]">{canvas}</div>
      <div className={cx('relative flex min-h-0 flex-col border-l *:first:grow max-lg:h-[34rem] max-md:h-auto max-md:border-t max-md:border-l-0', away.panel && 'hidden')}>
        {panel}
        {edge('panel', 'Width of the properties', 'max-md:hidden')}
      </div>
      <div className={cx('relative flex min-h-0 flex-col border-l max-xl:col-span-full max-xl:border-t max-xl:border-l-0 max-lg:h-80', away.text && 'hidden')}>
        {text}
        {edge('text', 'Width of the text', 'max-xl:hidden')}
      </div>
    </div>
  )
}

/** The edge of a pane, which is dragged, or moved by the arrow keys. */
function Edge({ label, className, grows, width, widen }: { label: string; className: string; grows: 'left' | 'right'; width?: number; widen: (width: number) => void }) {
  const to = (grip: Element, move: (edge: number) => number) => {
    const pane = grip.parentElement!.getBoundingClientRect()
    widen(grows === 'right' ? move(pane.right) - pane.left : pane.right - move(pane.left))
  }
  return (
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation="vertical"
      aria-valuenow={width ?? narrowest}
      aria-valuetext={width === undefined ? 'as usual' : `${width} pixels`}
      aria-valuemin={narrowest}
      aria-valuemax={widest}
      className={cx('absolute inset-y-0 z-10 w-2 cursor-col-resize touch-none hover:bg-accent/30 active:bg-accent/50', className)}
      onPointerDown={(e) => e.currentTarget.setPointerCapture(e.pointerId)}
      onPointerMove={(e) => e.currentTarget.hasPointerCapture(e.pointerId) && to(e.currentTarget, () => e.clientX)}
      onKeyDown={(e) => {
        const step = { ArrowLeft: -16, ArrowRight: 16 }[e.key]
        if (step) to(e.currentTarget, (edge) => edge + step)
      }}
    />
  )
}
