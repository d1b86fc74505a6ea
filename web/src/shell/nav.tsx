import { Link } from '@tanstack/react-router'
import { LogOut, Menu, Moon, Search, Sun } from 'lucide-react'
import { useState } from 'react'
import { logOut } from '@/api/user'
import { IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Dialog } from '@/ui/dialog'
import { Mark } from './mark'
import { places, type Place } from './places'
import { toggleTheme, useTheme } from './theme'

const active = { className: 'bg-accent/12 text-text font-medium [&_svg]:text-accent' }

function PlaceLink({ place, rail, onClick }: { place: Place; rail?: boolean; onClick?: () => void }) {
  return (
    <Link
      to={place.to}
      onClick={onClick}
      activeOptions={{ exact: place.to === '/' }}
      activeProps={active}
      title={rail ? place.name : undefined}
      className="flex h-9 items-center gap-3 rounded-md px-2.5 text-muted transition-colors hover:bg-sunken hover:text-text"
    >
      <place.icon size={17} className="shrink-0" aria-hidden />
      <span className={cx('truncate', rail && 'max-lg:sr-only')}>{place.name}</span>
    </Link>
  )
}

function ThemeButton() {
  const theme = useTheme()
  return (
    <IconButton label={theme === 'dark' ? 'Light theme' : 'Dark theme'} onClick={toggleTheme}>
      {theme === 'dark' ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
    </IconButton>
  )
}

/** At the side of wide pages: words and pictures, or pictures only where it is narrower. */
export function Sidebar({ user, search }: { user: string; search: () => void }) {
  return (
    <nav aria-label="Main" className="sticky top-0 hidden h-dvh w-56 shrink-0 flex-col gap-1 overflow-y-auto border-r bg-panel p-3 max-lg:w-[60px] md:flex">
      <Link to="/" className="mb-2 flex items-center gap-2.5 px-1 py-1 font-semibold tracking-tight">
        <Mark size={26} />
        <span className="max-lg:sr-only">Nightshift</span>
      </Link>
      <button
        type="button"
        onClick={search}
        className="mb-2 flex h-8 items-center gap-2.5 rounded-md border bg-sunken px-2.5 text-sm text-muted hover:text-text"
      >
        <Search size={14} className="shrink-0" aria-hidden />
        <span className="grow text-left max-lg:sr-only">Find anything</span>
        <kbd className="font-sans text-xs max-lg:hidden">Ctrl K</kbd>
      </button>
      {places.map(({ group, places }) => (
        <div key={group} className="flex flex-col gap-0.5">
          <h2 className="px-2.5 pt-3 pb-1 text-xs font-medium text-muted max-lg:sr-only">{group}</h2>
          {places.map((p) => (
            <PlaceLink key={p.to} place={p} rail />
          ))}
        </div>
      ))}
      <div className="mt-auto flex items-center gap-1 border-t pt-3 max-lg:flex-col">
        <span className="grow truncate px-2 text-sm text-muted max-lg:sr-only" title={user}>
          {user}
        </span>
        <ThemeButton />
        <IconButton label="Log out" onClick={() => void logOut()}>
          <LogOut size={16} aria-hidden />
        </IconButton>
      </div>
    </nav>
  )
}

/** At the foot of a telephone: the first few, and a door to the rest. */
export function Tabbar({ search }: { search: () => void }) {
  const [open, setOpen] = useState(false)
  const first = places[0]!.places.slice(0, 3)
  const item = 'flex min-w-0 grow basis-0 flex-col items-center gap-0.5 py-2 text-xs text-muted'
  return (
    <>
      <nav aria-label="Main" className="fixed inset-x-0 bottom-0 z-40 flex border-t bg-panel pb-[env(safe-area-inset-bottom)] md:hidden">
        {first.map((p) => (
          <Link key={p.to} to={p.to} activeOptions={{ exact: p.to === '/' }} activeProps={{ className: 'text-accent' }} className={item}>
            <p.icon size={20} aria-hidden />
            {p.name}
          </Link>
        ))}
        <button type="button" className={item} onClick={search}>
          <Search size={20} aria-hidden />
          Find
        </button>
        <button type="button" className={item} onClick={() => setOpen(true)} aria-haspopup="dialog">
          <Menu size={20} aria-hidden />
          More
        </button>
      </nav>
      <Dialog title="Go to" open={open} onClose={() => setOpen(false)} className="mb-4 max-w-[calc(100vw-2rem)]">
        <div className="grid grid-cols-2 gap-1 overflow-y-auto p-3">
          {places.flatMap((g) => g.places).map((p) => (
            <PlaceLink key={p.to} place={p} onClick={() => setOpen(false)} />
          ))}
        </div>
        <div className="flex justify-end gap-1 border-t p-2">
          <ThemeButton />
          <IconButton label="Log out" onClick={() => void logOut()}>
            <LogOut size={16} aria-hidden />
          </IconButton>
        </div>
      </Dialog>
    </>
  )
}
