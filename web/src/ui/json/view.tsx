import { useDeferredValue, useMemo, useState } from 'react'
import type { Json } from '@/api/types'
import { find, nothingFolded, rowsOf } from './rows'
import { Lines } from './lines'

/** JSON as a tree that can be folded, searched and copied. */
export function JsonView({ value, label, className }: { value: Json; label: string; className?: string }) {
  const [folds, setFolds] = useState(nothingFolded)
  const [search, setSearch] = useState('')
  const wanted = useDeferredValue(search.trim())
  const { rows, found } = useMemo(() => {
    const found = wanted ? find(value, wanted, 500, folds) : { paths: [], folds }
    return { rows: rowsOf(value, found.folds), found: found.paths }
  }, [value, folds, wanted])
  return <Lines label={label} className={className} rows={rows} found={found} search={search} onSearch={setSearch} folds={folds} onFold={setFolds} copy={() => JSON.stringify(value, null, 2)} />
}
