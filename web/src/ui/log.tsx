import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDownToLine, Search } from 'lucide-react'
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { useOutput } from '@/api/output'
import { IconButton } from './button'
import { CopyButton } from './copy'
import { cx } from './cx'
import { Input } from './field'

/** What an execution prints, as it prints it. It stays at the end until somebody scrolls up. */
export function Log({ id, className }: { id: string; className?: string }) {
  const { lines, over, lost, cut } = useOutput(id)
  const [search, setSearch] = useState('')
  const [tail, setTail] = useState(true)
  const wanted = useDeferredValue(search.trim().toLowerCase())
  const shown = useMemo(() => (wanted ? lines.filter((l) => l.text.toLowerCase().includes(wanted)) : lines), [lines, wanted])
  const ref = useRef<HTMLDivElement>(null)
  const list = useVirtualizer({ count: shown.length, getScrollElement: () => ref.current, estimateSize: () => 20, overscan: 30 })
  useEffect(() => {
    if (tail && shown.length > 0) list.scrollToIndex(shown.length - 1)
  }, [tail, shown.length, list])
  const state = over ? (lines.length === 0 ? 'It printed nothing.' : '') : lost ? 'The stream was lost; it begins again by itself.' : lines.length === 0 ? 'Nothing yet.' : 'It has not ended; more may come.'
  return (
    <div className={cx('flex min-h-0 flex-col', className)}>
      <div className="flex items-center gap-2 border-b px-3 py-1.5">
        <div className="relative grow">
          <Search size={13} className="absolute inset-y-0 left-2 my-auto text-muted" aria-hidden />
          <Input aria-label="Search the output" placeholder="Search" className="h-7 pl-7 text-xs" value={search} onChange={(e) => setSearch(e.target.value)} />
        </div>
        <span role="status" className="text-xs text-muted">
          {wanted ? `${shown.length} of ${lines.length} lines` : state}
        </span>
        <IconButton label="Stay at the end" aria-pressed={tail} className={cx(tail && 'text-accent')} onClick={() => setTail(!tail)}>
          <ArrowDownToLine size={14} aria-hidden />
        </IconButton>
        <CopyButton label="Copy the output" text={() => lines.map((l) => l.text).join('\n')} />
      </div>
      {cut && <p className="border-b px-3 py-1 text-xs text-warn">There was more at the beginning than a page can hold; the command line shows all of it.</p>}
      <div
        ref={ref}
        tabIndex={0}
        role="region"
        aria-label="Output"
        onWheel={(e) => e.deltaY < 0 && setTail(false)}
        className="max-h-[32rem] min-h-24 grow overflow-auto bg-sunken p-2 font-mono text-[12.5px] leading-[20px]"
      >
        <div className="relative" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const line = shown[item.index]!
            return (
              <div key={item.key} className={cx('absolute h-[20px] w-max min-w-full whitespace-pre', line.stream === 'stderr' && 'text-warn')} style={{ transform: `translateY(${item.start}px)` }}>
                {line.text || ' '}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
