import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { App } from './shell/app'
import { buttonClass } from './ui/button'
import { Empty, Failure } from './ui/state'

const root = createRootRoute({
  component: App,
  notFoundComponent: () => (
    <Empty icon={Compass} title="There is no such page">
      <Link to="/" className={buttonClass()}>
        To the first page
      </Link>
    </Empty>
  ),
  errorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
})

const now = createRoute({ getParentRoute: () => root, path: '/', component: lazyRouteComponent(() => import('./now/page'), 'Now') })

type Search = Record<string, string | undefined>

/** What follows the ? of an address is plain words, so that people can read and write it. */
export const router = createRouter({
  routeTree: root.addChildren([now]),
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
