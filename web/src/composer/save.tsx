import { unifiedMergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { messageOf } from '@/api/client'
import { newPack, ownPacksQuery, writeFiles, type Change } from '@/api/files'
import type { Action } from '@/api/types'
import { userQuery } from '@/api/user'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Select } from '@/ui/field'
import { Failure, Loading } from '@/ui/state'
import { toast } from '@/ui/toast'
import { shadowOf, shown } from './code'
import { bumped, filesOfNew, filesOfOld } from './files'
import type { Workflow } from './model/workflow'

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

function Shell({ pack, name, changes, error, ready = true, text, close, saved, children }: Props & { pack: string; name: string; changes?: Change[]; error: Error | null; ready?: boolean; children: React.ReactNode }) {
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
  const differing = changes?.filter((f) => f.content !== f.was)
  return (
    <Dialog title="Save" open onClose={close} className="max-w-3xl">
      <div className="flex min-h-0 flex-col gap-3 overflow-y-auto p-5">
        {children}
        {error && <Failure error={error} />}
        {!changes && !error && <Loading />}
        {differing?.map((f) => (
          <section key={f.path} aria-label={f.path}>
            <h3 className="mb-1 font-mono text-xs text-muted">
              {f.path} {f.was === undefined && '(new)'}
            </h3>
            <Diff key={f.content} label={f.path} was={f.was ?? ''} is={f.content} />
          </section>
        ))}
        {differing?.length === 0 && ready && <p className="text-muted">Nothing has changed.</p>}
        {save.isError && (
          <p role="alert" className="font-mono text-[13px] whitespace-pre-wrap text-bad">
            {messageOf(save.error)}
          </p>
        )}
      </div>
      <footer className="flex justify-end gap-2 border-t px-5 py-3">
        <Button onClick={close}>Cancel</Button>
        <Button kind="primary" disabled={!ready || save.isPending || !differing?.length} onClick={() => differing && save.mutate(differing)}>
          Save
        </Button>
      </footer>
    </Dialog>
  )
}

/** What differs between two texts. */
function Diff({ label, was, is }: { label: string; was: string; is: string }) {
  const mount = useCallback(
    (host: HTMLElement | null) => {
      if (!host) return
      const root = shadowOf(host)
      const view = new EditorView({
        root,
        parent: root,
        state: EditorState.create({ doc: is, extensions: [shown(label), was === '' ? [] : unifiedMergeView({ original: was, mergeControls: false, collapseUnchanged: { margin: 2 } })] }),
      })
      return () => view.destroy()
    },
    [label, was, is],
  )
  return <div ref={mount} data-testid="diff" className="max-h-72 overflow-auto rounded-md border" />
}
