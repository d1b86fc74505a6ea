import { House, type LucideIcon } from 'lucide-react'

export interface Place {
  to: string
  name: string
  icon: LucideIcon
  says: string // one sentence, for the command palette
}

/** Where one can go, in the order of who was paged. The navigation and the command palette show the same. */
export const places: { group: string; places: Place[] }[] = [
  {
    group: 'Operate',
    places: [{ to: '/', name: 'Now', icon: House, says: 'What is wrong, and whether it is being handled' }],
  },
]
