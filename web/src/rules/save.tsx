import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { newPack, useOwnPacks, writeFiles, type Change } from '@/api/files'
import { useMay } from '@/api/rights'
import { makeRule, saveRule } from '@/api/rules'
import type { Rule } from '@/api/types'
import { userQuery } from '@/api/user'
import { SaveDialog } from '@/edit/save'
import { useSettled } from '@/edit/settled'
import { bumped } from '@/edit/version'
import { Field, Input, Select } from '@/ui/field'
import { toast } from '@/ui/toast'
import { bodyOf, type Draft } from './model/rule'

interface Props {
  draft: Draft
  text: string
  close: () => void
  saved: (ref: string) => void
}

/** Where the rule is kept that is edited: in a file of a pack that can be written, or by the server alone. */
export interface Kept {
  rule: Rule
  text: string
  file?: string
}

function useSaving(saved: (ref: string) => void, mutationFn: (changes: Change[]) => Promise<string>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn,
    onSuccess: async (ref) => {
      await Promise.all([['rules'], ['rule', ref], ['packs']].map((queryKey) => client.invalidateQueries({ queryKey })))
      toast.done(`${ref} is saved.`)
      saved(ref)
    },
  })
}

/** Shows what would change of a rule, and saves it where it is kept. */
export function SaveRule({ kept: { rule, text: was, file }, draft, text, close, saved }: Props & { kept: Kept }) {
  const [bump, setBump] = useState(true)
  const version = useQuery({ queryKey: ['changes', rule.pack], queryFn: async () => (await bumped(rule.pack)) ?? null, enabled: file !== undefined, gcTime: 0, staleTime: Infinity })
  const renamed = file !== undefined && (draft.name !== rule.name || (draft.pack ?? rule.pack) !== rule.pack)
  const next = version.data && version.data.content !== version.data.was ? version.data : undefined
  const changes: Change[] | undefined = file === undefined ? [{ path: rule.ref, content: text, was }] : version.isPending ? undefined : [{ path: file, content: text, was }, ...(bump && next ? [next] : [])]
  const save = useSaving(saved, async (files) => {
    if (file === undefined) return (await saveRule({ ...rule, ...(bodyOf(draft, rule.pack) as unknown as Rule), ref: rule.ref })).ref
    await writeFiles(rule.pack, files)
    return rule.ref
  })
  return (
    <SaveDialog changes={changes} error={version.error} ready={!renamed} saving={save.isPending} failed={save.error} save={save.mutate} close={close}>
      {renamed && <p className="text-sm text-warn">A rule that has a file keeps its name and its pack: clone it to have another one.</p>}
      {next && (
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={bump} onChange={(e) => setBump(e.target.checked)} /> as version {next.version} of the pack {rule.pack}
        </label>
      )}
      {file === undefined && rule.metadata_file && <p className="text-sm text-muted">The pack {rule.pack} is not yours to write, so its file stays as it is: this counts until the pack brings another version of the rule.</p>}
    </SaveDialog>
  )
}

const noFile = '\0'

/** Asks where a new rule is to be kept, and saves it. */
export function SaveNewRule({ draft, text, wish, close, saved }: Props & { wish?: string }) {
  const { packs, error } = useOwnPacks()
  const user = useQuery(userQuery)
  const [place, setPlace] = useState<string>()
  const [fresh, setFresh] = useState('local')
  const own = packs ?? []
  const mayMake = useMay()('pack_modify')
  const chosen = place ?? (wish && own.includes(wish) ? wish : (own[0] ?? noFile))
  const target = chosen === noFile ? (draft.pack ?? 'default') : chosen === '' ? fresh : chosen
  const odd = draft.pack !== undefined && draft.pack !== target
  const ref = `${target}.${draft.name}`
  const asked = useSettled(target, 300)
  const mayWrite = useMay('pack:' + asked)('pack_modify')
  const mayCreate = useMay(`rule:${asked}.${draft.name}`)('rule_create')
  const refused = (chosen !== noFile && mayWrite === false) || mayCreate === false
  const ready = /^[a-z0-9_]+$/.test(target) && /^[\w.-]+$/.test(draft.name) && !odd && !refused
  const changes: Change[] = chosen === noFile ? [{ path: ref, content: text }] : [...(chosen === '' ? [newPack(target, user.data?.username ?? '')] : []), { path: `rules/${draft.name}.yaml`, content: text }]
  const save = useSaving(saved, async (files) => {
    if (chosen === noFile) return (await makeRule(bodyOf(draft, target))).ref
    await writeFiles(target, files)
    return ref
  })
  return (
    <SaveDialog changes={packs && (ready ? changes : [])} error={error} ready={ready} saving={save.isPending} failed={save.error} save={save.mutate} close={close}>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Kept in" hint={chosen === noFile ? 'By the server alone, as rules that are made by the API.' : 'A file of the pack, which can be reviewed and versioned.'}>
          {(p) => (
            <Select {...p} value={chosen} onChange={(e) => setPlace(e.target.value)}>
              {own.map((name) => (
                <option key={name} value={name}>
                  the pack {name}
                </option>
              ))}
              {mayMake && <option value="">a new pack</option>}
              <option value={noFile}>no file</option>
            </Select>
          )}
        </Field>
        {chosen === '' && (
          <Field label="Name of the pack" needed>
            {(p) => <Input {...p} value={fresh} onChange={(e) => setFresh(e.target.value)} />}
          </Field>
        )}
      </div>
      {!/^[\w.-]+$/.test(draft.name) && <p className="text-sm text-warn">The rule needs a name of letters, digits, underscores and hyphens.</p>}
      {refused && <p className="text-sm text-warn">{chosen === noFile ? `You may not make a rule of the pack ${target}. The text can say of which pack it is, as in "pack: web".` : `You may not make a rule in a pack that is called ${target}.`}</p>}
      {odd && <p className="text-sm text-warn">The text says that it is of the pack {draft.pack}.</p>}
    </SaveDialog>
  )
}
