import { X } from 'lucide-react'
import { useEffect, useId, useRef, type ReactNode } from 'react'
import { IconButton } from './button'
import { cx } from './cx'

/**
 * A dialog over the page. The browser's own does the rest: it keeps the focus and
 * closes on Escape. What has data-autofocus has the focus first; what had it before has it again afterwards.
 */
export function Dialog({
  title,
  open,
  onClose,
  children,
  className,
  bare,
}: {
  title: string
  open: boolean
  onClose?: () => void
  children: ReactNode
  className?: string
  bare?: boolean
}) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    if (!open || !dialog || dialog.open) return
    const before = document.activeElement
    dialog.showModal()
    // The browser would begin with what closes it.
    const first = dialog.querySelector<HTMLElement>('[data-autofocus]') ?? dialog.querySelector<HTMLElement>(':scope > :not(header) :is(input, textarea, select, button):not(:disabled)')
    first?.focus()
    return () => {
      dialog.close()
      // The browser would give the focus back, if the dialog were still there. Whatever has taken it since keeps it.
      if (before instanceof HTMLElement && before.isConnected && (document.activeElement === null || document.activeElement === document.body)) before.focus()
    }
  }, [open])
  if (!open) return null
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault() // whoever opened it closes it
        onClose?.()
      }}
      onPointerDown={(e) => e.target === e.currentTarget && onClose?.()}
      className={cx('m-auto max-h-[90dvh] w-[calc(100%-1.5rem)] flex-col overflow-hidden rounded-xl border bg-panel shadow-float open:flex', className)}
    >
      <header className={cx(bare ? 'sr-only' : 'flex items-center gap-3 border-b px-5 py-3')}>
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        {onClose && !bare && (
          <IconButton label="Close" className="ml-auto" onClick={onClose}>
            <X size={16} aria-hidden />
          </IconButton>
        )}
      </header>
      {children}
    </dialog>
  )
}
