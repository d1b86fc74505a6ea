import { useDeferredValue, useState } from 'react'
import { byPack, matches, SearchBox } from './search'

export interface Pickable {
  ref: string
  pack: string
  name: string
  description: string
}

const most = 100 // that are shown at a time

/** Things to drag onto a canvas, or to pick with Enter. type is what the drag is called. */
export function PickList({ things, what, type, pick }: { things: Pickable[]; what: string; type: string; pick: (ref: string) => void }) {
  const [text, setText] = useState('')
  const find = useDeferredValue(text)
  const found = things.filter((a) => matches(find, a.ref, a.description))
  return (
    <>
      <div className="border-b p-2 *:w-full">
        <SearchBox label={`Search ${what}`} value={text} onChange={setText} />
      </div>
      <div className="min-h-0 grow overflow-y-auto p-1.5">
        {found.length === 0 && <p className="p-3 text-sm text-muted">Nothing is called so.</p>}
        {byPack(found.slice(0, most)).map(([pack, all]) => (
          <div key={pack} className="mb-2">
            <h3 className="px-1.5 py-1 text-xs font-medium text-muted">{pack}</h3>
            <ul className="columns-[11rem] gap-x-2">
              {all.map((a) => (
                <li key={a.ref} className="break-inside-avoid">
                  <button
                    type="button"
                    draggable
                    onDragStart={(e) => {
                      e.dataTransfer.setData(type, a.ref)
                      e.dataTransfer.effectAllowed = 'copy'
                    }}
                    onClick={() => pick(a.ref)}
                    title={a.description}
                    aria-label={`Add ${a.ref}`}
                    className="block w-full cursor-grab truncate rounded px-1.5 py-1 text-left pointer-coarse:py-2 text-[13px] hover:bg-sunken active:cursor-grabbing"
                  >
                    {a.name}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ))}
        {found.length > most && <p className="p-2 text-xs text-muted">{found.length - most} more: type a part of the name.</p>}
      </div>
    </>
  )
}
