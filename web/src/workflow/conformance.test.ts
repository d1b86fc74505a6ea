import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addTask, freeName, removeTask, setField } from './edits'
import type { Json } from '@/api/types'
import { read, targets } from './workflow'

const repository = resolve(import.meta.dirname, '../../..')
const corpora = process.env.CONFORMANCE_DIR ?? join(repository, '../shared/conformance')

interface Case {
  kind: string
  test: string
  definition: { format: string; text: string }
  result?: { tasks: { name: string; action?: string; next?: { when?: string; publish?: Record<string, unknown>[]; do: string | string[] }[] }[] }
}

/** Opens a workflow, and edits it as somebody does who regrets it. */
function opens(text: string) {
  const { workflow, problem } = read(text)
  expect(problem).toBeUndefined()
  for (const task of workflow!.tasks) {
    expect(setField(text, task.name, 'join', task.join)).toBe(text)
  }
  if (workflow!.tasks.length > 0) {
    const name = freeName(text, 'added')
    const added = addTask(text, name, 'core.noop')
    expect(read(added).workflow!.tasks.map((t) => t.name)).toEqual([...workflow!.tasks.map((t) => t.name), name])
    expect(removeTask(added, name)).toBe(text)
  }
  return workflow!
}

// The corpora lie beside the repository, and not in it: elsewhere there are none.
describe.skipIf(!existsSync(corpora))('workflows of the reference', () => {
  const cases = existsSync(corpora)
    ? readFileSync(join(corpora, 'orquesta_spec.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Case)
        .filter((c) => c.kind === 'load' && c.definition?.format === 'yaml' && c.result)
    : []

  it('are there', () => expect(cases.length).toBeGreaterThan(200))

  it.each(cases.map((c, i) => [`${i} ${c.test}`, c] as const))('%s opens', (_, c) => {
    const workflow = opens(c.definition.text)
    const want = c.result!.tasks
    expect(workflow.tasks.map((t) => t.name).sort()).toEqual(want.map((t) => t.name).sort())
    for (const w of want) {
      const task = workflow.tasks.find((t) => t.name === w.name)!
      expect(task.action ?? null).toBe(w.action ?? null)
      // What leads nowhere leads on, which the reference says in so many words.
      const next = task.next.map((t) => ({ when: t.when ?? null, publish: t.publish.map(([name, v]) => ({ [name]: v })), do: t.do.length > 0 ? t.do : ['continue'] }))
      expect(next).toEqual((w.next ?? []).map((t) => ({ when: t.when ?? null, publish: t.publish ?? [], do: targets(t.do as Json) })))
    }
  })
})

describe('workflows of this repository', () => {
  const files = ['examples', 'internal'].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /workflows\/[^/]+\.yaml$/.test(name))
      .map((name) => join(folder, name)),
  )

  it('are there', () => expect(files.length).toBeGreaterThan(1))

  it.each(files)('%s opens', (file) => {
    opens(readFileSync(join(repository, file), 'utf8'))
  })
})
