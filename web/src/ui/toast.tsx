import { CircleCheck, TriangleAlert, X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { value } from '@/api/store'
import { messageOf } from '@/api/client'
import { IconButton } from './button'

interface Toast {
  id: number
  text: string
  bad: boolean
  deed?: Deed
}

/** What can still be done about it, such as to undo it. */
interface Deed {
  label: string
  run: () => void
}

const toasts = value<Toast[]>([])
let last = 0

function dismiss(id: number) {
  toasts.set(toasts.get().filter((t) => t.id !== id))
}

function show(text: string, bad: boolean, deed?: Deed) {
  const id = ++last
  toasts.set([...toasts.get().slice(-3), { id, text, bad, deed }])
  // What went wrong stays until it has been read.
  if (!bad) setTimeout(() => dismiss(id), deed ? 12_000 : 5000)
}

export const toast = {
  done: (text: string, deed?: Deed) => show(text, false, deed),
  failed: (err: unknown) => show(messageOf(err), true),
}

export function Toasts() {
  const shown = useSyncExternalStore(toasts.subscribe, toasts.get)
  return (
    <div aria-live="polite" className="pointer-events-none fixed right-4 bottom-16 z-50 flex w-80 max-w-[calc(100vw-2rem)] flex-col gap-2 md:bottom-4">
      {shown.map((t) => (
        <div key={t.id} role={t.bad ? 'alert' : 'status'} className="pointer-events-auto flex items-start gap-2.5 rounded-lg border bg-panel p-3 shadow-float">
          {t.bad ? <TriangleAlert size={17} className="mt-0.5 shrink-0 text-bad" aria-hidden /> : <CircleCheck size={17} className="mt-0.5 shrink-0 text-good" aria-hidden />}
          <p className="grow text-sm whitespace-pre-wrap">{t.text}</p>
          {t.deed && (
            <button
              type="button"
              className="rounded text-sm font-medium text-accent hover:underline"
              onClick={() => {
                t.deed?.run()
                dismiss(t.id)
              }}
            >
              {t.deed.label}
            </button>
          )}
          <IconButton label="Dismiss" className="-m-1.5" onClick={() => dismiss(t.id)}>
            <X size={14} aria-hidden />
          </IconButton>
        </div>
      ))}
    </div>
  )
}
