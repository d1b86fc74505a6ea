import { useEffect, useEffectEvent } from 'react'

/** Saves by Ctrl-S, wherever on the page the focus is. */
export function useSaveKey(save: () => void) {
  const pressed = useEffectEvent((e: KeyboardEvent) => {
    if (!(e.ctrlKey || e.metaKey) || e.key !== 's') return
    e.preventDefault()
    save()
  })
  useEffect(() => {
    const listen = (e: KeyboardEvent) => pressed(e)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}
