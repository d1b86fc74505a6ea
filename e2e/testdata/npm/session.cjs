// Leads st2client through a session with a server, and prints what each step has
// answered as a line of JSON. What must come of it is said in npm_test.go.
'use strict'

const st2client = require('st2client')

const { ST2_BASE_URL: base, ST2_USER: user, ST2_PASSWORD: password, PACK: pack } = process.env

const client = () => st2client({ api: `${base}/api`, auth: `${base}/auth`, stream: `${base}/stream` })
const say = (step, value) => console.log(JSON.stringify({ step, value }))
const refused = (promise) =>
  promise.then(
    () => 'not refused',
    (err) => `${err.name} ${err.status}: ${err.message}`
  )
const ended = (e) => ['succeeded', 'failed', 'timeout', 'canceled', 'abandoned'].includes(e.status)

// updates collects the ends of executions that the stream tells of, and returns a
// function that waits for that of one. It is listening when it returns.
async function updates(c) {
  const source = await c.stream.listen()
  const ends = new Map()
  const waiting = new Map()
  source.addEventListener('st2.execution__update', (event) => {
    const e = JSON.parse(event.data)
    if (!ended(e)) return
    ends.set(e.id, e)
    waiting.get(e.id)?.(e)
  })
  await new Promise((resolve) => source.addEventListener('open', resolve))
  return {
    of: (id) => ends.get(id) ?? new Promise((resolve) => waiting.set(id, resolve)),
    close: () => source.close()
  }
}

async function session() {
  const c = client()
  say('wrong password', await refused(client().authenticate(user, 'wrong')))
  say('nobody', await refused(client().actions.list()))
  const token = await c.authenticate(user, password)
  say('login', { user: token.user, good: new Date(token.expiry) > new Date() })

  say('actions', (await c.actions.list({ pack: 'chat' })).map((a) => a.ref))
  say('action', (await c.actions.get('chat.greet')).parameters.who)
  say('overview', Object.keys((await c.actionOverview.get('chat.greet')).parameters))
  say('entry point', await c.actionEntryPoint.get('chat.mend'))
  say('no action', await refused(c.actions.get('chat.nothing')))

  const stream = await updates(c)
  const run = await c.executions.create({ action: 'chat.greet', parameters: { who: 'ann' } })
  say('run', (await stream.of(run.id)).result.stdout)
  const again = await c.executions.repeat(run.id, { parameters: { who: 'zoe' } })
  say('repeat', (await stream.of(again.id)).result.stdout)
  say('get', (await c.executions.get(again.id)).status)
  say('watch', (await c.executions.watch(again.id, ended)).status)
  say('attribute', (await c.executions.attribute(again.id, 'result')).stdout)
  const page = await c.executions.list({ action: 'chat.greet', limit: 1 })
  say('page', { ids: page.length, newest: page[0].id === again.id, total: c.executions.total, limit: c.executions.limit })
  const long = await c.executions.create({ action: 'core.local', parameters: { cmd: 'sleep 60' } })
  await c.executions.delete(long.id)
  say('cancel', (await stream.of(long.id)).status)
  say('wrong parameters', await refused(c.executions.create({ action: 'chat.greet', parameters: {} })))
  say('filters', Object.keys(await c.executionsFilters.list()).includes('action'))

  const rule = await c.rules.create({
    name: 'made', pack: 'default', enabled: true,
    trigger: { type: 'core.st2.webhook', parameters: { url: 'made' } },
    action: { ref: 'core.noop' }
  })
  rule.enabled = false
  say('edit a rule', (await c.rules.edit(rule)).enabled)
  say('rules', (await c.rules.list({ pack: 'default' })).map((r) => r.ref))
  say('rule overview', (await c.ruleOverview.get(rule.ref)).action.ref)
  await c.rules.delete(rule.id)
  say('deleted rule', await refused(c.rules.get(rule.ref)))

  const key = await c.apikeys.create({ user, metadata: { for: 'a bot' } })
  const byKey = client().setKey({ key: key.key })
  say('by key', (await byKey.actions.list({ pack: 'chat' })).length)
  say('keys', (await c.apikeys.list()).map((k) => k.metadata.for))
  await c.apikeys.edit(key.id, { ...(await c.apikeys.get(key.id)), enabled: false })
  say('disabled key', await refused(byKey.actions.list()))
  await c.apikeys.delete(key.id)

  say('aliases', (await c.actionAlias.list({ limit: -1, pack: 'chat' })).map((a) => a.formats))
  const said = await c.aliasExecution.create({
    name: 'greet', format: 'greet {{who}}', command: 'greet bob', user: 'bob', source_channel: 'room'
  })
  say('alias', { message: said.message, result: (await stream.of(said.execution.id)).result.stdout })

  say('triggers', (await c.triggerTypes.list({ pack: 'core' })).map((t) => t.ref).includes('core.st2.webhook'))
  say('packs', (await c.packs.list()).map((p) => p.ref).includes('chat'))
  say('files', (await c.packFiles.get('chat')).map((f) => f.file_path).includes('actions/greet.yaml'))
  say('file', await (await fetch(c.packFile.route('chat/pack.yaml'))).text())
  const install = await c.packInstall.schedule({ packs: [pack] })
  say('install', (await stream.of(install.execution_id)).status)
  say('schema', (await c.configSchemas.get('small')).attributes)
  say('configure', (await c.configs.edit('small', { greeting: 'hi' })).values)
  say('config', (await c.configs.get('small')).values)
  const uninstall = await c.packUninstall.schedule({ packs: ['small'] })
  say('uninstall', (await stream.of(uninstall.execution_id)).status)
  stream.close()
  c.close()
}

session().catch((err) => {
  console.error(err)
  process.exit(1)
})
