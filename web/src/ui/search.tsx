import { Search as Lens } from 'lucide-react'
import { Input } from './field'

/** Where one types what a list is narrowed to. */
export function SearchBox({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  return (
    <div className="relative w-64 max-w-full max-md:grow">
      <Lens size={14} className="absolute inset-y-0 left-2.5 my-auto text-muted" aria-hidden />
      <Input type="search" aria-label={label} placeholder={label} className="pl-8" value={value} onChange={(e) => onChange(e.target.value)} />
    </div>
  )
}

/** Whether each word is in one of some texts. */
export function matches(find: string | undefined, ...texts: (string | undefined)[]): boolean {
  const all = texts.join(' ').toLowerCase()
  return (find ?? '').toLowerCase().split(/\s+/).every((word) => all.includes(word))
}

/** Things by the pack that they are of, in alphabetical order. */
export function byPack<T extends { pack: string }>(things: T[]): [string, T[]][] {
  return [...Map.groupBy(things, (t) => t.pack)].sort(([a], [b]) => a.localeCompare(b))
}
