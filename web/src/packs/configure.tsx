import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { configQuery, configSchemaQuery, configure } from '@/api/packs'
import { useMay } from '@/api/rights'
import type { JsonObject, Properties } from '@/api/types'
import { Button } from '@/ui/button'
import { SchemaForm } from '@/ui/form/form'
import type { Draft } from '@/ui/form/schema'
import { JsonView } from '@/ui/json/view'
import { Loaded } from '@/ui/state'
import { toast } from '@/ui/toast'
import { askedAttributes, configOf, draftOf, forgettable } from './config'

/** How a pack is configured, by a form from its schema. */
export function Configure({ pack }: { pack: string }) {
  const schema = useQuery(configSchemaQuery(pack))
  const config = useQuery(configQuery(pack))
  const may = useMay()
  return (
    <Loaded query={schema}>
      {(attributes) => (
        <Loaded query={config}>
          {(values) => {
            if (attributes && may('pack_config') !== false) return <ConfigForm key={pack} pack={pack} attributes={attributes} values={values} />
            if (Object.keys(values).length === 0) return <p className="p-4 text-muted">This pack has no settings.</p>
            return (
              <>
                <p className="px-4 pt-3 text-sm text-muted">{attributes ? 'You may look at its settings, and not change them.' : 'It has no schema of settings, so there is no form. Its file says:'}</p>
                <JsonView value={values} label="configuration" />
              </>
            )
          }}
        </Loaded>
      )}
    </Loaded>
  )
}

function ConfigForm({ pack, attributes, values }: { pack: string; attributes: Properties; values: JsonObject }) {
  const client = useQueryClient()
  const [draft, setDraft] = useState<Draft>(() => draftOf(attributes, values))
  const [forgotten, setForgotten] = useState<string[]>([])
  const [errors, setErrors] = useState<Record<string, string>>({})
  const save = useMutation({
    mutationFn: (config: JsonObject) => configure(pack, config),
    onSuccess: ({ values }) => {
      client.setQueryData(configQuery(pack).queryKey, values)
      setDraft(draftOf(attributes, values)) // a secret that was typed is not kept in the page
      setForgotten([])
      toast.done(`${pack} is configured.`)
    },
  })
  return (
    <form
      className="flex max-w-2xl flex-col gap-4 p-4"
      onSubmit={(e) => {
        e.preventDefault()
        const config = configOf(attributes, values, draft, forgotten)
        setErrors(config.errors)
        if (Object.keys(config.errors).length === 0) save.mutate(config.values)
      }}
    >
      <SchemaForm properties={askedAttributes(attributes, values)} draft={draft} errors={errors} onChange={setDraft} />
      {forgettable(attributes, values).map((name) => (
        <label key={name} className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={forgotten.includes(name)} onChange={(e) => setForgotten(e.target.checked ? [...forgotten, name] : forgotten.filter((n) => n !== name))} />
          Forget what <span className="font-mono text-[13px]">{name}</span> is set to
        </label>
      ))}
      {save.isError && (
        <p role="alert" className="whitespace-pre-wrap text-bad">
          {messageOf(save.error)}
        </p>
      )}
      <p className="text-xs text-muted">
        A value may look things up: <code>{'{{ st2kv.system.token | decrypt_kv }}'}</code>
      </p>
      <Button kind="primary" type="submit" className="self-start" disabled={save.isPending}>
        Save
      </Button>
    </form>
  )
}
