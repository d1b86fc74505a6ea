import { useQueryClient } from '@tanstack/react-query'
import { WifiOff } from 'lucide-react'
import { useEffect, useSyncExternalStore } from 'react'
import { useLiveExecutions } from '@/api/live'
import { connection, follow, onHealed } from '@/api/stream'

/** Follows the server, and says so when it cannot be reached. What may have been missed is asked for again. */
export function ConnectionBanner() {
  const client = useQueryClient()
  useEffect(follow, [])
  useLiveExecutions()
  useEffect(() => onHealed(() => void client.invalidateQueries()), [client])
  const state = useSyncExternalStore(connection.subscribe, connection.get)
  return (
    <div role="status">
      {state === 'lost' && (
        <p className="flex items-center justify-center gap-2 bg-warn/10 px-4 py-1.5 text-sm font-medium text-warn">
          <WifiOff size={15} aria-hidden /> The server cannot be reached. What you see may be old; this page connects again by itself.
        </p>
      )}
    </div>
  )
}
