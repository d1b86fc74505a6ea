import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { Dialog } from '@/ui/dialog'
import { places } from './places'
import { toggleTheme } from './theme'

const item = 'flex items-center gap-3 rounded-md px-3 py-2 text-sm data-[selected=true]:bg-accent/12'

/** Finds everything that has a name. */
export default function Palette({ close }: { close: () => void }) {
  const navigate = useNavigate()
  const go = (to: string) => {
    close()
    void navigate({ to })
  }
  return (
    <Dialog title="Find anything" open bare onClose={close} className="mt-[12dvh] mb-auto max-w-xl">
      <Command label="Find anything" className="flex min-h-0 flex-col">
        <Command.Input autoFocus placeholder="Where to, or what to do?" className="h-12 border-b bg-transparent px-4 text-base outline-none placeholder:text-muted" />
        <Command.List className="max-h-[50dvh] overflow-y-auto p-2">
          <Command.Empty className="p-6 text-center text-muted">Nothing has such a name.</Command.Empty>
          {places.map(({ group, places }) => (
            <Command.Group key={group} heading={group} className="[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted">
              {places.map((p) => (
                <Command.Item key={p.to} value={p.name + ' ' + p.says} onSelect={() => go(p.to)} className={item}>
                  <p.icon size={16} aria-hidden className="text-muted" />
                  <span>{p.name}</span>
                  <span className="ml-auto truncate text-xs text-muted">{p.says}</span>
                </Command.Item>
              ))}
            </Command.Group>
          ))}
          <Command.Item
            value="theme dark light"
            onSelect={() => {
              toggleTheme()
              close()
            }}
            className={item}
          >
            Change between dark and light
          </Command.Item>
        </Command.List>
      </Command>
    </Dialog>
  )
}
