import { executionList } from '@/api/executions'
import { unfinished } from '@/ui/status'

export const bad = 'failed,timeout,abandoned'

/** What is under way. */
export const liveQuery = executionList({ status: unfinished }, 50)

/** What has failed in the last day. */
export const failedQuery = executionList({ status: bad, last: '24h' }, 100)
