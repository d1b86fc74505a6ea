import { useDeferredValue, useEffect, useRef, useState } from 'react'
import { Failure, Loading } from '../state'
import { Lines } from './lines'
import { nothingFolded } from './rows'
import type { Answer, Question } from './worker'

/** A large value: a worker fetches and reads it, so that the page never stands still. */
export function LargeJson({ url, label }: { url: string; label: string }) {
  const [folds, setFolds] = useState(nothingFolded)
  const [search, setSearch] = useState('')
  const [answer, setAnswer] = useState<Answer>()
  const wanted = useDeferredValue(search.trim())
  const worker = useRef<Worker>(undefined)
  useEffect(() => {
    const mine = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    worker.current = mine
    mine.onmessage = (m: MessageEvent<Answer>) => setAnswer(m.data)
    mine.postMessage({ url: new URL(url, location.href).href })
    return () => mine.terminate()
  }, [url])
  useEffect(() => {
    worker.current?.postMessage({ folds, find: wanted } satisfies Question)
  }, [url, folds, wanted])
  if (!answer) return <Loading lines={6} />
  if ('error' in answer) return <Failure error={answer.error} />
  return <Lines label={label} rows={answer.rows} found={answer.found} search={search} onSearch={setSearch} folds={folds} onFold={setFolds} raw={url} />
}
