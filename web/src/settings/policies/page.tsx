import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { Save, Trash2 } from 'lucide-react'
import { useId, useState } from 'react'
import { actionsQuery, parametersQuery } from '@/api/actions'
import { messageOf } from '@/api/client'
import { ownPacksQuery } from '@/api/files'
import { bodyOf, deletePolicy, makePolicy, policyQuery, policyTypesQuery, savePolicy, type PolicyBody, type PolicyType } from '@/api/policies'
import { useMay } from '@/api/rights'
import type { JsonObject, Policy as Data } from '@/api/types'
import { Button } from '@/ui/button'
import { ConfirmButton } from '@/ui/confirm'
import { Field, Input, Select } from '@/ui/field'
import { SchemaForm } from '@/ui/form/form'
import { readAll, written, type Draft } from '@/ui/form/schema'
import { Facts, Page, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/state'
import { toast } from '@/ui/toast'
import { PolicySwitch } from './switch'
import { summary } from './words'

const route = getRouteApi('/policies/$ref')
const newRoute = getRouteApi('/policies/new')

/** One policy: what it says, and a form to change it. */
export function Policy() {
  const { ref } = route.useParams()
  const policy = useQuery(policyQuery(ref))
  const types = useQuery(policyTypesQuery)
  return (
    <Loaded query={policy} one="policy">
      {(p) => (
        <Loaded query={types} one="policy">
          {({ items }) => <Shown key={JSON.stringify(p)} policy={p} types={items} />}
        </Loaded>
      )}
    </Loaded>
  )
}

/** Makes a policy, perhaps of an action. */
export function PolicyNew() {
  const { action } = newRoute.useSearch()
  const types = useQuery(policyTypesQuery)
  const may = useMay()
  if (may('policy_create') === false) return <Refused title="New policy">You may not make policies.</Refused>
  return (
    <Loaded query={types} one="policy">
      {({ items }) => (
        <Page title="New policy">
          <Form types={items} begin={{ name: '', pack: action?.split('.')[0] ?? 'default', description: '', enabled: true, resource_ref: action ?? '', policy_type: items[0]?.ref ?? '', parameters: {} }} />
        </Page>
      )}
    </Loaded>
  )
}

function Shown({ policy: p, types }: { policy: Data; types: PolicyType[] }) {
  const may = useMay('policy:' + p.ref)
  const client = useQueryClient()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => deletePolicy(p.ref),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['policies'] })
      toast.done(`${p.ref} is deleted.`, { label: 'Undo', run: () => void makePolicy(bodyOf(p)).then(() => client.invalidateQueries({ queryKey: ['policies'] }), toast.failed) })
      return navigate({ to: '/settings', search: { view: 'policies' }, ignoreBlocker: true })
    },
    onError: toast.failed,
  })
  return (
    <Page
      title={p.ref}
      actions={
        <>
          <PolicySwitch policy={p} />
          {may('policy_delete') && (
            <ConfirmButton
              label="Delete"
              title={`Delete ${p.ref}?`}
              verb="Delete"
              words={p.metadata_file ? `It is of the pack ${p.pack}, whose file stays: when the pack is registered again, the policy is there again.` : 'What it limits now will not be limited any more.'}
              onConfirm={() => remove.mutate()}
            >
              <Trash2 size={13} aria-hidden /> Delete
            </ConfirmButton>
          )}
        </>
      }
    >
      {p.description && <p className="-mt-2 max-w-prose text-muted">{p.description}</p>}
      <Panel title="What it says">
        <Facts
          facts={[
            ['Of', <Link key="of" to="/actions/$ref" params={{ ref: p.resource_ref }} className="text-accent hover:underline">{p.resource_ref}</Link>],
            ['It is', summary(p)],
            ['Type', p.policy_type],
            ['Counts', p.enabled ? 'yes' : 'no: it is switched off'],
            ['File', p.metadata_file && `${p.pack}/${p.metadata_file}; a change here counts until the file changes`],
          ]}
        />
      </Panel>
      {may('policy_modify') && <Form types={types} begin={bodyOf(p)} policy={p} />}
    </Page>
  )
}

function Form({ types, begin, policy }: { types: PolicyType[]; begin: PolicyBody; policy?: Data }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const list = useId()
  const packList = useId()
  const actions = useQuery(actionsQuery)
  const packs = useQuery(ownPacksQuery)
  const [body, setBody] = useState(begin)
  const [draft, setDraft] = useState<Draft>(() => textsOf(begin.parameters))
  const [tried, setTried] = useState(false)
  const takes = useQuery({ ...parametersQuery(body.resource_ref), enabled: body.resource_ref !== '' && body.policy_type === 'action.concurrency.attr', retry: false })
  const type = types.find((t) => t.ref === body.policy_type)
  const read = readAll(type?.parameters ?? {}, draft)
  const ready = /^[\w.-]+$/.test(body.name) && body.resource_ref !== '' && Object.keys(read.errors).length === 0
  const changed = JSON.stringify([body, draft]) !== JSON.stringify([begin, textsOf(begin.parameters)])
  useBlocker({ shouldBlockFn: () => changed && !confirm('What you have changed is not saved. Leave all the same?'), enableBeforeUnload: () => changed, disabled: !changed })
  const save = useMutation({
    mutationFn: () => {
      const whole = { ...body, parameters: read.values }
      return policy ? savePolicy(policy.ref, whole) : makePolicy(whole)
    },
    onSuccess: async (saved) => {
      await Promise.all([['policies'], ['policy', policy?.ref]].map((queryKey) => client.invalidateQueries({ queryKey })))
      toast.done(`${saved.ref} is saved.`)
      return navigate({ to: '/policies/$ref', params: { ref: saved.ref }, ignoreBlocker: true })
    },
  })
  const set = (to: Partial<PolicyBody>) => setBody((b) => ({ ...b, ...to }))
  return (
    <Panel title={policy ? 'Change it' : 'The policy'}>
      <form
        className="flex max-w-2xl flex-col gap-4 p-4"
        onSubmit={(e) => {
          e.preventDefault()
          setTried(true)
          if (ready) save.mutate()
        }}
      >
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Pack" needed>
            {(p) => <Input {...p} list={packList} value={body.pack} disabled={policy !== undefined} onChange={(e) => set({ pack: e.target.value })} />}
          </Field>
          <Field label="Name" needed error={tried && !/^[\w.-]+$/.test(body.name) ? 'Letters, digits, underscores, hyphens and dots.' : undefined}>
            {(p) => <Input {...p} value={body.name} disabled={policy !== undefined} onChange={(e) => set({ name: e.target.value })} />}
          </Field>
        </div>
        <datalist id={packList}>
          {['default', ...(packs.data ?? [])].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Field label="Action" needed hint="Whose executions it is about." error={tried && body.resource_ref === '' ? 'This must be given.' : undefined}>
          {(p) => <Input {...p} list={list} spellCheck={false} value={body.resource_ref} onChange={(e) => set({ resource_ref: e.target.value })} />}
        </Field>
        <datalist id={list}>
          {actions.data?.items.map((a) => (
            <option key={a.ref} value={a.ref} />
          ))}
        </datalist>
        <Field label="Type" hint={type?.description}>
          {(p) => (
            <Select {...p} value={body.policy_type} onChange={(e) => set({ policy_type: e.target.value })}>
              {types.map((t) => (
                <option key={t.ref} value={t.ref}>
                  {t.ref}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {type && <SchemaForm properties={type.parameters} draft={draft} errors={tried ? read.errors : undefined} onChange={setDraft} />}
        {takes.data && <p className="-mt-2 text-xs text-muted">The action takes {Object.keys(takes.data).join(', ')}.</p>}
        <Field label="Description">{(p) => <Input {...p} value={body.description} onChange={(e) => set({ description: e.target.value })} />}</Field>
        {!policy && (
          <label className="flex items-center gap-2 text-sm">
            <input type="checkbox" checked={body.enabled} onChange={(e) => set({ enabled: e.target.checked })} /> It counts as soon as it is saved
          </label>
        )}
        {save.isError && (
          <p role="alert" className="whitespace-pre-wrap text-bad">
            {messageOf(save.error)}
          </p>
        )}
        <Button type="submit" kind="primary" className="self-start" disabled={save.isPending || (policy !== undefined && !changed)}>
          <Save size={14} aria-hidden /> Save
        </Button>
      </form>
    </Panel>
  )
}

/** Parameters as they are typed; a list of words as such. */
function textsOf(parameters: JsonObject): Draft {
  return Object.fromEntries(Object.entries(parameters).map(([k, v]) => [k, Array.isArray(v) && v.every((x) => typeof x === 'string' && !x.includes(',')) ? v.join(', ') : written(v)]))
}
