import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronRight, Download, Search } from 'lucide-react'
import { useMemo, useRef } from 'react'
import { CopyButton } from '../copy'
import { cx } from '../cx'
import { Input } from '../field'
import { touched, type Folds, type Row } from './rows'

const line = 24 // of a line, in pixels, as its class says: what folds must not be smaller

interface Props {
  label: string
  className?: string
  rows: Row[]
  found: string[]
  search: string
  onSearch: (text: string) => void
  folds: Folds
  onFold: (folds: Folds) => void
  copy?: () => string
  raw?: string // where all of it can be had
}

/** The lines of JSON. Only those that are seen are drawn; what is short and small needs no search. */
export function Lines({ label, className, rows, found, search, onSearch, folds, onFold, copy, raw }: Props) {
  const ref = useRef<HTMLDivElement>(null)
  const list = useVirtualizer({ count: rows.length, getScrollElement: () => ref.current, estimateSize: () => line, overscan: 20 })
  const marked = useMemo(() => new Set(found), [found])
  const short = rows.length < 15 && !search && !raw
  return (
    <div className={cx('relative flex min-h-0 flex-col', className)}>
      <div className={cx('flex items-center gap-2', short ? 'absolute top-1 right-2 z-10' : 'px-3 py-1.5')}>
        {!short && (
          <div className="relative grow">
            <Search size={13} className="absolute inset-y-0 left-2 my-auto text-muted" aria-hidden />
            <Input aria-label={`Search ${label}`} placeholder="Search" className="h-7 pl-7 text-xs" value={search} onChange={(e) => onSearch(e.target.value)} />
          </div>
        )}
        {search.trim() && <span className="text-xs text-muted">{found.length === 500 ? '500 and more' : found.length} found</span>}
        {copy && <CopyButton label={`Copy ${label}`} text={copy} />}
        {raw && (
          <a href={raw} download={`${label}.json`} aria-label={`Download ${label}`} title={`Download ${label}`} className="grid size-8 place-items-center rounded-md text-muted hover:bg-sunken hover:text-text pointer-coarse:size-11">
            <Download size={14} aria-hidden />
          </a>
        )}
      </div>
      <div ref={ref} role="region" aria-label={label} tabIndex={0} className="max-h-[28rem] min-h-0 overflow-auto px-2 py-2 font-mono text-[12.5px] leading-[24px]">
        <div className="relative" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const row = rows[item.index]!
            return <Line key={row.path} row={row} top={item.start} marked={marked.has(row.path)} touch={() => onFold(touched(folds, row))} />
          })}
        </div>
      </div>
    </div>
  )
}

function Line({ row, top, marked, touch }: { row: Row; top: number; marked: boolean; touch: () => void }) {
  const place = { transform: `translateY(${top}px)`, paddingLeft: row.depth * 14 }
  const className = cx('absolute flex h-[24px] w-max min-w-full items-center gap-1.5 rounded px-1 whitespace-pre', marked && 'bg-warn/20')
  const name = row.name !== undefined && <span className="text-muted">{row.name}:</span>
  if (row.kind === 'more') {
    return (
      <button type="button" className={cx(className, 'text-accent')} style={place} onClick={touch}>
        … {row.holds.toLocaleString()} more
      </button>
    )
  }
  if (row.kind !== 'scalar' && row.holds > 0) {
    return (
      <button type="button" aria-expanded={row.open} className={cx(className, 'hover:bg-sunken')} style={place} onClick={touch}>
        <ChevronRight size={12} aria-hidden className={cx('-ml-0.5 shrink-0 text-muted transition-transform', row.open && 'rotate-90')} />
        {name}
        <span className="text-muted">{row.kind === 'list' ? `[${row.holds}]` : `{${row.holds}}`}</span>
      </button>
    )
  }
  return (
    <div className={className} style={place}>
      <span className="w-3 shrink-0" />
      {name}
      {row.kind === 'scalar' ? <Scalar value={row.scalar ?? null} /> : <span className="text-muted">{row.kind === 'list' ? '[]' : '{}'}</span>}
    </div>
  )
}

function Scalar({ value }: { value: null | boolean | number | string }) {
  if (typeof value === 'string') return <span className="text-good">{JSON.stringify(value)}</span>
  if (typeof value === 'number') return <span className="text-busy">{value}</span>
  return <span className={value === null ? 'text-muted' : 'text-wait'}>{String(value)}</span>
}
