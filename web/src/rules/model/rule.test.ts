import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Json, Rule } from '@/api/types'
import * as edits from './edits'
import { picture } from './graph'
import { bodyOf, read } from './rule'

const text = `# Makes room before anybody is woken.
name: clean_up
pack: ops   # ours
enabled: true
trigger:
  type: core.st2.webhook
  parameters: {url: disk}

criteria:
  # only real ones
  trigger.body.status:
    type: equals
    pattern: firing
  "trigger.headers['X-Key']": {type: exists, pattern: ''}
action:
  ref: ops.clean_up
  parameters:
    host: "{{ trigger.body.host }}"   # where
    keep: 7
`
const rule = (text: string) => read(text).rule!

describe('the text of a rule', () => {
  it('is read', () =>
    expect(rule(text)).toEqual({
      name: 'clean_up',
      pack: 'ops',
      description: '',
      enabled: true,
      kind: 'standard',
      trigger: { type: 'core.st2.webhook', parameters: { url: 'disk' } },
      criteria: [
        { key: 'trigger.body.status', type: 'equals', pattern: 'firing' },
        { key: "trigger.headers['X-Key']", type: 'exists', pattern: '' },
      ],
      action: { ref: 'ops.clean_up', parameters: { host: '{{ trigger.body.host }}', keep: 7 } },
      more: {},
    }))
  it('says where its mistake is', () => expect(read('name: x\ntrigger: [').problem?.line).toBe(2))
  it('is kept byte for byte where an edit is not about it', () => {
    const edited = edits.setParameter(edits.setCriterion(text, 'trigger.body.status', { key: 'trigger.body.state', type: 'equals', pattern: 'firing' }), 'keep', 9)
    expect(edited).toBe(text.replace('trigger.body.status:', 'trigger.body.state:').replace('keep: 7', 'keep: 9'))
  })
  it('is made of an empty one as people write it', () => {
    let made = edits.blank('greet')
    made = edits.setTrigger(made, 'core.st2.webhook')
    made = edits.setAction(made, 'core.echo')
    made = edits.setTriggerParameters(made, { url: 'greet' })
    made = edits.addCriterion(made, { key: 'trigger.body.host', type: 'startswith', pattern: 'db' })
    made = edits.setParameter(made, 'message', 'hello {{ trigger.body.host }}')
    expect(made).toBe(`name: greet
enabled: true
trigger:
  type: core.st2.webhook
  parameters:
    url: greet
criteria:
  trigger.body.host:
    type: startswith
    pattern: db
action:
  ref: core.echo
  parameters:
    message: hello {{ trigger.body.host }}
`)
  })
  it('is made out of an event', () => {
    const alert = { status: 'firing', name: 'DiskFull', labels: { name: 'x' } }
    expect(rule(edits.setEvent(edits.blank('a'), 'alerts.alertmanager', {}, alert))).toMatchObject({
      trigger: { type: 'alerts.alertmanager', parameters: {} },
      criteria: [
        { key: 'trigger.status', type: 'equals', pattern: 'firing' },
        { key: 'trigger.name', type: 'equals', pattern: 'DiskFull' },
      ],
    })
    for (const payload of [null, 'firing', ['firing'], { name: 'x' }, { name: 'x', status: 200 }] as Json[]) {
      expect(rule(edits.setEvent(edits.blank('a'), 'core.st2.webhook', { url: 'x' }, payload))).toMatchObject({ trigger: { type: 'core.st2.webhook', parameters: { url: 'x' } }, criteria: [] })
    }
  })
  it('forgets what was said of another event and another action', () => {
    expect(rule(edits.setTrigger(text, 'core.st2.CronTimer')).trigger).toEqual({ type: 'core.st2.CronTimer', parameters: {} })
    expect(rule(edits.setAction(text, 'core.noop')).action).toEqual({ ref: 'core.noop', parameters: {} })
    expect(edits.setAction(text, 'ops.clean_up')).toBe(text)
  })
  it('refuses two criteria of one key', () => {
    expect(() => edits.addCriterion(text, { key: 'trigger.body.status', type: 'equals', pattern: 1 })).toThrow('already')
    expect(edits.freeKey(text, 'trigger.body.status')).toBe('trigger.body.status#2')
  })
  it('stands for the rule that it was written of', () => {
    const kept = { ...bodyOf(rule(text), 'ops'), tags: [], context: { user: 'admin' }, ref: 'ops.clean_up' } as unknown as Rule
    expect(rule(edits.textOf(kept))).toEqual({ ...rule(text), pack: undefined })
  })
})

describe('the picture of a rule', () => {
  const asked = new Map([['trigger.body.status', { met: false, decided: true }]])
  const inner = { nodes: [{ id: 'a', kind: 'task', name: 'a', lines: [], size: { width: 1, height: 1 } }, { id: 'b', kind: 'task', name: 'b', lines: [], size: { width: 1, height: 1 } }], edges: [{ id: 'a b', from: 'a', to: 'b', kind: 'failure' as const, label: '' }] }
  const { cards, ways } = picture(rule(text), ['core.noop'], inner, asked, false)
  it('has the event in front, and the workflow behind it', () => expect(cards.map((c) => c.id)).toEqual(['event', 'gate', 'action', 'loose core.noop', 'task a', 'task b']))
  it('leads from one to the next, and into the first tasks', () =>
    expect(ways.map((w) => [w.from, w.to, w.kind])).toEqual([['event', 'gate', 'always'], ['gate', 'action', 'success'], ['action', 'task a', 'always'], ['task a', 'task b', 'failure']]))
  it('says what is asked, and what an event made of it', () =>
    expect(cards[1]!.data).toEqual({ lines: [{ text: 'body.status is firing', asked: { met: false, decided: true } }, { text: "headers['X-Key'] is there", asked: undefined }], more: 0 }))
  it('is there for a rule that has nothing yet', () => {
    const empty = picture(rule(edits.blank('x')), [], undefined, new Map(), false)
    expect(empty.cards.map((c) => c.label)).toEqual(['Event: none yet', 'Criteria: every such event', 'Action: none yet'])
    expect(empty.ways.every((w) => w.loose)).toBe(true)
  })
})

describe('rules of this repository', () => {
  const repository = resolve(import.meta.dirname, '../../../..')
  const files = ['examples', 'internal', 'web/e2e'].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /(^|\/)rules\/[^/]+\.yaml$/.test(name))
      .map((name) => join(folder, name)),
  )
  it('are there', () => expect(files.length).toBeGreaterThan(3))
  it.each(files)('%s opens, and is as it was after what somebody regrets', (file) => {
    const text = readFileSync(join(repository, file), 'utf8')
    const r = rule(text)
    expect(r.trigger.type).not.toBe('')
    expect(edits.removeCriterion(edits.addCriterion(text, { key: 'trigger.regretted', type: 'equals', pattern: 1 }), 'trigger.regretted')).toBe(text)
    expect(edits.setField(text, 'enabled', r.enabled)).toBe(text)
  })
})
