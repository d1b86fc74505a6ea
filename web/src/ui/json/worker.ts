import type { Json } from '@/api/types'
import { find, rowsOf, type Folds, type Row } from './rows'

// Keeps a large value away from the page: it is fetched, read, searched and cut into lines here.

export interface Question {
  folds: Folds
  find: string
}

export type Answer = { rows: Row[]; found: string[] } | { error: string }

let value: Promise<Json> | undefined

async function read(url: string): Promise<Json> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`The server answered with status ${answer.status}.`)
  return (await answer.json()) as Json
}

onmessage = async (m: MessageEvent<{ url: string } | Question>) => {
  if ('url' in m.data) {
    value = read(m.data.url)
    value.catch(() => undefined) // whoever asks next is told
    return
  }
  const { folds, find: text } = m.data
  try {
    const v = (await value)!
    const found = text ? find(v, text, 500, folds) : { paths: [], folds }
    postMessage({ rows: rowsOf(v, found.folds), found: found.paths } satisfies Answer)
  } catch (err) {
    postMessage({ error: err instanceof Error ? err.message : String(err) } satisfies Answer)
  }
}
