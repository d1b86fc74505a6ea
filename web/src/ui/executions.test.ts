import { expect, test } from 'vitest'
import type { Execution, Json } from '@/api/types'
import { mistakeOf } from './executions'

const vague = 'Execution failed. See result for details.'

test.each<[string, Json, string | undefined]>([
  ['of a task: its last words', { errors: [{ task_id: 'mend', message: vague, result: { stderr: ' no such unit\n', return_code: 5 } }] }, 'Task mend: no such unit'],
  ['of a silent task: how it ended', { errors: [{ task_id: 'mend', message: vague, result: { stderr: '', return_code: 5 } }] }, 'Task mend: It ended with exit code 5.'],
  ['of an expression: what is wrong with it', { errors: [{ message: 'unknown function' }] }, 'unknown function'],
  ['of a command', { stderr: 'gone', return_code: 1 }, 'gone'],
  ['of a silent command', { stderr: '', return_code: 1 }, 'It ended with exit code 1.'],
  ['of what was stopped', { return_code: 0 }, undefined],
  ['of nothing', null, undefined],
])('says why, %s', (_, result, want) => expect(mistakeOf({ status: 'failed', result } as Execution)).toBe(want))

test('says nothing of what went well', () => expect(mistakeOf({ status: 'succeeded', result: { stderr: 'a warning' } } as unknown as Execution)).toBeUndefined())
