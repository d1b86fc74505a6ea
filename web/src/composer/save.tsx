import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { newPack, packFile, useOwnPacks, writeFiles, type Change } from '@/api/files'
import { useMay } from '@/api/rights'
import type { Action } from '@/api/types'
import { userQuery } from '@/api/user'
import { Field, Input, Select } from '@/ui/field'
import { toast } from '@/ui/toast'
import { SaveDialog as ShowChanges } from '@/edit/save'
import { useSettled } from '@/edit/settled'
import { bumped } from '@/edit/version'
import { filesOfNew, filesOfOld } from './files'
import type { Workflow } from '@/workflow/workflow'

interface Props {
  text: string
  workflow: Workflow
  close: () => void
  saved: (ref: string, text: string) => void
}

/** Shows what would change in the pack, and saves it. */
export function SaveDialog({ action, was, ...props }: Props & { action: Action; was: string }) {
  const [bump, setBump] = useState(true)
  const files = useQuery({
    queryKey: ['changes', action.ref, was, props.text],
    queryFn: async () => ({ own: await filesOfOld(action, was, props.text, props.workflow), version: await bumped(action.pack) }),
    gcTime: 0,
    staleTime: Infinity,
  })
  const version = files.data?.version
  const changes = files.data && (bump && version ? [...files.data.own, version] : files.data.own)
  return (
    <Shell {...props} pack={action.pack} name={action.name} changes={changes} error={files.error}>
      {version && version.content !== version.was && (
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={bump} onChange={(e) => setBump(e.target.checked)} /> as version {version.version} of the pack {action.pack}
        </label>
      )}
    </Shell>
  )
}

/** Asks where a new workflow belongs, and saves it. It may begin as one that is not to be changed. */
export function SaveNewDialog({ from, ...props }: Props & { from?: Action }) {
  const { packs, error } = useOwnPacks()
  const user = useQuery(userQuery)
  const [pack, setPack] = useState<string>()
  const [fresh, setFresh] = useState('local')
  const [name, setName] = useState(from?.name ?? '')
  const path = from?.metadata_file
  const metadata = useQuery({ queryKey: ['changes', from?.ref, 'metadata'], queryFn: async () => (await packFile(from!.pack, path!)) ?? null, enabled: path !== undefined, gcTime: 0 })
  const mayMake = useMay()('pack_modify')
  const chosen = pack ?? packs?.[0] ?? ''
  const target = chosen === '' ? fresh : chosen
  const refused = useMay('pack:' + useSettled(target, 300))('pack_modify') === false
  const fits = /^[a-z0-9_]+$/.test(target) && /^[\w-]+$/.test(name)
  const known = packs !== undefined && !(path && metadata.isPending)
  const begun = from && metadata.data ? { metadata: metadata.data, parameters: from.parameters } : undefined
  const changes = !known ? undefined : fits ? [...(chosen === '' ? [newPack(target, user.data?.username ?? '')] : []), ...filesOfNew(name, props.text, props.workflow, begun)] : []
  return (
    <Shell {...props} pack={target} name={name} changes={changes} error={error ?? metadata.error} ready={fits && !refused}>
      {from && <p className="text-sm text-muted">What is in the pack {from.pack} stays as it is: it was installed, or you may not change it. This becomes a workflow of its own.</p>}
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Pack" needed>
          {(p) => (
            <Select {...p} value={chosen} onChange={(e) => setPack(e.target.value)}>
              {packs?.map((ref) => (
                <option key={ref}>{ref}</option>
              ))}
              {mayMake && <option value="">a new pack</option>}
            </Select>
          )}
        </Field>
        {chosen === '' && (
          <Field label="Name of the pack" needed>
            {(p) => <Input {...p} value={fresh} onChange={(e) => setFresh(e.target.value)} />}
          </Field>
        )}
        <Field label="Name of the workflow" needed>
          {(p) => <Input {...p} value={name} autoFocus onChange={(e) => setName(e.target.value)} />}
        </Field>
      </div>
      {refused && <p className="text-sm text-warn">You may not write into a pack that is called {target}.</p>}
    </Shell>
  )
}

function Shell({ pack, name, changes, error, ready = true, text, close, saved, children }: Props & { pack: string; name: string; changes?: Change[]; error: Error | null; ready?: boolean; children: ReactNode }) {
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: (files: Change[]) => writeFiles(pack, files),
    onSuccess: async () => {
      const ref = `${pack}.${name}`
      await Promise.all([['actions'], ['action', ref], ['packs']].map((queryKey) => client.invalidateQueries({ queryKey })))
      toast.done(`${ref} is saved.`)
      saved(ref, text)
    },
  })
  return (
    <ShowChanges changes={changes} error={error} ready={ready} saving={save.isPending} failed={save.error} save={save.mutate} close={close}>
      {children}
    </ShowChanges>
  )
}
