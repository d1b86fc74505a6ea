import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { actionsQuery } from '@/api/actions'
import { builtIn, indexQuery, packFileQuery, packQuery } from '@/api/packs'
import { useMay } from '@/api/rights'
import { rulesQuery } from '@/api/rules'
import type { Pack as Data } from '@/api/types'
import { Button } from '@/ui/button'
import { CopyButton } from '@/ui/copy'
import { Select } from '@/ui/field'
import { Facts, Page, Panel } from '@/ui/page'
import { Loaded, Loading } from '@/ui/state'
import { Tabs } from '@/ui/tabs'
import { Configure } from './configure'
import { DeedDialog, type Deed } from './deed'
import { newer } from './version'

const Markdown = lazy(() => import('@/ui/markdown').then((m) => ({ default: m.Markdown })))

const route = getRouteApi('/packs/$ref')

/** One pack: what it is and has, how it is configured, and what can be done with it. */
export function Pack() {
  const { ref } = route.useParams()
  const query = useQuery(packQuery(ref))
  return <Loaded query={query} one="pack" lines={8}>{(p) => <Shown key={p.ref} pack={p} />}</Loaded>
}

function Shown({ pack: p }: { pack: Data }) {
  const { view } = route.useSearch()
  const navigate = useNavigate()
  const [deed, setDeed] = useState<Deed>()
  const may = useMay()
  const offered = useQuery(indexQuery).data?.index[p.ref]?.version
  const readme = p.files.find((f) => /^readme(\.(md|markdown|rst|txt))?$/i.test(f))
  const tabs = [
    { id: 'readme', name: 'Read me', content: readme ? <Readme pack={p.ref} name={readme} /> : <p className="p-4 text-muted">It has no file README.</p> },
    { id: 'content', name: 'What is in it', content: <Content pack={p.ref} /> },
    { id: 'config', name: 'Configuration', content: <Configure pack={p.ref} /> },
    { id: 'files', name: 'Files', content: <Files pack={p} /> },
  ]
  return (
    <Page
      title={p.ref}
      actions={
        builtIn(p) ? (
          <span className="text-sm text-muted">It is built into the server.</span>
        ) : (
          <>
            {offered && newer(offered, p.version) && <span className="text-sm text-accent">{offered} is out</span>}
            {may('pack_install') && <Button onClick={() => setDeed({ kind: 'update', ref: p.ref })}>Update</Button>}
            {may('pack_uninstall') && (
              <Button kind="danger" onClick={() => setDeed({ kind: 'remove', ref: p.ref })}>
                Remove
              </Button>
            )}
          </>
        )
      }
    >
      {p.description && <p className="-mt-2 max-w-prose text-muted">{p.description}</p>}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,5fr)_minmax(0,2fr)]">
        <Tabs label="About this pack" tabs={tabs} open={tabs.find((t) => t.id === view)?.id ?? (readme ? 'readme' : 'content')} onOpen={(id) => void navigate({ to: '/packs/$ref', params: { ref: p.ref }, search: { view: id }, replace: true })} />
        <Panel title="What it is">
          <Facts
            facts={[
              ['Version', p.version],
              ['Name', p.name !== p.ref && p.name],
              ['Author', p.author],
              ['E-mail', p.email],
              ['Contributors', p.contributors.join(', ')],
              ['Keywords', p.keywords.join(', ')],
              ['Needs', p.dependencies.join(', ')],
              ['Python', p.python_versions.join(', ')],
              ['Folder', p.path && <span className="break-all">{p.path}</span>],
            ]}
          />
        </Panel>
      </div>
      {deed && <DeedDialog deed={deed} close={() => setDeed(undefined)} onDone={() => deed.kind === 'remove' && void navigate({ to: '/packs' })} />}
    </Page>
  )
}

function Readme({ pack, name }: { pack: string; name: string }) {
  const file = useQuery(packFileQuery(pack, name))
  return (
    <Loaded query={file} lines={6}>
      {(text) =>
        /\.(md|markdown)$/i.test(name) ? (
          <Suspense fallback={<Loading lines={6} />}>
            <Markdown text={text} />
          </Suspense>
        ) : (
          <pre className="overflow-x-auto p-4 font-mono text-[12.5px] leading-5 whitespace-pre-wrap">{text}</pre>
        )
      }
    </Loaded>
  )
}

function Content({ pack }: { pack: string }) {
  const actions = useQuery(actionsQuery)
  const rules = useQuery(rulesQuery)
  return (
    <Loaded query={actions}>
      {({ items }) => (
        <Loaded query={rules}>
          {({ items: all }) => {
            const own = { actions: items.filter((a) => a.pack === pack), rules: all.filter((r) => r.pack === pack) }
            if (own.actions.length + own.rules.length === 0) return <p className="p-4 text-muted">It has no actions and no rules.</p>
            return (
              <>
                <Things title="Actions">
                  {own.actions.map((a) => (
                    <Thing key={a.ref} name={a.name} says={a.description} problem={a.problem} disabled={!a.enabled} link={<Link to="/actions/$ref" params={{ ref: a.ref }} className="absolute inset-0" aria-label={a.ref} />} />
                  ))}
                </Things>
                <Things title="Rules">
                  {own.rules.map((r) => (
                    <Thing key={r.ref} name={r.name} says={r.description} problem={r.problem} disabled={!r.enabled} link={<Link to="/rules/$ref" params={{ ref: r.ref }} className="absolute inset-0" aria-label={r.ref} />} />
                  ))}
                </Things>
              </>
            )
          }}
        </Loaded>
      )}
    </Loaded>
  )
}

function Things({ title, children }: { title: string; children: ReactNode[] }) {
  if (children.length === 0) return null
  return (
    <section className="not-first:border-t">
      <h2 className="px-4 pt-3 pb-1 text-xs font-medium text-muted">
        {title} · {children.length}
      </h2>
      <ul className="divide-y">{children}</ul>
    </section>
  )
}

function Thing({ name, says, problem, disabled, link }: { name: string; says?: string; problem?: string; disabled: boolean; link: ReactNode }) {
  return (
    <li className="relative grid gap-x-4 px-4 py-2 hover:bg-sunken md:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
      {link}
      <span className="truncate font-medium">
        {name}
        {disabled && <span className="ml-2 text-xs font-normal text-muted">disabled</span>}
        {problem && <span className="ml-2 text-xs font-normal text-bad">does not work</span>}
      </span>
      <span className="truncate text-sm text-muted">{says}</span>
    </li>
  )
}

function Files({ pack: p }: { pack: Data }) {
  const [chosen, setChosen] = useState(p.files.includes('pack.yaml') ? 'pack.yaml' : (p.files[0] ?? ''))
  const file = useQuery({ ...packFileQuery(p.ref, chosen), enabled: chosen !== '' })
  if (chosen === '') return <p className="p-4 text-muted">It has no files.</p>
  return (
    <>
      <div className="flex items-center gap-2 border-b p-3">
        <Select aria-label="File" value={chosen} onChange={(e) => setChosen(e.target.value)}>
          {p.files.map((f) => (
            <option key={f}>{f}</option>
          ))}
        </Select>
        <CopyButton label="Copy the file" text={() => file.data ?? ''} />
      </div>
      <Loaded query={file} lines={8}>
        {(text) => (
          <pre tabIndex={0} aria-label={chosen} className="max-h-[36rem] overflow-auto p-4 font-mono text-[12.5px] leading-5">
            {text}
          </pre>
        )}
      </Loaded>
    </>
  )
}
