import { queryOptions } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import type { Mistake } from '@/edit/open'

/** A mistake in a definition, as the server finds it. */
export interface Finding extends Mistake {
  type: string
  expression?: string
  spec_path?: string
}

/** All mistakes of a definition. */
export function inspectionQuery(text: string) {
  return queryOptions({
    queryKey: ['inspection', text],
    queryFn: async ({ signal }) => {
      const found = await ask<(Omit<Finding, 'line' | 'column'> & { line?: number; column?: number })[]>(
        api.POST('/api/v1/workflows/inspect', { body: text as never, bodySerializer: (b: unknown) => b as string, headers: { 'Content-Type': 'text/plain' }, signal }),
      )
      return found.map((f): Finding => ({ ...f, line: f.line ?? 1, column: f.column ?? 1 }))
    },
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: (before) => before,
  })
}

/** Whether a definition can be played all the same: what actions take is not looked at then. */
export const playable = (mistakes: Finding[]): boolean => mistakes.every((f) => f.type === 'content')

/** The task that a mistake is in, by the path that the server says or by its line. */
export function taskAt(f: Finding, tasks: { name: string; line: number; lastLine: number }[]): string | undefined {
  const named = /^tasks\.(\w+)/.exec(f.spec_path ?? '')?.[1]
  return tasks.find((t) => t.name === named)?.name ?? tasks.find((t) => f.line >= t.line && f.line <= t.lastLine)?.name
}
