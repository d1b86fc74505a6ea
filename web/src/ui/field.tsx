import { useId, useState, type ComponentProps, type ReactNode } from 'react'
import { cx } from './cx'

export const inputClass =
  'h-8 min-w-0 rounded-md border border-strong/60 bg-panel px-2.5 text-sm placeholder:text-muted aria-invalid:border-bad disabled:opacity-60 pointer-coarse:min-h-11 pointer-coarse:text-[16px]'

/** A label, a control, and what there is to say about it. The control gets the ids that join them. */
export function Field({
  label,
  hint,
  error,
  needed,
  children,
}: {
  label: ReactNode
  hint?: ReactNode
  error?: string
  needed?: boolean
  children: (props: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean; 'aria-required'?: boolean }) => ReactNode
}) {
  const id = useId()
  const said = Boolean(hint || error)
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium wrap-anywhere">
        {label}
        {needed && (
          <span className="ml-1 text-bad" title="must be there" aria-hidden>
            *
          </span>
        )}
      </label>
      {children({ id, 'aria-describedby': said ? id + '-hint' : undefined, 'aria-invalid': error ? true : undefined, 'aria-required': needed || undefined })}
      {said && (
        <p id={id + '-hint'} className={cx('text-xs', error ? 'text-bad' : 'text-muted')}>
          {error ?? hint}
        </p>
      )}
    </div>
  )
}

/** Controls are as wide as there is room, unless they are told otherwise. */
function sized(className = ''): string | false {
  return !/(^|\s)w-/.test(className) && 'w-full'
}

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={cx(inputClass, sized(className), className)} {...rest} />
}

/** An input whose text is handed on at its end, for what must not be half of it. */
export function Settled({ value, onChange, ...rest }: { id?: string; 'aria-label'?: string; value: string; onChange: (text: string) => unknown; list?: string; placeholder?: string; className?: string }) {
  const [typed, setTyped] = useState<string>()
  const settle = () => {
    if (typed !== undefined && typed !== value) onChange(typed)
    setTyped(undefined)
  }
  return (
    <Input
      {...rest}
      spellCheck={false}
      value={typed ?? value}
      onChange={(e) => setTyped(e.target.value)}
      onBlur={settle}
      onKeyDown={(e) => {
        if (e.key === 'Enter') settle()
        if (e.key === 'Escape') setTyped(undefined)
      }}
    />
  )
}

export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return <select className={cx(inputClass, 'pr-7', sized(className), className)} {...rest} />
}
