import { stringify } from 'yaml'
import type { Change } from '@/api/files'
import type { JsonObject } from '@/api/types'

/** What somebody says of the first thing that is to be repaired. */
export interface Problem {
  title: string
  source: 'timer' | 'webhook' | 'alertmanager'
  alert: string // how the alert is called, if Alertmanager tells of it
  check: string // a command that ends well if all is well
  repair: string
}

/** A name for files and references, from what people write. */
export function slug(title: string): string {
  return title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 60)
}

/** What is still missing, or nothing. */
export function missing(p: Problem): Partial<Record<keyof Problem, string>> {
  const out: Partial<Record<keyof Problem, string>> = {}
  if (!slug(p.title)) out.title = 'Give it a name with letters or digits.'
  if (p.source === 'alertmanager' && !p.alert.trim()) out.alert = 'Say how the alert is called.'
  if (!p.check.trim()) out.check = 'Without a check nobody knows whether it is repaired.'
  if (!p.repair.trim()) out.repair = 'Say what repairs it.'
  return out
}

/** The files that make a remediation of it: look, repair, look again. */
export function filesOf(p: Problem, pack: string): Change[] {
  const name = slug(p.title)
  const command = (what: string, description: string, cmd: string): Change => ({
    path: `actions/${name}_${what}.yaml`,
    content: yaml({ name: `${name}_${what}`, description, runner_type: 'local-shell-cmd', enabled: true, parameters: { cmd: { immutable: true, default: literal(cmd.trim()) } } }),
  })
  return [
    command('check', `Checks whether all is well: ${p.title}`, p.check),
    command('repair', `Repairs: ${p.title}`, p.repair),
    { path: `actions/${name}.yaml`, content: yaml({ name, description: p.title, runner_type: 'orquesta', entry_point: `workflows/${name}.yaml`, enabled: true }) },
    {
      path: `actions/workflows/${name}.yaml`,
      content: yaml({
        version: '1.0',
        description: p.title,
        tasks: {
          look: { action: `${pack}.${name}_check`, next: [{ when: '<% failed() %>', do: 'repair' }] },
          repair: { action: `${pack}.${name}_repair`, next: [{ when: '<% succeeded() %>', do: 'look_again' }] },
          // What was started anew takes a moment until it answers.
          look_again: { action: `${pack}.${name}_check`, retry: { count: 5, delay: 2, when: '<% failed() %>' } },
        },
      }),
    },
    {
      path: `policies/${name}.yaml`,
      content: yaml({
        name,
        description: 'One repair at a time.',
        enabled: true,
        resource_ref: `${pack}.${name}`,
        policy_type: 'action.concurrency',
        // A timer comes again by itself. What an event tells of may have broken after the check, so that one waits.
        parameters: { threshold: 1, action: p.source === 'timer' ? 'cancel' : 'delay' },
      }),
    },
    { path: `rules/${name}.yaml`, content: yaml({ name, pack, description: p.title, enabled: true, ...listensTo(p), action: { ref: `${pack}.${name}`, parameters: {} } }) },
  ]
}

function listensTo(p: Problem): JsonObject {
  if (p.source === 'timer') return { trigger: { type: 'core.st2.IntervalTimer', parameters: { unit: 'minutes', delta: 1 } }, criteria: {} }
  if (p.source === 'webhook') return { trigger: { type: 'core.st2.webhook', parameters: { url: slug(p.title) } }, criteria: {} }
  return {
    trigger: { type: 'alerts.alertmanager', parameters: {} },
    criteria: { 'trigger.status': { type: 'equals', pattern: 'firing' }, 'trigger.name': { type: 'equals', pattern: p.alert.trim() } },
  }
}

/** What Alertmanager would send. Each is a new episode, so that it can be tried again; who begins one ends it. */
export function testAlert(p: Problem, from: Date, fingerprint: string, until?: Date): JsonObject {
  const status = until ? 'resolved' : 'firing'
  const labels = { alertname: p.alert.trim(), instance: 'test' }
  return {
    version: '4',
    status,
    receiver: 'nightshift',
    groupKey: fingerprint,
    groupLabels: { alertname: labels.alertname },
    commonLabels: labels,
    commonAnnotations: {},
    externalURL: '',
    alerts: [{ status, labels, annotations: { summary: `A test: ${p.title}` }, startsAt: from.toISOString(), endsAt: until?.toISOString() ?? '0001-01-01T00:00:00Z', generatorURL: '', fingerprint }],
  }
}

/** A text that stays what it is when it is rendered: commands have braces of their own. */
function literal(text: string): string {
  return text.replace(/\{[{%#]/g, (opening) => `{{ '${opening}' }}`)
}

function yaml(v: object): string {
  return '---\n' + stringify(v, { lineWidth: 0 })
}
