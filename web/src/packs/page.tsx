import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Package, Plus } from 'lucide-react'
import { useState } from 'react'
import { indexQuery, packsQuery, type IndexedPack } from '@/api/packs'
import { useMay } from '@/api/rights'
import type { Pack } from '@/api/types'
import { Button } from '@/ui/button'
import { Page, Panel } from '@/ui/page'
import { matches, SearchBox } from '@/ui/search'
import { Empty, Failure, Loaded } from '@/ui/state'
import { DeedDialog, UnderWay, type Deed } from './deed'
import { newer } from './version'

const route = getRouteApi('/packs')

const row = 'grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-0.5 px-4 py-2 md:grid-cols-[minmax(0,1fr)_minmax(0,3fr)_9rem]'

// An index has hundreds; who looks for one types a part of its name.
const shownOfIndex = 50

/** The packs that are installed, and those that could be. */
export function Packs() {
  const { find } = route.useSearch()
  const navigate = useNavigate()
  const [deed, setDeed] = useState<Deed>()
  const may = useMay()
  const installed = useQuery(packsQuery)
  const index = useQuery(indexQuery)
  return (
    <Page
      title="Packs"
      actions={
        <>
          <SearchBox label="Search packs" value={find ?? ''} onChange={(text) => void navigate({ to: '/packs', search: { find: text || undefined }, replace: true })} />
          {may('pack_install') && (
            <Button kind="primary" onClick={() => setDeed({ kind: 'install', source: '' })}>
              <Plus size={15} aria-hidden /> Install
            </Button>
          )}
        </>
      }
    >
      <UnderWay shown={deed?.id} show={setDeed} />
      <Loaded query={installed} lines={8}>
        {({ items, total }) => {
          const found = items.filter((p) => matches(find, p.ref, p.name, p.description, ...p.keywords))
          return (
            <Panel title="Installed" aside={total > items.length ? `the first ${items.length} of ${total}` : found.length}>
              {found.length === 0 ? (
                <p className="px-4 py-3 text-muted">No installed pack has such a name or description.</p>
              ) : (
                <ul className="divide-y">
                  {found.map((p) => (
                    <li key={p.ref}>
                      <Installed pack={p} offered={index.data?.index[p.ref]} />
                    </li>
                  ))}
                </ul>
              )}
            </Panel>
          )
        }}
      </Loaded>
      <Panel title="In the index" aside={index.data && Object.keys(index.data.index).length}>
        {index.data?.status
          .filter((s) => s.error)
          .map((s) => (
            <p key={s.url} className="border-b px-4 py-2 text-sm break-words text-warn">
              {s.url}: {s.message}
            </p>
          ))}
        {index.isError ? (
          <Failure error={index.error} retry={() => void index.refetch()} />
        ) : (
          <Loaded query={index} lines={6}>
            {({ index, status }) => <Offered packs={index} failed={status.some((s) => s.error)} find={find} installed={installed.data?.items ?? []} install={may('pack_install') ? (source) => setDeed({ kind: 'install', source }) : undefined} />}
          </Loaded>
        )}
      </Panel>
      {deed && <DeedDialog deed={deed} onBegun={(id) => setDeed({ ...deed, id })} close={() => setDeed(undefined)} />}
    </Page>
  )
}

function Installed({ pack: p, offered }: { pack: Pack; offered?: IndexedPack }) {
  return (
    <Link to="/packs/$ref" params={{ ref: p.ref }} className={row + ' hover:bg-sunken'}>
      <span className="truncate font-medium">{p.ref}</span>
      <span className="truncate text-sm text-muted max-md:order-last max-md:col-span-2">{p.description}</span>
      <span className="flex items-center justify-end gap-2 text-sm tabular-nums">
        {offered?.version && newer(offered.version, p.version) && <span className="rounded bg-accent/12 px-1.5 py-0.5 text-xs font-medium text-accent">{offered.version} is out</span>}
        {p.version}
      </span>
    </Link>
  )
}

function Offered({ packs, failed, find, installed, install }: { packs: Record<string, IndexedPack>; failed: boolean; find?: string; installed: Pack[]; install?: (source: string) => void }) {
  const there = new Set(installed.map((p) => p.ref))
  const found = Object.entries(packs)
    .filter(([name, p]) => !there.has(p.ref ?? name) && matches(find, name, p.description, p.author, ...(p.keywords ?? [])))
    .sort(([a], [b]) => a.localeCompare(b))
  if (Object.keys(packs).length === 0 && failed) {
    return (
      <Empty icon={Package} title="No index could be read">
        Packs can be installed all the same: from a Git repository, an archive, or a folder on the server.
      </Empty>
    )
  }
  if (found.length === 0) return <Empty icon={Package} title={find ? 'The index has no other pack with such a name or description' : 'The index has no other packs'} />
  return (
    <>
      <ul className="divide-y">
        {found.slice(0, shownOfIndex).map(([name, p]) => (
          <li key={name} className={row}>
            <span className="flex min-w-0 items-baseline gap-2">
              <span className="truncate font-medium">{name}</span>
              <span className="text-sm text-muted tabular-nums">{p.version}</span>
            </span>
            <span className="truncate text-sm text-muted max-md:order-last max-md:col-span-2" title={p.description}>
              {p.description}
            </span>
            {install && (
              <Button size="sm" aria-label={`Install ${name}`} className="justify-self-end" onClick={() => install(name)}>
                Install
              </Button>
            )}
          </li>
        ))}
      </ul>
      {found.length > shownOfIndex && <p className="border-t px-4 py-2 text-sm text-muted">{found.length - shownOfIndex} more. Search to see them.</p>}
    </>
  )
}
