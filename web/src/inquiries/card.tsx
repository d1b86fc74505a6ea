import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { executionQuery, taskOf } from '@/api/executions'
import { answer } from '@/api/inquiries'
import { useMay } from '@/api/rights'
import type { Inquiry, JsonObject } from '@/api/types'
import { Button } from '@/ui/button'
import { SchemaForm } from '@/ui/form/form'
import { readAll, type Draft } from '@/ui/form/schema'
import { Panel } from '@/ui/page'
import { Ago, duration, useNow } from '@/ui/time'
import { toast } from '@/ui/toast'

/** One question. If all that is asked is yes or no, two buttons are the whole form. */
export function InquiryCard({ inquiry }: { inquiry: Inquiry }) {
  const client = useQueryClient()
  const execution = useQuery(executionQuery(inquiry.id))
  const parent = useQuery({ ...executionQuery(execution.data?.parent ?? ''), enabled: Boolean(execution.data?.parent) })
  const may = useMay('inquiry:' + inquiry.id)
  const [draft, setDraft] = useState<Draft>({})
  const [errors, setErrors] = useState<Record<string, string>>({})
  const properties = inquiry.schema.properties ?? {}
  const send = useMutation({
    mutationFn: (response: JsonObject) => answer(inquiry.id, response),
    onSuccess: () => {
      toast.done('Answered. The workflow goes on.')
      return Promise.all([client.invalidateQueries({ queryKey: ['inquiries'] }), client.invalidateQueries({ queryKey: ['executions', 'few'] })])
    },
  })
  const submit = () => {
    const read = readAll(properties, draft)
    setErrors(read.errors)
    if (Object.keys(read.errors).length === 0) send.mutate(read.values)
  }
  const [only, ...others] = Object.entries(properties)
  const yesOrNo = only && others.length === 0 && only[1].type === 'boolean' ? only : undefined
  return (
    <Panel
      title={parent.data?.action?.ref ?? execution.data?.action?.ref ?? 'A question'}
      aside={
        <>
          <Left from={execution.data?.start_timestamp} minutes={inquiry.ttl} />
          <Ago at={execution.data?.start_timestamp} />
        </>
      }
    >
      <form
        className="flex flex-col gap-4 p-4"
        onSubmit={(e) => {
          e.preventDefault()
          submit()
        }}
      >
        {execution.data && (
          <p className="text-sm text-muted">
            {taskOf(execution.data) && <>Asked by task {taskOf(execution.data)}. </>}
            <Link to="/executions/$id" params={{ id: execution.data.parent ?? inquiry.id }} search={{ task: execution.data.parent && taskOf(execution.data) }} className="text-accent hover:underline">
              What has happened so far
            </Link>
          </p>
        )}
        <Given parameters={parent.data?.parameters} />
        {may('inquiry_respond') === false ? (
          <p>
            {Object.values(properties)
              .map((p) => p.description)
              .join(' ')}{' '}
            <span className="text-muted">You may see this question, and not answer it.</span>
          </p>
        ) : yesOrNo ? (
          <>
            <p className="text-base">{yesOrNo[1].description ?? yesOrNo[0]}</p>
            <div className="grid grid-cols-2 gap-3 md:max-w-xs">
              <Button kind="primary" className="h-11" disabled={send.isPending} onClick={() => send.mutate({ [yesOrNo[0]]: true })}>
                Yes
              </Button>
              <Button className="h-11" disabled={send.isPending} onClick={() => send.mutate({ [yesOrNo[0]]: false })}>
                No
              </Button>
            </div>
          </>
        ) : (
          <>
            <SchemaForm properties={properties} draft={draft} errors={errors} onChange={setDraft} />
            {!only && <p className="text-muted">No particular answer is asked for: that somebody has answered is enough.</p>}
            <Button kind="primary" type="submit" className="h-11 md:h-8 md:self-start" disabled={send.isPending}>
              Answer
            </Button>
          </>
        )}
        {send.isError && (
          <p role="alert" className="whitespace-pre-wrap text-bad">
            {messageOf(send.error)}
          </p>
        )}
        {inquiry.users.length + inquiry.roles.length > 0 && <p className="text-xs text-muted">For {[...inquiry.users, ...inquiry.roles].join(', ')}</p>}
      </form>
    </Panel>
  )
}

/** What the workflow that asks was given: what tells one question from another of the same words. */
function Given({ parameters }: { parameters?: JsonObject }) {
  const shown = Object.entries(parameters ?? {}).filter(([, v]) => v !== null && v !== '' && typeof v !== 'object')
  if (shown.length === 0) return null
  return (
    <dl className="flex flex-wrap gap-x-4 gap-y-1 font-mono text-[13px]">
      {shown.slice(0, 8).map(([name, v]) => (
        <div key={name} className="flex min-w-0 gap-1.5">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-all">{String(v).slice(0, 200)}</dd>
        </div>
      ))}
    </dl>
  )
}

/** How long there is to answer. */
function Left({ from, minutes }: { from?: string; minutes: number }) {
  const now = useNow()
  if (!from || minutes === 0) return null
  const seconds = Date.parse(from) / 1000 + minutes * 60 - now / 1000
  if (seconds <= 0) return null
  return <span className={seconds < 300 ? 'text-bad' : 'text-warn'}>{duration(seconds)} left ·</span>
}
