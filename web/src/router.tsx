import type { FetchInfiniteQueryOptions, QueryClient, QueryKey } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { actionQuery, actionsQuery, parametersQuery, sourceQuery } from './api/actions'
import { eventsQuery, eventWhyQuery, triggersQuery, triggerTypesQuery } from './api/events'
import { executionPages, executionQuery, type Filters } from './api/executions'
import { ownPacksQuery } from './api/files'
import { inquiriesQuery } from './api/inquiries'
import { keysQuery } from './api/keys'
import { indexQuery, packQuery, packsQuery } from './api/packs'
import { policyQuery, policyTypesQuery } from './api/policies'
import { problemsQuery } from './api/problems'
import { pulseQuery } from './api/pulse'
import { enforcementsQuery, ruleQuery, rulesQuery } from './api/rules'
import { figuresQuery, readyQuery, versionQuery, workersQuery } from './api/settings'
import { probesQuery, sensorsQuery, timersQuery } from './api/sources'
import { userQuery } from './api/user'
import { failedQuery, liveQuery } from './now/queries'
import { App } from './shell/app'
import { buttonClass } from './ui/button'
import { Page } from './ui/page'
import { Empty, Failure } from './ui/state'

type Search = Record<string, string | undefined>

interface Context {
  client: QueryClient
}

interface Ref {
  ref: string
}

/**
 * Asks for what a view begins with while its code is still on its way. What goes wrong is said by the view, which
 * asks for the same. Whoever only points at a link gets the code: a list would ask about each of its lines.
 */
function begin<P>(queries: (params: P, search: Search) => { queryKey: QueryKey }[]) {
  return ({ context: { client }, params, location, preload }: { context: Context; params: P; location: { search: object }; preload: boolean }) => {
    if (preload) return
    for (const q of queries(params, location.search as Search)) {
      if ('initialPageParam' in q) void client.prefetchInfiniteQuery(q as FetchInfiniteQueryOptions)
      else void client.prefetchQuery(q)
    }
  }
}

const root = createRootRouteWithContext<Context>()({
  component: App,
  // Until it is known who is there, the page is as index.html has it.
  loader: ({ context }) => context.client.prefetchQuery(userQuery),
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

const now = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./now/page'), 'Now'),
  loader: begin(() => [liveQuery, failedQuery, inquiriesQuery, problemsQuery, pulseQuery, rulesQuery, packsQuery]),
})

const history = createRoute({
  getParentRoute: () => root,
  path: '/history',
  component: lazyRouteComponent(() => import('./history/page'), 'History'),
  validateSearch: (s: Filters) => s,
  loader: begin((_, search) => [executionPages(search)]),
})

const execution = createRoute({
  getParentRoute: () => root,
  path: '/executions/$id',
  component: lazyRouteComponent(() => import('./execution/page'), 'Execution'),
  validateSearch: (s: { view?: string; task?: string }) => s,
  loader: begin(({ id }: { id: string }) => [executionQuery(id)]),
})

const inquiries = createRoute({
  getParentRoute: () => root,
  path: '/inquiries',
  component: lazyRouteComponent(() => import('./inquiries/page'), 'Inquiries'),
  loader: begin(() => [inquiriesQuery]),
})

const actions = createRoute({
  getParentRoute: () => root,
  path: '/actions',
  component: lazyRouteComponent(() => import('./actions/page'), 'Actions'),
  validateSearch: (s: { find?: string }) => s,
  loader: begin(() => [actionsQuery]),
})

const action = createRoute({
  getParentRoute: () => root,
  path: '/actions/$ref',
  component: lazyRouteComponent(() => import('./actions/action'), 'Action'),
  loader: begin(({ ref }: Ref) => [actionQuery(ref), parametersQuery(ref)]),
})

const composeNew = createRoute({
  getParentRoute: () => root,
  path: '/compose',
  component: lazyRouteComponent(() => import('./composer/page'), 'ComposeNew'),
  validateSearch: (s: { run?: string }) => s,
  loader: begin(() => [actionsQuery]),
})

const compose = createRoute({
  getParentRoute: () => root,
  path: '/compose/$ref',
  component: lazyRouteComponent(() => import('./composer/page'), 'Compose'),
  validateSearch: (s: { run?: string }) => s,
  loader: begin(({ ref }: Ref) => [actionQuery(ref), { ...sourceQuery(ref), staleTime: Infinity }, actionsQuery]),
})

const rules = createRoute({
  getParentRoute: () => root,
  path: '/rules',
  component: lazyRouteComponent(() => import('./rules/page'), 'Rules'),
  validateSearch: (s: { find?: string }) => s,
  loader: begin(() => [rulesQuery]),
})

const rule = createRoute({
  getParentRoute: () => root,
  path: '/rules/$ref',
  component: lazyRouteComponent(() => import('./rules/rule'), 'Rule'),
  loader: begin(({ ref }: Ref) => [ruleQuery(ref), enforcementsQuery({ rule_ref: ref })]),
})

const ruleNew = createRoute({
  getParentRoute: () => root,
  path: '/rules/new',
  component: lazyRouteComponent(() => import('./rules/edit'), 'RuleNew'),
  validateSearch: (s: { action?: string; event?: string; clone?: string }) => s,
  loader: begin(() => [triggerTypesQuery, actionsQuery]),
})

const ruleEdit = createRoute({
  getParentRoute: () => root,
  path: '/rules/$ref/edit',
  component: lazyRouteComponent(() => import('./rules/edit'), 'RuleEdit'),
  loader: begin(({ ref }: Ref) => [{ ...ruleQuery(ref), staleTime: Infinity }, ownPacksQuery, triggerTypesQuery, actionsQuery]),
})

const events = createRoute({
  getParentRoute: () => root,
  path: '/events',
  component: lazyRouteComponent(() => import('./events/page'), 'Events'),
  validateSearch: (s: { trigger?: string }) => s,
  loader: begin((_, search) => [eventsQuery(search.trigger, 100), triggerTypesQuery, triggersQuery]),
})

const event = createRoute({
  getParentRoute: () => root,
  path: '/events/$id',
  component: lazyRouteComponent(() => import('./events/event'), 'Event'),
  loader: begin(({ id }: { id: string }) => [eventWhyQuery(id), triggersQuery]),
})

const packs = createRoute({
  getParentRoute: () => root,
  path: '/packs',
  component: lazyRouteComponent(() => import('./packs/page'), 'Packs'),
  validateSearch: (s: { find?: string }) => s,
  loader: begin(() => [packsQuery, indexQuery]),
})

const pack = createRoute({
  getParentRoute: () => root,
  path: '/packs/$ref',
  component: lazyRouteComponent(() => import('./packs/pack'), 'Pack'),
  validateSearch: (s: { view?: string }) => s,
  loader: begin(({ ref }: Ref) => [packQuery(ref), indexQuery]),
})

const sensors = createRoute({
  getParentRoute: () => root,
  path: '/sensors',
  component: lazyRouteComponent(() => import('./sensors/page'), 'Sensors'),
  loader: begin(() => [sensorsQuery, probesQuery, timersQuery, rulesQuery]),
})

const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(() => import('./keys/page'), 'Keys'),
  validateSearch: (s: { scope?: string }) => s,
  loader: begin((_, search) => [keysQuery(search.scope ?? 'system')]),
})

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings/page'), 'Settings'),
  validateSearch: (s: { view?: string; user?: string; outcome?: string }) => s,
  loader: begin((_, search) => (search.view ? [] : [versionQuery, readyQuery, workersQuery, figuresQuery])),
})

const policy = createRoute({
  getParentRoute: () => root,
  path: '/policies/$ref',
  component: lazyRouteComponent(() => import('./settings/policies/page'), 'Policy'),
  loader: begin(({ ref }: Ref) => [policyQuery(ref), policyTypesQuery]),
})

const policyNew = createRoute({
  getParentRoute: () => root,
  path: '/policies/new',
  component: lazyRouteComponent(() => import('./settings/policies/page'), 'PolicyNew'),
  validateSearch: (s: { action?: string }) => s,
  loader: begin(() => [policyTypesQuery]),
})

const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => import('./people/page'), 'People'),
  validateSearch: (s: { view?: string; user?: string; permission?: string; resource?: string }) => s,
})

const start = createRoute({ getParentRoute: () => root, path: '/start', component: lazyRouteComponent(() => import('./start/page'), 'Start') })

/** What follows the ? of an address is plain words, so that people can read and write it. */
export const makeRouter = (client: QueryClient) => createRouter({
  context: { client },
  routeTree: root.addChildren([now, history, execution, inquiries, actions, action, composeNew, compose, rules, rule, ruleNew, ruleEdit, events, event, packs, pack, sensors, keys, settings, policy, policyNew, start, people]),
  basepath: '/ui',
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)) as Search,
  stringifySearch: (search) => {
    const given = Object.entries(search as Search).filter((e): e is [string, string] => e[1] !== undefined && e[1] !== '')
    return given.length > 0 ? '?' + new URLSearchParams(given).toString() : ''
  },
})

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
