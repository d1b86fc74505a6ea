import type { Handling, Problem } from '@/api/problems'
import { isBad, isFinal } from '@/ui/status'

/** How a problem stands: whether somebody has to do something about it. */
export type Standing = 'alone' | 'failed' | 'asks' | 'working' | 'repaired'

/** The latest that was started counts: what was tried before it did not end the problem. */
export function standing(p: Problem): Standing {
  const states = p.handling.flatMap((h) => (h.status ? [h.status] : []))
  if (states.some((s) => s === 'pending' || s === 'paused')) return 'asks'
  if (states.some((s) => !isFinal(s))) return 'working'
  const [last] = p.handling
  if (!last) return 'alone'
  return last.status === 'succeeded' ? 'repaired' : last.status && !isBad(last.status) ? 'alone' : 'failed'
}

/** Whether nothing is going to happen unless somebody does something. */
export function needsPerson(s: Standing): boolean {
  return s === 'alone' || s === 'failed' || s === 'asks'
}

/** What of the handling is shown beside a problem: what runs, or what ran last. */
export function shownHandling(p: Problem): Handling | undefined {
  return p.handling.find((h) => h.status && !isFinal(h.status)) ?? p.handling[0]
}

export interface Facts {
  problems: Standing[]
  asked: number
  failed: number
  running: number
}

export interface Answer {
  tone: 'good' | 'busy' | 'warn' | 'bad'
  words: string
  more: string
}

const count = (n: number, one: string, many: string) => `${n === 1 ? one : `${n} ${many}`}`

/** Is anything wrong, and is it being handled? In a sentence, the worst first. */
export function verdict({ problems, asked, failed, running }: Facts): Answer {
  const is = (s: Standing) => problems.filter((p) => p === s).length
  const open = problems.filter((p) => p === 'alone' || p === 'failed').length
  const working = is('working')
  const repaired = is('repaired')
  const more = [
    working > 0 && count(working, 'One problem is being handled', 'problems are being handled'),
    repaired > 0 && count(repaired, 'one was acted on and waits for the all-clear', 'were acted on and wait for the all-clear'),
    running > 0 && count(running, 'one execution is under way', 'executions are under way'),
  ].filter((w) => w !== false)
  const said = more.length > 0 ? more.join(', ').replace(/^./, (c) => c.toUpperCase()) + '.' : ''
  if (open > 0) return { tone: 'bad', words: `${count(open, 'One problem needs', 'problems need')} a person.`, more: [asked > 0 && waits(asked), said].filter(Boolean).join(' ') }
  if (asked > 0 || is('asks') > 0) return { tone: 'warn', words: waits(Math.max(asked, is('asks'))), more: said }
  if (failed > 0) return { tone: 'bad', words: `${count(failed, 'One execution has', 'executions have')} failed in the last 24 hours.`, more: said }
  if (working > 0) return { tone: 'busy', words: 'What is wrong is being handled. Nobody is needed.', more: said }
  if (repaired > 0) return { tone: 'busy', words: 'What was wrong has been acted on. Nobody is needed.', more: said }
  return { tone: 'good', words: running === 0 ? 'All is quiet. Nothing is wrong, and nothing runs.' : 'Nothing is wrong.', more: said }
}

function waits(n: number): string {
  return n === 1 ? 'A question waits for an answer.' : `${n} questions wait for an answer.`
}
