import { CircleHelp, Compass, Eye, History, House, KeyRound, Package, Radio, Settings, Split, SquareTerminal, Users, Workflow, type LucideIcon } from 'lucide-react'

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
    places: [
      { to: '/', name: 'Now', icon: House, says: 'What is wrong, and whether it is being handled' },
      { to: '/history', name: 'History', icon: History, says: 'All executions' },
      { to: '/inquiries', name: 'Inquiries', icon: CircleHelp, says: 'Questions that wait for an answer' },
      { to: '/events', name: 'Events', icon: Radio, says: 'What has happened, and what the rules made of it' },
    ],
  },
  {
    group: 'Build',
    places: [
      { to: '/rules', name: 'Rules', icon: Split, says: 'Which events start what' },
      { to: '/actions', name: 'Actions', icon: SquareTerminal, says: 'What can be run' },
      { to: '/compose', name: 'Composer', icon: Workflow, says: 'Make a new workflow' },
      { to: '/start', name: 'First steps', icon: Compass, says: 'A remediation from two commands of your own' },
      { to: '/packs', name: 'Packs', icon: Package, says: 'What is installed, and what could be' },
    ],
  },
  {
    group: 'Look after',
    places: [
      { to: '/sensors', name: 'Sensors', icon: Eye, says: 'Sensors, probes and timers, and how they fare' },
      { to: '/keys', name: 'Keys', icon: KeyRound, says: 'The datastore' },
      { to: '/people', name: 'People', icon: Users, says: 'Users, roles, and why somebody may do something' },
      { to: '/settings', name: 'Settings', icon: Settings, says: 'The server, API keys, policies, audit' },
    ],
  },
]
