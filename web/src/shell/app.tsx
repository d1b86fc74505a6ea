import { useQuery } from '@tanstack/react-query'
import { Outlet } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useSession } from '@/api/session'
import { userQuery } from '@/api/user'
import { Dialog } from '@/ui/dialog'
import { Failure, Loading } from '@/ui/state'
import { Toasts } from '@/ui/toast'
import { ConnectionBanner } from './banner'
import { LoginForm, LoginPage } from './login'
import { Sidebar, Tabbar } from './nav'

const palette = () => import('./palette')
const Palette = lazy(palette)

/** The frame of all views, for whom the server knows. */
export function App() {
  const user = useQuery(userQuery)
  const session = useSession()
  const [finding, setFinding] = useState(false)
  useEffect(() => {
    const listen = (e: KeyboardEvent) => {
      if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
        e.preventDefault()
        setFinding((f) => !f)
      }
    }
    addEventListener('keydown', listen)
    const early = setTimeout(() => void palette().catch(() => undefined), 1500) // so that it is there before the first letter is typed
    return () => {
      clearTimeout(early)
      removeEventListener('keydown', listen)
    }
  }, [])
  if (!user.data) {
    if (session === 'out') return <LoginPage />
    return user.isError ? <Failure error={user.error} retry={() => void user.refetch()} /> : <Loading className="p-10" />
  }
  return (
    <div className="flex min-h-dvh">
      <a href="#content" className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2">
        Skip to the content
      </a>
      <Sidebar user={user.data.username} search={() => setFinding(true)} />
      <div className="flex min-w-0 grow flex-col max-md:pb-16">
        <ConnectionBanner />
        <main id="content" tabIndex={-1} className="flex min-w-0 grow flex-col outline-none">
          <Outlet />
        </main>
      </div>
      <Tabbar search={() => setFinding(true)} />
      <Toasts />
      {finding && (
        <Suspense>
          <Palette close={() => setFinding(false)} />
        </Suspense>
      )}
      {/* Over whatever was being done, so that nothing that was typed is lost. */}
      <Dialog title="Your session has ended" open={session === 'out'} className="max-w-sm">
        <p className="px-6 pt-4 text-sm text-muted">Log in again to go on where you were.</p>
        <LoginForm user={user.data.username} />
      </Dialog>
    </div>
  )
}
