import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ban, Pause, Play, RotateCw, Workflow } from 'lucide-react'
import { useState } from 'react'
import { setStatus } from '@/api/executions'
import { useMay } from '@/api/rights'
import type { Execution } from '@/api/types'
import { Button, buttonClass } from '@/ui/button'
import { CopyButton } from '@/ui/copy'
import { Dialog } from '@/ui/dialog'
import { isFinal } from '@/ui/status'
import { toast } from '@/ui/toast'
import { runCommand } from './cli'
import { ReRun } from './rerun'

/** What can be done with an execution as it is now. */
export function Controls({ execution: e, task }: { execution: Execution; task?: string }) {
  const client = useQueryClient()
  const [asked, setAsked] = useState<'cancel' | 'again'>()
  const change = useMutation({
    mutationFn: (to: 'canceling' | 'pausing' | 'resuming') => setStatus(e.id, to),
    onSuccess: () => client.invalidateQueries({ queryKey: ['execution', e.id] }),
    onError: toast.failed,
  })
  const may = useMay('action:' + (e.action?.ref ?? ''))
  const mayAtAll = useMay()
  const workflow = e.liveaction?.action_is_workflow
  const stoppable = may('execution_stop')
  const close = () => setAsked(undefined)
  return (
    <>
      <CopyButton words label="Copy as command" text={() => runCommand(e.action?.ref ?? '', e.parameters ?? {})} />
      {e.action && e.runner?.name === 'orquesta' && (
        <Link to="/compose/$ref" params={{ ref: e.action.ref }} search={{ run: e.id }} className={buttonClass({ size: 'sm' })}>
          <Workflow size={14} aria-hidden /> Compose
        </Link>
      )}
      {e.action && !workflow && mayAtAll('pack_modify') && (
        <Link to="/compose" search={{ run: e.id }} className={buttonClass({ size: 'sm' })}>
          <Workflow size={14} aria-hidden /> Make a workflow of it
        </Link>
      )}
      {stoppable && workflow && e.status === 'running' && (
        <Button size="sm" disabled={change.isPending} onClick={() => change.mutate('pausing')}>
          <Pause size={14} aria-hidden /> Pause
        </Button>
      )}
      {stoppable && workflow && (e.status === 'paused' || e.status === 'pausing') && (
        <Button size="sm" disabled={change.isPending} onClick={() => change.mutate('resuming')}>
          <Play size={14} aria-hidden /> Resume
        </Button>
      )}
      {stoppable && !isFinal(e.status) && e.status !== 'canceling' && (
        <Button size="sm" kind="danger" onClick={() => setAsked('cancel')}>
          <Ban size={14} aria-hidden /> Cancel …
        </Button>
      )}
      {may('action_execute') && isFinal(e.status) && (
        <Button size="sm" kind="primary" onClick={() => setAsked('again')}>
          <RotateCw size={14} aria-hidden /> Run again …
        </Button>
      )}
      <Dialog title="Cancel this execution?" open={asked === 'cancel'} onClose={close} className="max-w-md">
        <p className="px-5 py-4">
          {workflow ? 'What it has under way is stopped, and nothing more is started.' : 'It is stopped where it is.'} What it has done already is not undone by that.
        </p>
        <div className="flex justify-end gap-2 border-t px-5 py-3">
          <Button onClick={close}>Let it go on</Button>
          <Button
            kind="danger"
            onClick={() => {
              change.mutate('canceling')
              close()
            }}
          >
            Cancel it
          </Button>
        </div>
      </Dialog>
      {asked === 'again' && <ReRun execution={e} task={task} close={close} />}
    </>
  )
}
