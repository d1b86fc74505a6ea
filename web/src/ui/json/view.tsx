import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronRight, Search } from 'lucide-react'
import { useDeferredValue, useMemo, useRef, useState } from 'react'
import type { Json } from '@/api/types'
import { CopyButton } from '../copy'
import { cx } from '../cx'
import { Input } from '../field'
import { above, find, rowsOf, type Row } from './rows'

const line = 24

/** JSON as a tree that can be folded, searched and copied. Only the lines that are seen are drawn. */
export function JsonView({ value, label, className }: { value: Json; label: string; className?: string }) {
  const [touched, setTouched] = useState<ReadonlyMap<string, boolean>>(new Map())
  const [whole, setWhole] = useState<ReadonlySet<string>>(new Set())
  const [search, setSearch] = useState('')
  const wanted = useDeferredValue(search.trim())
  const found = useMemo(() => (wanted ? find(value, wanted, 500) : []), [value, wanted])
  const rows = useMemo(() => {
    if (found.length === 0) return rowsOf(value, touched, whole)
    const opened = new Map(touched)
    const needed = new Set(whole)
    for (const path of found) for (const p of above(path)) {
      opened.set(p, true)
      needed.add(p)
    }
    return rowsOf(value, opened, needed)
  }, [value, touched, whole, found])
  const marked = useMemo(() => new Set(found), [found])
  const ref = useRef<HTMLDivElement>(null)
  const list = useVirtualizer({ count: rows.length, getScrollElement: () => ref.current, estimateSize: () => line, overscan: 20 })
  const toggle = (r: Row) => {
    if (r.holds === -2) setWhole(new Set([...whole, r.path.slice(0, -1)]))
    else setTouched(new Map(touched).set(r.path, !r.open))
  }
  const short = rows.length < 15 && !search
  return (
    <div className={cx('relative flex min-h-0 flex-col', className)}>
      <div className={cx('flex items-center gap-2', short ? 'absolute top-1 right-2 z-10' : 'px-3 py-1.5')}>
        {!short && <div className="relative grow">
          <Search size={13} className="absolute top-2 left-2 text-muted" aria-hidden />
          <Input aria-label={`Search ${label}`} placeholder="Search" className="h-7 pl-7 text-xs" value={search} onChange={(e) => setSearch(e.target.value)} />
        </div>}
        {wanted && <span className="text-xs text-muted">{found.length === 500 ? '500 and more' : found.length} found</span>}
        <CopyButton label={`Copy ${label}`} text={() => JSON.stringify(value, null, 2)} />
      </div>
      <div ref={ref} role="region" aria-label={label} tabIndex={0} className="max-h-[28rem] min-h-0 overflow-auto px-2 py-2 font-mono text-[12.5px] leading-6">
        <div className="relative" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const row = rows[item.index]!
            return <Line key={row.path} row={row} top={item.start} marked={marked.has(row.path)} toggle={() => toggle(row)} />
          })}
        </div>
      </div>
    </div>
  )
}

function Line({ row, top, marked, toggle }: { row: Row; top: number; marked: boolean; toggle: () => void }) {
  const place = { transform: `translateY(${top}px)`, paddingLeft: row.depth * 14 }
  const className = cx('absolute flex h-6 w-max min-w-full items-center gap-1.5 rounded px-1 whitespace-pre', marked && 'bg-warn/20')
  if (row.holds === -2) {
    return (
      <button type="button" className={cx(className, 'text-accent')} style={place} onClick={toggle}>
        … {String(row.value)} more
      </button>
    )
  }
  const name = row.name !== undefined && <span className="text-muted">{row.name}:</span>
  if (row.holds > 0) {
    return (
      <button type="button" aria-expanded={row.open} className={cx(className, 'hover:bg-sunken')} style={place} onClick={toggle}>
        <ChevronRight size={12} aria-hidden className={cx('-ml-0.5 shrink-0 text-muted transition-transform', row.open && 'rotate-90')} />
        {name}
        <span className="text-muted">{Array.isArray(row.value) ? `[${row.holds}]` : `{${row.holds}}`}</span>
      </button>
    )
  }
  return (
    <div className={className} style={place}>
      <span className="w-3 shrink-0" />
      {name}
      <Scalar value={row.value} />
    </div>
  )
}

const longest = 2000 // characters of a text on its line

function Scalar({ value }: { value: Json }) {
  if (typeof value === 'string') {
    const text = value.length > longest ? value.slice(0, longest) + ' …' : value
    return <span className="text-good">{JSON.stringify(text)}</span>
  }
  if (typeof value === 'number') return <span className="text-busy">{value}</span>
  if (typeof value === 'boolean') return <span className="text-wait">{String(value)}</span>
  return <span className="text-muted">{value === null ? 'null' : Array.isArray(value) ? '[]' : '{}'}</span>
}
