import type { Policy } from '@/api/types'
import { written } from '@/ui/form/schema'

/** What a policy says, in a few words. */
export function summary({ policy_type, parameters: p }: Pick<Policy, 'policy_type' | 'parameters'>): string {
  const over = p.action === 'cancel' ? 'more are canceled' : 'more wait'
  switch (policy_type) {
    case 'action.concurrency':
      return `at most ${written(p.threshold)} at a time, ${over}`
    case 'action.concurrency.attr': {
      const same = Array.isArray(p.attributes) ? p.attributes.map(written).join(', ') : written(p.attributes)
      return `at most ${written(p.threshold)} at a time with the same ${same}, ${over}`
    }
    case 'action.retry': {
      const delay = Number(p.delay ?? 0)
      return `tried again up to ${written(p.max_retry_count ?? 2)} times on ${written(p.retry_on)}${delay > 0 ? `, after ${delay} s` : ''}`
    }
    default:
      return policy_type
  }
}
