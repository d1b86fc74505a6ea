import { toast } from '@/ui/toast'
import type * as Open from './open'

type Editors = typeof Open

let loaded: Promise<Editors> | undefined

/** The code of editors. It waits until what is to be edited has been painted: a second frame begins when one has been. */
async function load(): Promise<Editors> {
  await new Promise(requestAnimationFrame)
  await new Promise(requestAnimationFrame)
  return import('./open')
}

/**
 * Opens an editor as soon as the code of editors is there, unless its place has gone until then. Returns what closes
 * it. What is in the place before is seen until the editor is: a shadow root hides it.
 */
export function openLate<E extends { close: () => void }>(open: (editors: Editors) => E): () => void {
  let editor: E | undefined
  let gone = false
  loaded ??= load()
  loaded.then(
    (editors) => {
      if (!gone) editor = open(editors)
    },
    (err: unknown) => {
      loaded = undefined // the next place may have it
      toast.failed(err)
    },
  )
  return () => {
    gone = true
    editor?.close()
  }
}
