import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import type { Filters } from './api/executions'
import { App } from './shell/app'
import { buttonClass } from './ui/button'
import { Page } from './ui/page'
import { Empty, Failure } from './ui/state'

const root = createRootRoute({
  component: App,
  notFoundComponent: () => (
    <Page title="There is no such page">
      <Empty icon={Compass}>
        <Link to="/" className={buttonClass()}>
          To the first page
        </Link>
      </Empty>
    </Page>
  ),
  errorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
})

const now = createRoute({ getParentRoute: () => root, path: '/', component: lazyRouteComponent(() => import('./now/page'), 'Now') })

const history = createRoute({
  getParentRoute: () => root,
  path: '/history',
  component: lazyRouteComponent(() => import('./history/page'), 'History'),
  validateSearch: (s: Filters) => s,
})

const execution = createRoute({
  getParentRoute: () => root,
  path: '/executions/$id',
  component: lazyRouteComponent(() => import('./execution/page'), 'Execution'),
  validateSearch: (s: { view?: string; task?: string }) => s,
})

const inquiries = createRoute({ getParentRoute: () => root, path: '/inquiries', component: lazyRouteComponent(() => import('./inquiries/page'), 'Inquiries') })

const actions = createRoute({
  getParentRoute: () => root,
  path: '/actions',
  component: lazyRouteComponent(() => import('./actions/page'), 'Actions'),
  validateSearch: (s: { find?: string }) => s,
})

const action = createRoute({ getParentRoute: () => root, path: '/actions/$ref', component: lazyRouteComponent(() => import('./actions/action'), 'Action') })

const composeNew = createRoute({ getParentRoute: () => root, path: '/compose', component: lazyRouteComponent(() => import('./composer/page'), 'ComposeNew'), validateSearch: (s: { run?: string }) => s })

const compose = createRoute({ getParentRoute: () => root, path: '/compose/$ref', component: lazyRouteComponent(() => import('./composer/page'), 'Compose'), validateSearch: (s: { run?: string }) => s })

const rules = createRoute({
  getParentRoute: () => root,
  path: '/rules',
  component: lazyRouteComponent(() => import('./rules/page'), 'Rules'),
  validateSearch: (s: { find?: string }) => s,
})

const rule = createRoute({ getParentRoute: () => root, path: '/rules/$ref', component: lazyRouteComponent(() => import('./rules/rule'), 'Rule') })

const ruleNew = createRoute({
  getParentRoute: () => root,
  path: '/rules/new',
  component: lazyRouteComponent(() => import('./rules/edit'), 'RuleNew'),
  validateSearch: (s: { action?: string; event?: string; clone?: string }) => s,
})

const ruleEdit = createRoute({ getParentRoute: () => root, path: '/rules/$ref/edit', component: lazyRouteComponent(() => import('./rules/edit'), 'RuleEdit') })

const events = createRoute({
  getParentRoute: () => root,
  path: '/events',
  component: lazyRouteComponent(() => import('./events/page'), 'Events'),
  validateSearch: (s: { trigger?: string }) => s,
})

const event = createRoute({ getParentRoute: () => root, path: '/events/$id', component: lazyRouteComponent(() => import('./events/event'), 'Event') })

const packs = createRoute({
  getParentRoute: () => root,
  path: '/packs',
  component: lazyRouteComponent(() => import('./packs/page'), 'Packs'),
  validateSearch: (s: { find?: string }) => s,
})

const pack = createRoute({
  getParentRoute: () => root,
  path: '/packs/$ref',
  component: lazyRouteComponent(() => import('./packs/pack'), 'Pack'),
  validateSearch: (s: { view?: string }) => s,
})

const sensors = createRoute({ getParentRoute: () => root, path: '/sensors', component: lazyRouteComponent(() => import('./sensors/page'), 'Sensors') })

const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(() => import('./keys/page'), 'Keys'),
  validateSearch: (s: { scope?: string }) => s,
})

const settings = createRoute({ getParentRoute: () => root, path: '/settings', component: lazyRouteComponent(() => import('./settings/page'), 'Settings'), validateSearch: (s: { view?: string; user?: string; outcome?: string }) => s })

const policy = createRoute({ getParentRoute: () => root, path: '/policies/$ref', component: lazyRouteComponent(() => import('./settings/policies/page'), 'Policy') })

const policyNew = createRoute({
  getParentRoute: () => root,
  path: '/policies/new',
  component: lazyRouteComponent(() => import('./settings/policies/page'), 'PolicyNew'),
  validateSearch: (s: { action?: string }) => s,
})

const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => import('./people/page'), 'People'),
  validateSearch: (s: { view?: string; user?: string; permission?: string; resource?: string }) => s,
})

const start = createRoute({ getParentRoute: () => root, path: '/start', component: lazyRouteComponent(() => import('./start/page'), 'Start') })

type Search = Record<string, string | undefined>

/** What follows the ? of an address is plain words, so that people can read and write it. */
export const router = createRouter({
  routeTree: root.addChildren([now, history, execution, inquiries, actions, action, composeNew, compose, rules, rule, ruleNew, ruleEdit, events, event, packs, pack, sensors, keys, settings, policy, policyNew, start, people]),
  basepath: '/ui',
  defaultPreload: 'intent',
  scrollRestoration: true,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)) as Search,
  stringifySearch: (search) => {
    const given = Object.entries(search as Search).filter((e): e is [string, string] => e[1] !== undefined && e[1] !== '')
    return given.length > 0 ? '?' + new URLSearchParams(given).toString() : ''
  },
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
