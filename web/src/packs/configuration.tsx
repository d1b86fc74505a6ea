import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { configQuery, configSchemaQuery, saveConfig } from '@/api/packs'
import type { JsonObject, Properties } from '@/api/types'
import { Button } from '@/ui/button'
import { SchemaForm } from '@/ui/form/form'
import { readAll, written, type Draft } from '@/ui/form/schema'
import { Panel } from '@/ui/page'
import { Loading } from '@/ui/state'
import { toast } from '@/ui/toast'

/** The configuration of a pack, as a form that its schema makes. */
export function Configuration({ pack }: { pack: string }) {
  const schema = useQuery(configSchemaQuery(pack))
  const config = useQuery(configQuery(pack))
  const properties = schema.data?.attributes ?? {}
  if (schema.isPending || config.isPending) return <Loading />
  if (Object.keys(properties).length === 0) {
    return (
      <Panel title="Configuration">
        <p className="px-4 py-3 text-muted">It takes none.</p>
      </Panel>
    )
  }
  return (
    <Panel title="Configuration">
      <Form key={pack} pack={pack} properties={properties} values={config.data?.values ?? {}} />
    </Panel>
  )
}

function Form({ pack, properties, values }: { pack: string; properties: Properties; values: JsonObject }) {
  const client = useQueryClient()
  const [draft, setDraft] = useState<Draft>(() =>
    Object.fromEntries(
      Object.entries(values)
        .filter(([name]) => !properties[name]?.secret)
        .map(([name, v]) => [name, written(v)]),
    ),
  )
  const [errors, setErrors] = useState<Record<string, string>>({})
  const save = useMutation({
    mutationFn: (next: JsonObject) => saveConfig(pack, next),
    onSuccess: () => {
      toast.done('The configuration is saved.')
      return client.invalidateQueries({ queryKey: ['pack', pack, 'config'] })
    },
  })
  return (
    <form
      className="flex flex-col gap-4 p-4"
      onSubmit={(e) => {
        e.preventDefault()
        // A secret that nobody types anew stays: the server knows it by its mask.
        const masked = Object.fromEntries(Object.entries(values).filter(([name]) => properties[name]?.secret && !draft[name]))
        const read = readAll(Object.fromEntries(Object.entries(properties).filter(([name]) => !(name in masked))), draft)
        setErrors(read.errors)
        if (Object.keys(read.errors).length === 0) save.mutate({ ...masked, ...read.values })
      }}
    >
      <SchemaForm properties={properties} draft={draft} errors={errors} onChange={setDraft} />
      {save.isError && (
        <p role="alert" className="whitespace-pre-wrap text-bad">
          {messageOf(save.error)}
        </p>
      )}
      <Button kind="primary" type="submit" className="self-start" disabled={save.isPending}>
        Save
      </Button>
    </form>
  )
}
