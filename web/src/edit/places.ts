import { useCallback } from 'react'
import { useRemembered } from '@/ui/remember'
import type { Positions } from '@/graph/arrange'

/** Where somebody has moved the cards of something to. The browser remembers it. */
export function usePlaces(key: string) {
  const [places, setPlaces] = useRemembered<Positions>(key, {})
  const move = useCallback((now: Positions) => setPlaces((before) => ({ ...before, ...now })), [setPlaces])
  const forget = useCallback(() => setPlaces({}), [setPlaces])
  return { places, move, forget }
}
