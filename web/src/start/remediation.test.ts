import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { read } from '@/workflow/workflow'
import { filesOf, missing, slug, type Problem } from './remediation'

const problem: Problem = { title: 'Web server: down!', source: 'webhook', alert: '', check: "curl -fsS 'http://127.0.0.1/' | grep -q \"ok\"", repair: 'systemctl restart web\n# and "more": yes' }

describe('a first remediation', () => {
  it('has a workflow that looks, repairs and looks again', () => {
    const files = new Map(filesOf(problem, 'local').map((f) => [f.path, f.content]))
    const { workflow, problem: mistake } = read(files.get('actions/workflows/web_server_down.yaml')!)
    expect(mistake).toBeUndefined()
    expect(workflow!.tasks.map((t) => [t.name, t.action, t.next.flatMap((n) => n.do)])).toEqual([
      ['look', 'local.web_server_down_check', ['repair']],
      ['repair', 'local.web_server_down_repair', ['look_again']],
      ['look_again', 'local.web_server_down_check', []],
    ])
  })

  it('runs the commands as they were written, whatever is in them, and no others', () => {
    const files = filesOf(problem, 'local')
    for (const [what, cmd] of [['check', problem.check], ['repair', problem.repair]] as const) {
      const action = parse(files.find((f) => f.path === `actions/web_server_down_${what}.yaml`)!.content) as { parameters: unknown }
      expect(action.parameters).toEqual({ cmd: { immutable: true, default: cmd } })
    }
  })

  it('looks by itself each minute', () => {
    const files = new Map(filesOf({ ...problem, source: 'timer' }, 'local').map((f) => [f.path, parse(f.content) as Record<string, unknown>]))
    expect(files.get('rules/web_server_down.yaml')).toMatchObject({ trigger: { type: 'core.st2.IntervalTimer', parameters: { unit: 'minutes', delta: 1 } }, action: { ref: 'local.web_server_down' } })
    // What the server lets be written: see saving in the composer.
    expect([...files.keys()].filter((path) => !/^(actions|rules|policies)\//.test(path))).toEqual([])
  })

  it.each([
    ['timer', 'cancel'],
    ['webhook', 'delay'],
    ['alertmanager', 'delay'],
  ] as const)('repairs one at a time when told by %s: others %s', (source, action) => {
    const files = new Map(filesOf({ ...problem, source }, 'local').map((f) => [f.path, parse(f.content) as unknown]))
    expect(files.get('policies/web_server_down.yaml')).toMatchObject({ resource_ref: 'local.web_server_down', policy_type: 'action.concurrency', parameters: { threshold: 1, action } })
  })

  it('keeps braces of commands from being templates', () => {
    const [check] = filesOf({ ...problem, check: "docker inspect -f '{{.State.Running}}' web" }, 'local')
    expect((parse(check!.content) as { parameters: { cmd: { default: string } } }).parameters.cmd.default).toBe("docker inspect -f '{{ '{{' }}.State.Running}}' web")
  })

  it.each<[Problem['source'], unknown, unknown]>([
    ['webhook', { type: 'core.st2.webhook', parameters: { url: 'web_server_down' } }, {}],
    ['alertmanager', { type: 'alerts.alertmanager', parameters: {} }, { 'trigger.status': { type: 'equals', pattern: 'firing' }, 'trigger.name': { type: 'equals', pattern: 'WebDown' } }],
  ])('has a rule that listens to %s', (source, trigger, criteria) => {
    const rule = parse(filesOf({ ...problem, source, alert: ' WebDown ' }, 'local').at(-1)!.content) as Record<string, unknown>
    expect(rule).toMatchObject({ name: 'web_server_down', trigger, criteria, action: { ref: 'local.web_server_down' } })
  })

  it('says what is missing', () => {
    expect(missing(problem)).toEqual({})
    expect(Object.keys(missing({ title: '!!', source: 'alertmanager', alert: ' ', check: '', repair: ' ' }))).toEqual(['title', 'alert', 'check', 'repair'])
  })
})

it.each([
  ['Web server: down!', 'web_server_down'],
  ['  Écran éteint  ', 'ecran_eteint'],
  ['!!', ''],
])('%s is called %s', (title, want) => expect(slug(title)).toBe(want))
