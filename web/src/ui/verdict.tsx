import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleSlash } from 'lucide-react'
import type { RuleWhy } from '@/api/types'
import { cx } from './cx'

/** Why a rule does or does not match an event, criterion by criterion. */
export function Verdict({ why }: { why: RuleWhy }) {
  return (
    <div className="flex flex-col gap-1 px-4 py-2.5">
      <div className="flex items-center gap-2">
        {why.matched ? <CircleCheck size={15} className="shrink-0 text-good" aria-label="matches" /> : <CircleSlash size={15} className="shrink-0 text-muted" aria-label="does not match" />}
        <Link to="/rules/$ref" params={{ ref: why.rule }} className="min-w-0 font-medium wrap-anywhere hover:underline">
          {why.rule}
        </Link>
      </div>
      {/* What decided is among the criteria, in colour. */}
      {!why.criteria.some((c) => c.decided) && <p className="pl-6 text-sm text-muted">{why.reason}</p>}
      {why.criteria.length > 0 && (
        <ul className="flex flex-col gap-0.5 pl-6 font-mono text-[12.5px]">
          {why.criteria.map((c) => (
            <li key={c.key + c.operator} className={cx('wrap-anywhere', c.decided ? 'text-bad' : c.met ? 'text-good' : 'text-muted')}>
              {c.text}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
