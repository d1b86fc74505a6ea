import type { ComponentProps, ReactNode } from 'react'
import { cx } from './cx'

const base =
  'inline-flex items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors disabled:opacity-50 disabled:cursor-not-allowed'
const kinds = {
  plain: 'border bg-panel hover:bg-sunken',
  primary: 'bg-accent text-on-accent hover:opacity-90',
  danger: 'border border-bad/50 text-bad bg-panel hover:bg-bad/10',
  ghost: 'text-muted hover:bg-sunken hover:text-text',
}
// A finger needs more room than a mouse.
const sizes = { sm: 'h-7 px-2 text-xs pointer-coarse:h-10 pointer-coarse:px-3', md: 'h-8 px-3 text-sm pointer-coarse:h-11' }

type Look = { kind?: keyof typeof kinds; size?: keyof typeof sizes }

export function buttonClass({ kind = 'plain', size = 'md' }: Look = {}): string {
  return cx(base, kinds[kind], sizes[size])
}

export function Button({ kind, size, className, ...rest }: ComponentProps<'button'> & Look) {
  return <button type="button" className={cx(buttonClass({ kind, size }), className)} {...rest} />
}

/** A button that is only a picture; label is what it is called. */
export function IconButton({ label, children, className, ...rest }: ComponentProps<'button'> & { label: string; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx('inline-grid size-8 pointer-coarse:size-11 shrink-0 place-items-center rounded-md text-muted transition-colors hover:bg-sunken hover:text-text disabled:opacity-50', className)}
      {...rest}
    >
      {children}
    </button>
  )
}
