import { expect, it } from 'vitest'
import { summary } from './words'

it.each([
  ['action.concurrency', { threshold: 3 }, 'at most 3 at a time, more wait'],
  ['action.concurrency', { threshold: 1, action: 'cancel' }, 'at most 1 at a time, more are canceled'],
  ['action.concurrency.attr', { threshold: 1, attributes: ['host', 'unit'] }, 'at most 1 at a time with the same host, unit, more wait'],
  ['action.retry', { retry_on: 'failure' }, 'tried again up to 2 times on failure'],
  ['action.retry', { retry_on: 'timeout', max_retry_count: 5, delay: 10 }, 'tried again up to 5 times on timeout, after 10 s'],
  ['another', {}, 'another'],
])('a policy %s of %j is said as %j', (policy_type, parameters, said) => expect(summary({ policy_type, parameters })).toBe(said))
