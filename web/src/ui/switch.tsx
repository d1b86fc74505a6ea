import { Switch as Radix } from 'radix-ui'

export function Switch({ label, on, disabled, onChange }: { label: string; on: boolean; disabled?: boolean; onChange: (on: boolean) => void }) {
  return (
    <Radix.Root
      aria-label={label}
      title={label}
      checked={on}
      disabled={disabled}
      onCheckedChange={onChange}
      className="relative h-[18px] w-8 after:absolute after:-inset-x-1.5 after:-inset-y-3 shrink-0 rounded-full border border-strong bg-sunken transition-colors data-[state=checked]:border-good data-[state=checked]:bg-good disabled:opacity-50"
    >
      <Radix.Thumb className="block size-3.5 translate-x-px rounded-full bg-strong transition-transform data-[state=checked]:translate-x-[15px] data-[state=checked]:bg-panel" />
    </Radix.Root>
  )
}
