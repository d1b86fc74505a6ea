import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { Contrast, Eye, Hash, KeyRound, Package, Split, SquareTerminal, type LucideIcon } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { actionsQuery } from '@/api/actions'
import { executionList } from '@/api/executions'
import { keysQuery } from '@/api/keys'
import { packsQuery } from '@/api/packs'
import { rulesQuery } from '@/api/rules'
import { sensorsQuery } from '@/api/sources'
import { Dialog } from '@/ui/dialog'
import { StatusMark } from '@/ui/status'
import { Ago } from '@/ui/time'
import { places } from './places'
import { toggleTheme } from './theme'

/** All that was typed must be there; what begins with it comes first. */
function fits(name: string, text: string): number {
  const [all, words] = [name.toLowerCase(), text.toLowerCase().split(/\s+/)]
  if (!words.every((w) => all.includes(w))) return 0
  return all.split(/[\s.]/).some((part) => part.startsWith(words[0]!)) ? 1 : 0.5
}

/** Finds everything that has a name. */
export default function Palette({ close }: { close: () => void }) {
  const navigate = useNavigate()
  const actions = useQuery(actionsQuery)
  const rules = useQuery(rulesQuery)
  const packs = useQuery(packsQuery)
  const sensors = useQuery({ ...sensorsQuery, refetchInterval: false })
  const keys = useQuery(keysQuery('system'))
  const latest = useQuery(executionList({}, 5))
  const [text, setText] = useState('')
  const id = /^[0-9a-f]{24}$/.test(text.trim()) ? text.trim() : undefined
  const go = (to: string) => () => {
    close()
    void navigate({ to })
  }
  return (
    <Dialog title="Find anything" open bare onClose={close} className="mt-[12dvh] mb-auto max-w-xl">
      <Command label="Find anything" filter={fits} className="flex min-h-0 flex-col">
        <Command.Input value={text} onValueChange={setText} data-autofocus placeholder="Where to, or what to do?" className="h-12 border-b bg-transparent px-4 text-base outline-none placeholder:text-muted" />
        {/* Not in the list, which may hold nothing but what can be chosen. */}
        <Command.Empty className="p-6 text-center text-muted">Nothing has such a name.</Command.Empty>
        <Command.List className="max-h-[50dvh] overflow-y-auto p-2">
          {id && (
            <Group name="By its id">
              <Choice id={'execution ' + id} icon={Hash} name="The execution" says={id} go={go('/executions/' + id)} />
              <Choice id={'event ' + id} icon={Hash} name="The event" says={id} go={go('/events/' + id)} />
            </Group>
          )}
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
          <Group name="Packs">
            {packs.data?.items.map((p) => (
              <Choice key={p.ref} id={'pack ' + p.ref} icon={Package} name={p.ref} says={p.description} go={go('/packs/' + p.ref)} />
            ))}
          </Group>
          <Group name="Sensors">
            {sensors.data?.map((s) => (
              <Choice key={s.ref} id={'sensor ' + s.ref} icon={Eye} name={s.ref} says={s.state} go={go('/sensors')} />
            ))}
          </Group>
          <Group name="Keys">
            {keys.data?.items.map((k) => (
              <Choice key={k.name} id={'key ' + k.name} icon={KeyRound} name={k.name} go={go('/keys')} />
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
      <span className="min-w-0 shrink-0 truncate max-w-[70%]">{name}</span>
      <span className="ml-auto truncate text-xs text-muted">{says}</span>
    </Command.Item>
  )
}
