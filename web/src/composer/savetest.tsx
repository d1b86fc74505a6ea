import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { packFile, useOwnPacks, writeFiles, type Change } from '@/api/files'
import type { Action } from '@/api/types'
import { SaveDialog } from '@/edit/save'
import { useSettled } from '@/edit/settled'
import { Field, Input } from '@/ui/field'
import { toast } from '@/ui/toast'
import { record, type Assumed, type Past } from './rehearsal'

/** Keeps what was played as a test of the workflow, which expects that it always comes so. */
export function SaveTest({ action, definition, past, assume, close }: { action: Action; definition: string; past: Past; assume: Assumed; close: () => void }) {
  const own = useOwnPacks()
  const [name, setName] = useState(action.name)
  const [description, setDescription] = useState('')
  const path = `actions/tests/${name}.test.yaml`
  const fits = /^[\w-]+$/.test(name)
  const said = useSettled(description, 300)
  const text = useQuery({ queryKey: ['test', action.ref, definition, past, assume, said], queryFn: ({ signal }) => record(definition, past, assume, action.entry_point, said, signal), retry: false, gcTime: 0 })
  const before = useQuery({ queryKey: ['test', action.ref, path], queryFn: async ({ signal }) => (await packFile(action.pack, path, signal)) ?? null, enabled: fits, gcTime: 0 })
  const save = useMutation({
    mutationFn: (files: Change[]) => writeFiles(action.pack, files),
    onSuccess: () => {
      toast.done(`${path} is saved. "nightshift workflow test" of the pack ${action.pack} plays it.`)
      close()
    },
  })
  const mine = own.packs?.includes(action.pack)
  const changes = !fits ? [] : text.data !== undefined && before.data !== undefined ? [{ path, content: text.data, was: before.data ?? undefined }] : undefined
  return (
    <SaveDialog title="Save as test" changes={changes} error={text.error ?? before.error ?? own.error} ready={fits && mine} saving={save.isPending} failed={save.error} save={save.mutate} close={close}>
      {mine === false && <p className="text-sm text-warn">The pack {action.pack} is not yours to write: it was installed, or you may not change it.</p>}
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Name of the test" needed>
          {(p) => <Input {...p} value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
        <Field label="What it shows">{(p) => <Input {...p} value={description} onChange={(e) => setDescription(e.target.value)} />}</Field>
      </div>
      {before.data && <p className="text-sm text-warn">There is a test of this name, which this one replaces.</p>}
    </SaveDialog>
  )
}
