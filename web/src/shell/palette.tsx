import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { Contrast, Split, SquareTerminal, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { actionsQuery } from '@/api/actions'
import { executionList } from '@/api/executions'
import { rulesQuery } from '@/api/rules'
import { Dialog } from '@/ui/dialog'
import { StatusMark } from '@/ui/status'
import { Ago } from '@/ui/time'
import { places } from './places'
import { toggleTheme } from './theme'

/** Finds everything that has a name. */
export default function Palette({ close }: { close: () => void }) {
  const navigate = useNavigate()
  const actions = useQuery(actionsQuery)
  const rules = useQuery(rulesQuery)
  const latest = useQuery(executionList({}, 5))
  const go = (to: string) => () => {
    close()
    void navigate({ to })
  }
  return (
    <Dialog title="Find anything" open bare onClose={close} className="mt-[12dvh] mb-auto max-w-xl">
      <Command label="Find anything" className="flex min-h-0 flex-col">
        <Command.Input data-autofocus placeholder="Where to, or what to do?" className="h-12 border-b bg-transparent px-4 text-base outline-none placeholder:text-muted" />
        <Command.List className="max-h-[50dvh] overflow-y-auto p-2">
          <Command.Empty className="p-6 text-center text-muted">Nothing has such a name.</Command.Empty>
          <Group name="Views">
            {places.flatMap((g) => g.places).map((p) => (
              <Choice key={p.to} id={`${p.name} ${p.says}`} icon={p.icon} name={p.name} says={p.says} go={go(p.to)} />
            ))}
            <Choice id="theme dark light" icon={Contrast} name="Change between dark and light" go={() => (toggleTheme(), close())} />
          </Group>
          <Group name="Latest executions">
            {latest.data?.items.map((e) => (
              <Choice key={e.id} id={e.id} name={e.action?.ref ?? e.id} mark={<StatusMark status={e.status} compact />} says={<Ago at={e.start_timestamp} />} go={go('/executions/' + e.id)} />
            ))}
          </Group>
          <Group name="Actions">
            {actions.data?.items.map((a) => (
              <Choice key={a.ref} id={a.ref} icon={SquareTerminal} name={a.ref} says={a.description} go={go('/actions/' + a.ref)} />
            ))}
          </Group>
          <Group name="Rules">
            {rules.data?.items.map((r) => (
              <Choice key={r.ref} id={'rule ' + r.ref} icon={Split} name={r.ref} says={r.description} go={go('/rules/' + r.ref)} />
            ))}
          </Group>
        </Command.List>
      </Command>
    </Dialog>
  )
}

function Group({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Command.Group heading={name} className="[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted">
      {children}
    </Command.Group>
  )
}

function Choice({ id, icon: Icon, mark, name, says, go }: { id: string; icon?: LucideIcon; mark?: ReactNode; name: string; says?: ReactNode; go: () => void }) {
  return (
    <Command.Item value={id} onSelect={go} className="flex items-center gap-3 rounded-md px-3 py-2 text-sm data-[selected=true]:bg-accent/12">
      {Icon ? <Icon size={16} aria-hidden className="shrink-0 text-muted" /> : mark}
      <span className="shrink-0">{name}</span>
      <span className="ml-auto truncate text-xs text-muted">{says}</span>
    </Command.Item>
  )
}
