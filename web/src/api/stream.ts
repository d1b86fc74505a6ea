import { useEffect, useEffectEvent } from 'react'
import { session } from './session'
import { value } from './store'
import type { Execution } from './types'

/** How the connection to the server is. It begins as live, so that nothing is said before something is known. */
export type Connection = 'live' | 'lost'

export const connection = value<Connection>('live')

type Listener = (e: Execution) => void

const listeners = new Set<Listener>()
const healed = new Set<() => void>()
let source: EventSource | undefined
let retry: ReturnType<typeof setTimeout> | undefined

const events = ['st2.execution__create', 'st2.execution__update']

/**
 * Follows what happens to executions, with one stream for the whole page. The
 * browser connects again by itself when a connection breaks; when the server
 * refuses, it would not, so that is done here.
 */
export function follow(): () => void {
  open()
  return () => {
    clearTimeout(retry)
    source?.close()
    source = undefined
  }
}

function open() {
  source?.close()
  const mine = new EventSource('/stream/v1/stream?events=' + events.join(','))
  source = mine
  mine.onopen = () => {
    if (connection.get() === 'live') return
    connection.set('live')
    healed.forEach((tell) => tell()) // who knows what was missed
  }
  mine.onerror = () => {
    if (session.get() !== 'in') return
    connection.set('lost')
    if (mine.readyState === EventSource.CLOSED) retry = setTimeout(open, 2000)
  }
  const hear = (m: MessageEvent<string>) => {
    const e = JSON.parse(m.data) as Execution
    listeners.forEach((tell) => tell(e))
  }
  events.forEach((name) => mine.addEventListener(name, hear))
}

/** Calls tell whenever an execution is new or has changed. */
export function useExecutionNews(tell: Listener): void {
  const told = useEffectEvent(tell)
  useEffect(() => {
    const listener: Listener = (e) => told(e)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }, [])
}

/** Calls tell when the connection was lost and is back. */
export function onHealed(tell: () => void): () => void {
  healed.add(tell)
  return () => {
    healed.delete(tell)
  }
}
