import { useCallback } from 'react'
import { openLate } from './late'

/** What differs between two texts. */
export function Diff({ label, was, is }: { label: string; was: string; is: string }) {
  const mount = useCallback((host: HTMLElement | null) => (host ? openLate((editors) => editors.openDiff(host, was, is, label)) : undefined), [label, was, is])
  return <div ref={mount} data-testid="diff" className="max-h-72 overflow-auto rounded-md border" />
}
