import { useSyncExternalStore } from 'react'
import { value } from '@/api/store'
import { remember } from '@/ui/remember'

type Theme = 'dark' | 'light'

// public/theme.js has set it before anything was painted.
const theme = value<Theme>(document.documentElement.dataset.theme === 'light' ? 'light' : 'dark')

export function toggleTheme(): void {
  const next = theme.get() === 'dark' ? 'light' : 'dark'
  document.documentElement.dataset.theme = next
  theme.set(next)
  remember('theme', next)
}

export function useTheme(): Theme {
  return useSyncExternalStore(theme.subscribe, theme.get)
}
