import { useCallback, useState } from 'react'
import type { Positions } from './arrange'

/** Where somebody has moved the cards of something to. The browser remembers it. */
export function usePlaces(key: string) {
  const [places, setPlaces] = useState<Positions>(() => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? '{}') as Positions
    } catch {
      return {} // storage may be forbidden, or hold something else
    }
  })
  const keep = useCallback(
    (next: Positions) => {
      try {
        localStorage.setItem(key, JSON.stringify(next))
      } catch {
        // Then it is for this page only.
      }
      return next
    },
    [key],
  )
  const move = useCallback((now: Positions) => setPlaces((before) => keep({ ...before, ...now })), [keep])
  const forget = useCallback(() => setPlaces(keep({})), [keep])
  return { places, move, forget }
}
