import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { messageOf } from '@/api/client'
import { CodeField } from '@/edit/field'
import { useSettled } from '@/edit/settled'
import { cx } from '@/ui/cx'
import { written } from '@/ui/form/schema'
import { completionsOf } from './completion'
import type { Known } from '@/workflow/names'
import { answersQuery, type Past } from './rehearsal'

/** What expressions are evaluated with: the definition, and a run of the past if one was chosen. */
export interface Surroundings {
  known: Known
  definition: string
  past?: Past
}

/** A field for a text that may have expressions. It shows what comes out with the data of the past run. */
export function ExpressionField({ task, before, around, ...rest }: { label: string; value: string; onChange: (text: string) => void; task: string; before?: boolean; around: Surroundings; error?: string; replace?: boolean }) {
  const complete = useMemo(() => completionsOf(() => around.known, () => ({ task, before: before ?? false })), [around.known, task, before])
  return (
    <CodeField {...rest} complete={complete}>
      {(typed) => <Outcome text={typed} task={task} before={before ?? false} around={around} />}
    </CodeField>
  )
}

/** What an expression gives. */
function Outcome({ text, task, before, around }: { text: string; task: string; before: boolean; around: Surroundings }) {
  const expression = useSettled(text, 300)
  const has = /<%|\{\{/.test(expression)
  const query = useQuery({ ...answersQuery(around.definition, around.past ?? { inputs: {}, mocks: [] }, [{ task, before, expression }]), enabled: has && around.past !== undefined })
  if (!has || !around.past) return null
  const answer = query.data?.[0]
  const failed = query.isError ? messageOf(query.error) : answer?.error
  return (
    <p role="status" className={cx('font-mono text-xs break-words', failed ? 'text-warn' : 'text-good')}>
      {failed ? failed : answer ? '= ' + shortened(written(answer.value) || JSON.stringify(answer.value)) : '…'}
    </p>
  )
}

function shortened(text: string): string {
  return text.length > 300 ? text.slice(0, 300) + '…' : text
}
