import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { packsQuery } from '@/api/packs'
import { Button } from '@/ui/button'
import { Page, Panel } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { Install } from './install'

/** What is installed. */
export function Packs() {
  const query = useQuery(packsQuery)
  const [installing, setInstalling] = useState(false)
  return (
    <Page
      title="Packs"
      actions={
        <Button kind="primary" onClick={() => setInstalling(true)}>
          <Download size={14} aria-hidden /> Install …
        </Button>
      }
    >
      <Panel>
        <Loaded query={query} lines={6}>
          {({ items }) => (
            <ul className="divide-y">
              {items
                .toSorted((a, b) => a.ref.localeCompare(b.ref))
                .map((p) => (
                  <li key={p.ref}>
                    <Link to="/packs/$ref" params={{ ref: p.ref }} className="grid gap-x-4 px-4 py-2 hover:bg-sunken md:grid-cols-[minmax(0,1fr)_minmax(0,3fr)_5rem]">
                      <span className="truncate font-medium">{p.ref}</span>
                      <span className="truncate text-sm text-muted">{p.description}</span>
                      <span className="text-sm text-muted max-md:hidden">{p.version}</span>
                    </Link>
                  </li>
                ))}
            </ul>
          )}
        </Loaded>
      </Panel>
      {installing && <Install close={() => setInstalling(false)} />}
    </Page>
  )
}
