import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { actionsQuery } from '@/api/actions'
import { byPack, matches, SearchBox } from '@/ui/search'
import { Loaded } from '@/ui/state'

/** What is dragged when an action is. */
export const actionType = 'application/x-nightshift-action'

const most = 100 // that are shown at a time

/** Actions to drag onto the canvas, or to add with Enter. */
export function Palette({ add }: { add: (action: string) => void }) {
  const query = useQuery(actionsQuery)
  const [text, setText] = useState('')
  const find = useDeferredValue(text)
  return (
    <section aria-label="Actions" className="flex min-h-0 flex-col border-r bg-panel">
      <div className="border-b p-2">
        <SearchBox label="Search actions" value={text} onChange={setText} />
      </div>
      <div className="min-h-0 grow overflow-y-auto p-1.5">
        <Loaded query={query}>
          {({ items }) => {
            const found = items.filter((a) => a.enabled && matches(find, a.ref, a.description))
            if (found.length === 0) return <p className="p-3 text-sm text-muted">No action is called so.</p>
            return (
              <>
                {byPack(found.slice(0, most)).map(([pack, actions]) => (
                  <div key={pack} className="mb-2">
                    <h2 className="px-1.5 py-1 text-xs font-medium text-muted">{pack}</h2>
                    <ul>
                      {actions.map((a) => (
                        <li key={a.ref}>
                          <button
                            type="button"
                            draggable
                            onDragStart={(e) => {
                              e.dataTransfer.setData(actionType, a.ref)
                              e.dataTransfer.effectAllowed = 'copy'
                            }}
                            onClick={() => add(a.ref)}
                            title={a.description}
                            aria-label={`Add ${a.ref}`}
                            className="block w-full cursor-grab truncate rounded px-1.5 py-1 text-left text-[13px] hover:bg-sunken active:cursor-grabbing"
                          >
                            {a.name}
                          </button>
                        </li>
                      ))}
                    </ul>
                  </div>
                ))}
                {found.length > most && <p className="p-2 text-xs text-muted">{found.length - most} more: type a part of the name.</p>}
              </>
            )
          }}
        </Loaded>
      </div>
    </section>
  )
}
