import { useSyncExternalStore } from 'react'
import { value } from './store'

type State = 'unknown' | 'in' | 'out'

const state = value<State>('unknown')

/**
 * Whether somebody is logged in. The token itself is in a cookie that scripts
 * cannot read; all that is known here is whether the server accepted it last.
 */
export const session = {
  expire: () => state.set('out'),
  begin: () => state.set('in'),
  get: state.get,
  subscribe: state.subscribe,
}

export function useSession(): State {
  return useSyncExternalStore(state.subscribe, state.get)
}
