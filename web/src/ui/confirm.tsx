import { useState, type ReactNode } from 'react'
import { Button } from './button'
import { Dialog } from './dialog'

/** A button for what can't be undone: it asks first, in words that say what will happen. */
export function ConfirmButton({ label, title, words, verb, onConfirm, children }: { label: string; title: string; words: ReactNode; verb: string; onConfirm: () => void; children?: ReactNode }) {
  const [asked, setAsked] = useState(false)
  const close = () => setAsked(false)
  return (
    <>
      <Button size="sm" kind="danger" aria-label={label} onClick={() => setAsked(true)}>
        {children ?? label}
      </Button>
      <Dialog title={title} open={asked} onClose={close} className="max-w-md">
        <p className="px-5 py-4">{words}</p>
        <div className="flex justify-end gap-2 border-t px-5 py-3">
          <Button onClick={close}>Leave it</Button>
          <Button
            kind="danger"
            onClick={() => {
              onConfirm()
              close()
            }}
          >
            {verb}
          </Button>
        </div>
      </Dialog>
    </>
  )
}
