import { expect, test } from 'vitest'
import { runCommand } from './cli'

test.each([
  [{}, 'nightshift run core.local'],
  [{ cmd: 'date' }, 'nightshift run core.local cmd=date'],
  [{ cmd: "echo it's" }, `nightshift run core.local 'cmd=echo it'\\''s'`],
  [{ hosts: ['a', 'b'], n: 3 }, `nightshift run core.local 'hosts=["a","b"]' n=3`],
])('%j', (parameters, command) => {
  expect(runCommand('core.local', parameters)).toBe(command)
})
