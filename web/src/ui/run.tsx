import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Play } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { runAction } from '@/api/executions'
import type { Action, JsonObject, Properties } from '@/api/types'
import { Button } from './button'
import { SchemaForm } from './form/form'
import { askedFor, readAll, type Draft } from './form/schema'

/** Runs an action with what is filled in, and goes to its execution. */
export function RunForm({ action, properties }: { action: Action; properties: Properties }) {
  const [draft, setDraft] = useState<Draft>({})
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [all, setAll] = useState(false)
  const navigate = useNavigate()
  const run = useMutation({
    mutationFn: (values: JsonObject) => runAction(action.ref, values),
    onSuccess: (e) => navigate({ to: '/executions/$id', params: { id: e.id } }),
  })
  // What the runner takes besides is seldom wanted.
  const own = Object.fromEntries(Object.entries(properties).filter(([name, p]) => name in action.parameters || p.required))
  const more = askedFor(properties).length - askedFor(own).length
  return (
    <form
      className="flex flex-col gap-4 p-4"
      onSubmit={(e) => {
        e.preventDefault()
        const read = readAll(properties, draft)
        setErrors(read.errors)
        if (Object.keys(read.errors).length === 0) run.mutate(read.values)
      }}
    >
      <SchemaForm properties={all ? properties : own} draft={draft} errors={errors} onChange={setDraft} />
      {askedFor(own).length === 0 && !all && <p className="text-muted">It takes no parameters of its own.</p>}
      {run.isError && (
        <p role="alert" className="whitespace-pre-wrap text-bad">
          {messageOf(run.error)}
        </p>
      )}
      <div className="flex items-center gap-3">
        <Button kind="primary" type="submit" disabled={run.isPending || !action.enabled}>
          <Play size={14} aria-hidden /> Run
        </Button>
        {more > 0 && (
          <Button kind="ghost" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? 'Fewer parameters' : `${more} more, of its runner`}
          </Button>
        )}
        {!action.enabled && <span className="text-sm text-muted">It is disabled.</span>}
      </div>
    </form>
  )
}
