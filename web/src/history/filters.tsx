import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useId, useState } from 'react'
import { api, ask } from '@/api/client'
import { filterNames, type FilterName, type Filters } from '@/api/executions'
import type { Status } from '@/api/types'
import { Button, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Input, Select } from '@/ui/field'
import { isFinal, statuses, StatusMark } from '@/ui/status'

const groups: [string, Status[]][] = [
  ['Under way', statuses.filter((s) => !isFinal(s))],
  ['Failed', ['failed', 'timeout', 'abandoned']],
  ['Succeeded', ['succeeded']],
  ['Canceled', ['canceled']],
]

/** What is looked for. All of it is in the address, so it can be sent to somebody. */
export function FilterBar({ filters, onChange }: { filters: Filters; onChange: (f: Filters) => void }) {
  // Those without a value yet: they are not in the address.
  const [added, setAdded] = useState<FilterName[]>([])
  const named = filterNames.filter((n) => filters[n] !== undefined || added.includes(n))
  const set = (name: FilterName, v: string | undefined) => {
    if (v === undefined) setAdded(added.filter((n) => n !== name))
    if ((v || undefined) !== filters[name]) onChange({ ...filters, [name]: v || undefined })
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div role="group" aria-label="Status" className="flex max-w-full overflow-x-auto rounded-md border">
        {groups.map(([name, of]) => {
          const on = of.every((s) => filters.status?.split(',').includes(s))
          return (
            <button
              key={name}
              type="button"
              aria-pressed={on}
              className={cx('h-8 border-r px-3 -outline-offset-2 pointer-coarse:h-11 text-sm last:border-r-0', on ? 'bg-accent/15 font-medium' : 'bg-panel text-muted hover:text-text')}
              onClick={() => onChange({ ...filters, status: on ? undefined : of.join(',') })}
            >
              {name}
            </button>
          )
        })}
      </div>
      <TimeRange filters={filters} onChange={onChange} />
      {filters.status && !groups.some(([, of]) => of.join(',') === filters.status) && (
        <span className="flex h-8 items-center gap-2 rounded-md pointer-coarse:h-11 border bg-panel pl-3 text-sm">
          {filters.status.split(',').map((s) => (
            <StatusMark key={s} status={s as Status} />
          ))}
          <IconButton label="Any status" onClick={() => onChange({ ...filters, status: undefined })}>
            <X size={13} aria-hidden />
          </IconButton>
        </span>
      )}
      {named.map((name) => (
        <NamedFilter key={name} name={name} value={filters[name] ?? ''} onChange={(v) => set(name, v)} />
      ))}
      <AddFilter taken={named} add={(name) => setAdded([...added, name])} />
      <label className="flex min-h-8 items-center gap-1.5 text-sm text-muted">
        <input type="checkbox" checked={filters.parts === '1'} onChange={(e) => onChange({ ...filters, parts: e.target.checked ? '1' : undefined })} className="accent-accent" />
        parts of workflows
      </label>
    </div>
  )
}

/** What is written into filters whose values the server does not list. */
const hints: Partial<Record<FilterName, string>> = {
  parent: 'id of an execution',
  trigger_instance: 'id of an event',
  id: 'id of an execution',
  liveaction: 'id of an execution',
  timestamp: '2026-11-29T22:00:00Z..2026-11-29T23:00:00Z',
  filter: 'action.ref:core.noop status:failed',
}

function NamedFilter({ name, value, onChange }: { name: FilterName; value: string; onChange: (v: string | undefined) => void }) {
  const [text, setText] = useState(value)
  const [before, setBefore] = useState(value)
  if (value !== before) {
    // Somebody has gone back, or forth.
    setBefore(value)
    setText(value)
  }
  const id = useId()
  const known = useQuery({
    queryKey: ['filters', name],
    queryFn: ({ signal }) => ask<Record<string, string[]>>(api.GET('/api/v1/executions/views/filters', { params: { query: { types: name } }, signal })),
    staleTime: 60_000,
    enabled: !(name in hints),
  })
  const label = name.replaceAll('_', ' ')
  return (
    <form
      className="flex h-8 items-center rounded-md border pointer-coarse:h-11 bg-panel pl-2.5 text-sm"
      onSubmit={(e) => {
        e.preventDefault()
        onChange(text)
      }}
    >
      <label htmlFor={id} className="text-muted">
        {label}
      </label>
      <input
        id={id}
        list={id + '-list'}
        value={text}
        autoFocus={value === ''}
        spellCheck={false}
        placeholder={hints[name]}
        className="h-full w-44 rounded bg-transparent px-2 -outline-offset-2 pointer-coarse:text-[16px]"
        onChange={(e) => {
          setText(e.target.value)
          if (known.data?.[name]?.includes(e.target.value)) onChange(e.target.value) // chosen from the list
        }}
        onBlur={() => onChange(text)}
      />
      <datalist id={id + '-list'}>
        {known.data?.[name]?.map((v) => (
          <option key={v} value={v} />
        ))}
      </datalist>
      <IconButton label={`Any ${label}`} onClick={() => onChange(undefined)}>
        <X size={13} aria-hidden />
      </IconButton>
    </form>
  )
}

function AddFilter({ taken, add }: { taken: FilterName[]; add: (name: FilterName) => void }) {
  const left = filterNames.filter((n) => !taken.includes(n))
  if (left.length === 0) return null
  return (
    <span className="relative">
      <Button className="pointer-events-none" tabIndex={-1} aria-hidden>
        <Plus size={14} aria-hidden /> Filter
      </Button>
      <select aria-label="Add a filter" value="" className="absolute inset-0 cursor-pointer rounded-md opacity-0 focus-visible:opacity-100" onChange={(e) => add(e.target.value as FilterName)}>
        <option value="" disabled>
          Filter by …
        </option>
        {left.map((n) => (
          <option key={n} value={n}>
            {n.replaceAll('_', ' ')}
          </option>
        ))}
      </select>
    </span>
  )
}

const lasts: [string, string][] = [
  ['', 'any time'],
  ['15m', 'last 15 minutes'],
  ['1h', 'last hour'],
  ['24h', 'last 24 hours'],
  ['7d', 'last 7 days'],
  ['range', 'from … to …'],
]

function TimeRange({ filters, onChange }: { filters: Filters; onChange: (f: Filters) => void }) {
  const range = filters.from !== undefined || filters.to !== undefined
  const set = (last: string) => {
    if (last === 'range') onChange({ ...filters, last: undefined, from: new Date(Date.now() - 24 * 3600e3).toISOString(), to: new Date().toISOString() })
    else onChange({ ...filters, last: last || undefined, from: undefined, to: undefined })
  }
  return (
    <>
      <Select aria-label="Time" className="w-auto" value={range ? 'range' : (filters.last ?? '')} onChange={(e) => set(e.target.value)}>
        {lasts.map(([v, name]) => (
          <option key={v} value={v}>
            {name}
          </option>
        ))}
      </Select>
      {range &&
        (['from', 'to'] as const).map((end) => (
          <Input
            key={end}
            aria-label={end}
            type="datetime-local"
            step={1}
            className="w-auto"
            value={local(filters[end])}
            onChange={(e) => onChange({ ...filters, [end]: e.target.value ? new Date(e.target.value).toISOString() : undefined })}
          />
        ))}
    </>
  )
}

/** A moment as the browser's own control wants it, in the reader's time. */
function local(at: string | undefined): string {
  if (!at) return ''
  const d = new Date(at)
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
