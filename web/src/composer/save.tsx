import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { newPack, ownPacksQuery, writeFiles, type Change } from '@/api/files'
import type { Action } from '@/api/types'
import { userQuery } from '@/api/user'
import { Field, Input, Select } from '@/ui/field'
import { toast } from '@/ui/toast'
import { SaveDialog as ShowChanges } from '@/edit/save'
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

/** Asks where a new workflow belongs, and saves it. */
export function SaveNewDialog({ suggested, ...props }: Props & { suggested?: string }) {
  const packs = useQuery(ownPacksQuery)
  const user = useQuery(userQuery)
  const [pack, setPack] = useState<string>()
  const [fresh, setFresh] = useState('local')
  const [name, setName] = useState(suggested ?? '')
  const chosen = pack ?? packs.data?.[0] ?? ''
  const target = chosen === '' ? fresh : chosen
  const fits = /^[a-z0-9_]+$/.test(target) && /^[\w-]+$/.test(name)
  const changes = fits ? [...(chosen === '' ? [newPack(target, user.data?.username ?? '')] : []), ...filesOfNew(name, props.text, props.workflow)] : []
  if (!packs.data) return null
  return (
    <Shell {...props} pack={target} name={name} changes={changes} error={packs.error} ready={fits}>
      <div className="grid grid-cols-2 gap-3">
        <Field label="Pack" needed>
          {(p) => (
            <Select {...p} value={chosen} onChange={(e) => setPack(e.target.value)}>
              {packs.data.map((ref) => (
                <option key={ref}>{ref}</option>
              ))}
              <option value="">a new pack</option>
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
