import type { ReactNode } from 'react'
import { messageOf } from '@/api/client'
import type { Change } from '@/api/files'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Failure, Loading } from '@/ui/state'
import { Diff } from './diff'

/** Shows what would change, text by text, and saves it. */
export function SaveDialog({
  title = 'Save',
  changes,
  error,
  ready = true,
  saving,
  failed,
  save,
  close,
  children,
}: {
  title?: string
  changes?: Change[]
  error?: Error | null // why it is not known what would change
  ready?: boolean
  saving: boolean
  failed: Error | null
  save: (changes: Change[]) => void
  close: () => void
  children?: ReactNode
}) {
  const differing = changes?.filter((f) => f.content !== f.was)
  return (
    <Dialog title={title} open onClose={close} className="max-w-3xl">
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
        {failed && (
          <p role="alert" className="font-mono text-[13px] whitespace-pre-wrap text-bad">
            {messageOf(failed)}
          </p>
        )}
      </div>
      <footer className="flex justify-end gap-2 border-t px-5 py-3">
        <Button onClick={close}>Cancel</Button>
        <Button kind="primary" disabled={!ready || saving || !differing?.length} onClick={() => differing && save(differing)}>
          Save
        </Button>
      </footer>
    </Dialog>
  )
}
