import { Tabs as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

export interface Tab {
  id: string
  name: string
  content: ReactNode
}

/** Views of one thing. Which of them is open belongs into the address. */
export function Tabs({ tabs, open, onOpen, label }: { tabs: Tab[]; open: string; onOpen: (id: string) => void; label: string }) {
  return (
    <Radix.Root value={tabs.some((t) => t.id === open) ? open : tabs[0]?.id} onValueChange={onOpen} className="flex min-w-0 flex-col overflow-hidden rounded-xl border bg-panel">
      <Radix.List aria-label={label} className="flex gap-1 overflow-x-auto border-b px-2">
        {tabs.map((t) => (
          <Radix.Trigger
            key={t.id}
            value={t.id}
            className="h-10 border-b-2 border-transparent px-3 text-sm whitespace-nowrap text-muted hover:text-text data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-text"
          >
            {t.name}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((t) => (
        <Radix.Content key={t.id} value={t.id} className="min-w-0 -outline-offset-2">
          {t.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  )
}
