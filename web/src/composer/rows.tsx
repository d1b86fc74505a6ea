import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import type { Json } from '@/api/types'
import { Button, IconButton } from '@/ui/button'
import { Input } from '@/ui/field'
import { written } from '@/ui/form/schema'
import { ExpressionField, type Surroundings } from './expression'

/** What was typed as a value: JSON where it is JSON, or else a text. */
export function valueOf(text: string): Json {
  if (/^\s*(-?\d|\[|\{(?!\{)|"|true\s*$|false\s*$|null\s*$)/.test(text)) {
    try {
      return JSON.parse(text) as Json
    } catch {
      return text
    }
  }
  return text
}

/** A value as it is typed, so that valueOf gives it back. */
export function typedOf(v: Json | undefined): string {
  if (v === null) return 'null'
  return typeof v === 'string' && valueOf(v) !== v ? JSON.stringify(v) : written(v)
}

type Row = [name: string, value: Json | undefined]

/** Names and what they are given. An input without a value is one that must be given. */
export function Rows({ what, rows, onChange, task, around, errors }: { what: string; rows: Row[]; onChange: (rows: Row[]) => void; task: string; around: Surroundings; errors?: (name: string, index: number) => string | undefined }) {
  const [name, setName] = useState('')
  const [added, setAdded] = useState<string>()
  const fits = /^\w+$/.test(name) && !rows.some(([n]) => n === name)
  const add = () => {
    if (!fits) return
    onChange([...rows, [name, what === 'input' ? undefined : null]])
    setName('')
    setAdded(name)
  }
  return (
    <div className="flex flex-col gap-2.5">
      {rows.map(([n, v], i) => (
        <div key={n} className="flex items-start gap-1">
          <div className="min-w-0 grow">
            <ExpressionField
              label={n}
              value={typedOf(v)}
              task={task}
              around={around}
              replace={n === added}
              error={errors?.(n, i)}
              onChange={(text) => onChange(rows.map((r, k) => (k === i ? [n, text === '' && what === 'input' ? undefined : valueOf(text)] : r)))}
            />
          </div>
          <IconButton label={`Remove ${n}`} className="mt-5" onClick={() => onChange(rows.filter((_, k) => k !== i))}>
            <X size={14} aria-hidden />
          </IconButton>
        </div>
      ))}
      <form
        className="flex gap-1.5"
        onSubmit={(e) => {
          e.preventDefault()
          add()
        }}
      >
        <Input aria-label={`Name of a new ${what}`} placeholder={`new ${what}`} value={name} onChange={(e) => setName(e.target.value)} className="font-mono text-[13px]" />
        <Button type="submit" disabled={!fits}>
          <Plus size={14} aria-hidden /> Add
        </Button>
      </form>
    </div>
  )
}
