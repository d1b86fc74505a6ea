import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { packFileQuery, packQuery, uninstallPack } from '@/api/packs'
import type { Pack as Data } from '@/api/types'
import { ConfirmButton } from '@/ui/confirm'
import { Facts, Page, Panel } from '@/ui/page'
import { Loaded } from '@/ui/state'
import { toast } from '@/ui/toast'
import { Configuration } from './configuration'

const route = getRouteApi('/packs/$ref')
const link = 'text-accent hover:underline'

/** One pack: what it is, how it is configured, and what its author says of it. */
export function Pack() {
  const { ref } = route.useParams()
  const query = useQuery(packQuery(ref))
  return <Loaded query={query}>{(p) => <Shown pack={p} />}</Loaded>
}

function Shown({ pack: p }: { pack: Data }) {
  const navigate = useNavigate()
  const readme = useQuery(packFileQuery(p.ref, 'README.md'))
  const remove = useMutation({
    mutationFn: () => uninstallPack(p.ref),
    onSuccess: ({ execution_id }) => navigate({ to: '/executions/$id', params: { id: execution_id } }),
    onError: toast.failed,
  })
  return (
    <Page
      title={p.ref}
      actions={
        <ConfirmButton
          label="Remove …"
          title={`Remove the pack ${p.ref}?`}
          words="Its actions, rules, sensors and aliases are gone then. What has run stays in the history."
          verb="Remove it"
          onConfirm={() => remove.mutate()}
        />
      }
    >
      {p.description && <p className="-mt-2 max-w-prose text-muted">{p.description}</p>}
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Panel title="What it is">
          <Facts
            facts={[
              ['Version', p.version],
              ['Author', [p.author, p.email].filter(Boolean).join(', ')],
              ['Needs', p.dependencies.join(', ')],
              ['About', p.keywords.join(', ')],
              ['Files', p.path && <span key="path" className="font-mono text-[13px]">{p.path}</span>],
              ['Has', <span key="has" className="flex gap-3"><Link to="/actions" search={{ find: p.ref }} className={link}>actions</Link><Link to="/rules" search={{ find: p.ref }} className={link}>rules</Link></span>],
            ]}
          />
        </Panel>
        <Configuration pack={p.ref} />
      </div>
      {readme.data && (
        <Panel title="Read me">
          <pre tabIndex={0} aria-label="Read me" className="max-h-[40rem] overflow-auto p-4 font-sans text-sm leading-6 whitespace-pre-wrap">
            {readme.data}
          </pre>
        </Panel>
      )}
    </Page>
  )
}
