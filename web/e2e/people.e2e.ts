import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectAccessible, logIn, soon } from './browser'
import { button, context, go, heading, page, reopen, server, set, statusIs } from './stage'

// What people do, in a real browser with a real server.

set()

/** The colour of an edge of a graph that was taken. */
const colourOf = (edge: string) => page.locator(`.react-flow__edge.taken[aria-label^="${edge}"] .react-flow__edge-path`).evaluate((path) => (path as SVGPathElement).style.stroke)

test('somebody logs in, after a slip', async () => {
  await logIn(page, server, 'wrong')
  await page.getByRole('alert').getByText('That is not a user and their password.').waitFor()
  await page.getByLabel('Password').fill(server.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByText('All is quiet. Nothing is wrong, and nothing runs.').waitFor()
})

test('somebody runs an action and watches what it prints while it runs', async () => {
  const flag = join(server.folder, 'held')
  await go('/actions')
  await page.getByLabel('Search actions').fill('shop hold')
  await page.getByRole('link', { name: /^hold/ }).click()
  await button('Run').click()
  await page.getByText('This must be given.').waitFor() // before anything was sent
  await page.getByLabel('flag').fill(flag)
  await button('Run').click()
  const output = page.getByRole('region', { name: 'Output' })
  await output.getByText('begun').waitFor()
  await statusIs('running') // it does not end before the flag is there, so this was a stream
  expect(await output.getByText('ended').count()).toBe(0)
  writeFileSync(flag, '')
  await output.getByText('ended').waitFor()
  await statusIs('succeeded')

  // What was run by hand is the first task of a workflow.
  await page.getByRole('link', { name: 'Make a workflow of it' }).click()
  await page.locator('.react-flow__node[data-id="hold"]').waitFor()
  await page.getByTestId('yaml').getByText(flag).waitFor()
  await page.getByText('not saved').waitFor()
})

test('an event becomes a reason, an execution and a graph that turns green', async () => {
  await go('/rules/shop.down')
  const flag = join(server.folder, 'green')
  writeFileSync(flag, '')
  await server.ask('POST', '/api/v1/webhooks/down', { severity: 'low', flag })
  await server.ask('POST', '/api/v1/webhooks/down', { severity: 'critical', flag })

  await page.getByRole('button', { name: 'Ask again' }).click()
  await page.getByText('It would have fired on 1 of 2.').waitFor()
  await page.getByRole('button', { name: /severity.*low/ }).click()
  await page.getByRole('link', { name: 'The event', exact: true }).click()
  await page.getByText('No rule matched when it was taken in.').waitFor()

  await page.goto('/ui/rules/shop.down')
  await page.getByRole('link', { name: 'execution', exact: true }).first().click()
  await page.getByLabel('Task tell, succeeded').waitFor()
  await statusIs('succeeded')
  await expect.poll(() => page.locator('.react-flow__edge.taken').count(), soon).toBe(2)
  expect(await colourOf('look leads to mend')).toBe('var(--good)')
  await page.getByLabel('Task look, succeeded').click()
  await page.getByRole('complementary', { name: 'Task look' }).getByText('"looking 1').first().waitFor()
  expect(page.url()).toContain('task=look')
})

test('a failure shows its way, and runs again from the task that failed', async () => {
  const flag = join(server.folder, 'later')
  const { id } = await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'shop.rescue', parameters: { flag } })
  await go('/executions/' + id)
  await statusIs('failed')
  await page.getByText('no such unit').first().waitFor()
  await page.getByLabel('Task mend, failed').waitFor()
  await expect.poll(() => page.locator('.react-flow__edge.taken').count(), soon).toBe(3)
  expect(await colourOf('mend leads to page')).toBe('var(--bad)')
  await page.getByRole('link', { name: 'Compose', exact: true }).click()
  await expect.poll(() => page.getByLabel('Data of a past run').inputValue(), soon).toBe(id)
  await page.goBack()

  writeFileSync(flag, '')
  await page.getByRole('button', { name: 'Run again …' }).click()
  expect(await page.getByLabel('From the tasks that failed').isChecked()).toBe(true)
  await page.getByRole('button', { name: 'Run again', exact: true }).click()
  await statusIs('succeeded')
  await page.getByLabel('Task tell, succeeded').waitFor()
  expect(page.url()).not.toContain(id)
})

/** Tells of an alert as Alertmanager does. */
async function alarm(alertname: string, status: 'firing' | 'resolved', startsAt: Date) {
  const one = { status, labels: { alertname, severity: 'critical', instance: 'web1' }, annotations: { summary: `${alertname} on web1` }, startsAt, endsAt: status === 'firing' ? '0001-01-01T00:00:00Z' : new Date(), generatorURL: '', fingerprint: alertname }
  await server.ask('POST', '/api/v1/alerts/alertmanager', { version: '4', status, receiver: 'x', groupKey: alertname, groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: '', alerts: [one] })
}

test('somebody sees what is broken and what is done about it, and closes what is no problem', async () => {
  const flag = join(server.folder, 'mended')
  const rule = { name: 'broken', pack: 'default', trigger: { type: 'alerts.alertmanager' }, criteria: { 'trigger.name': { type: 'equals', pattern: 'DiskFull' }, 'trigger.status': { type: 'equals', pattern: 'firing' } }, action: { ref: 'shop.hold', parameters: { flag } }, enabled: true }
  await server.ask('POST', '/api/v1/rules', rule)
  const begun = new Date()
  await alarm('DiskFull', 'firing', begun)
  await alarm('TestAlert', 'firing', begun)
  await go('/')
  const broken = page.locator('section', { has: page.getByRole('heading', { name: 'What is broken' }) })
  const problem = (name: string) => broken.getByRole('listitem').filter({ hasText: name })
  await problem('TestAlert').getByText('nothing repairs it').waitFor()
  await problem('DiskFull').getByText('being handled').waitFor()
  await page.getByText('One problem needs a person.').waitFor()
  await expectAccessible(page, 'now, with problems')

  // A rule for what nothing repairs begins with what was said of it, and is asked about the past at once.
  await page.getByRole('link', { name: 'Make a rule for TestAlert' }).click()
  await page.getByRole('heading', { name: 'New rule' }).waitFor()
  await page.getByText('name is TestAlert').waitFor()
  await page.getByText('It would have fired on 1 of 2.').waitFor()
  await page.goBack()

  // What is no problem is closed with a reason, which can be taken back.
  await button('Close TestAlert …').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Why nothing has to be done').fill('I have pulled the plug')
  await expectAccessible(page, 'closing a problem')
  await dialog.getByRole('button', { name: 'Close it' }).click()
  await page.getByText('One problem needs a person.').waitFor({ state: 'hidden' })
  await button('Undo').click()
  await problem('TestAlert').getByText('nothing repairs it').waitFor()
  await button('Close TestAlert …').click()
  await dialog.getByLabel('Why nothing has to be done').fill('I have pulled the plug')
  await page.keyboard.press('Enter')
  await broken.getByText('One problem is closed by hand').click()
  await broken.getByText('I have pulled the plug – admin').waitFor()
  await expectAccessible(page, 'a closed problem')

  // It happens again, and is there again.
  await alarm('TestAlert', 'firing', new Date())
  await page.reload()
  await problem('TestAlert').getByText('nothing repairs it').waitFor()
  expect(await broken.getByText('closed by hand').count()).toBe(0)

  // What a rule has repaired is over when its sender says so.
  writeFileSync(flag, '')
  await problem('DiskFull').getByText('acted on, no all-clear yet').waitFor({ timeout: 25_000 })
  await alarm('DiskFull', 'resolved', begun)
  await alarm('TestAlert', 'resolved', begun)
  await page.reload()
  await page.getByText('alert ended after a rule had acted on it').waitFor()
  expect(await broken.count()).toBe(0)
}, 90_000)

test('somebody answers a question on a telephone', async () => {
  const { id } = await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'shop.decide' })
  await page.setViewportSize({ width: 360, height: 740 })
  await go('/inquiries')
  await page.getByText('Fail over now?').waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await expectAccessible(page, 'inquiries at 360')
  await page.getByRole('button', { name: 'Yes' }).click()
  await page.getByText('Nobody is asked anything').waitFor()
  await expect.poll(async () => (await server.ask<{ status: string }>('GET', '/api/v1/executions/' + id)).status, soon).toBe('succeeded')
})

test('new executions appear in the history by themselves, and filters are in the address', async () => {
  await go('/history?action=core.noop')
  await heading('History').waitFor()
  await server.ask('POST', '/api/v1/executions', { action: 'core.noop' })
  await page.getByRole('region', { name: 'Executions' }).getByText('core.noop').first().waitFor()
  await page.getByRole('button', { name: 'Failed' }).click()
  await page.getByText('No execution is like that').waitFor()
  expect(decodeURIComponent(page.url())).toContain('status=failed,timeout,abandoned')
  await page.goBack()
})

test('each filter that there is can be chosen, is in the address, and is asked for', async () => {
  await server.ask('POST', '/api/v1/executions', { action: 'core.noop' })
  await go('/history')
  await page.getByLabel('Add a filter').waitFor()
  const names = await page.getByLabel('Add a filter').locator('option').evaluateAll((all) => all.map((o) => (o as HTMLOptionElement).value).filter(Boolean))
  expect(names.length).toBeGreaterThan(8) // that they are all is held by a test of units
  const values: Record<string, string> = { timestamp: '2026-01-01T00:00:00Z..2026-01-02T00:00:00Z', filter: 'action.ref:core.none' }
  for (const name of names) {
    const value = values[name] ?? '000000000000000000000000'
    await page.getByLabel('Add a filter').selectOption(name)
    const asked = page.waitForRequest((r) => r.url().includes('/api/v1/executions?') && new URL(r.url()).searchParams.get(name) === value)
    await page.getByRole('combobox', { name: name.replaceAll('_', ' '), exact: true }).fill(value)
    await page.keyboard.press('Enter')
    await asked
    await expect.poll(() => new URL(page.url()).searchParams.get(name), soon).toBe(value)
    await page.getByText('No execution is like that').waitFor()
    // What is in the address is what somebody sees to whom it is sent.
    const sent = page.waitForRequest((r) => r.url().includes('/api/v1/executions?') && new URL(r.url()).searchParams.get(name) === value)
    await page.reload()
    await sent
    await button(`Any ${name.replaceAll('_', ' ')}`).click()
    await page.getByText('No execution is like that').waitFor({ state: 'hidden' })
  }
}, 150_000)

test('a session that ends loses nothing of what was typed', async () => {
  await go('/actions/shop.talk')
  await page.getByLabel('word').fill('kept')
  await context.clearCookies()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.getByLabel('Password').fill(server.password)
  await dialog.getByRole('button', { name: 'Log in' }).click()
  await dialog.waitFor({ state: 'hidden' })
  expect(await page.getByLabel('word').inputValue()).toBe('kept')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByRole('region', { name: 'Output' }).getByText('kept 1').waitFor()
})

test('anything is found from the keyboard', async () => {
  await go('/')
  await heading('Now').waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').and(page.locator(':focus')).waitFor()
  await page.keyboard.type('shop.rescue')
  await page.getByRole('option', { name: /shop\.rescue/ }).first().waitFor()
  await page.keyboard.press('Enter')
  await heading('shop.rescue').waitFor()
})

test('somebody installs packs, lets one go on, and finds it again', async () => {
  const dialog = page.getByRole('dialog', { name: 'Install a pack' })
  const install = async (source: string) => {
    await button('Install').first().click()
    await dialog.getByRole('textbox', { name: 'Pack' }).fill(source)
    await dialog.getByRole('button', { name: 'Install' }).click()
  }
  const folder = join(server.folder, 'bakery')
  mkdirSync(folder)
  writeFileSync(join(folder, 'pack.yaml'), 'ref: bakery\nname: bakery\ndescription: Bread.\nversion: 1.0.0\nauthor: x\nemail: x@example.org\n')
  await go('/packs')
  await install(folder)
  await dialog.getByText('bakery 1.0.0 is installed.').waitFor()
  await expectAccessible(page, 'an installed pack')
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('link', { name: /^bakery/ }).waitFor()

  // One that takes long: what it is fetched from does not answer yet.
  let answer = () => {}
  const slow = createServer((_, response) => (answer = () => response.writeHead(404).end()))
  await new Promise<void>((there) => slow.listen(0, '127.0.0.1', there))
  const source = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/slow.tar.gz`
  await install(source)
  await dialog.getByText(`fetching ${source}`).waitFor()
  await dialog.getByRole('button', { name: 'Let it go on' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.goto('/ui/history')
  await page.goto('/ui/packs')
  await page.getByText(`Installing ${source}`).waitFor()
  await expectAccessible(page, 'packs, one under way')
  await button('Show').click()
  await dialog.getByText(`fetching ${source}`).waitFor()
  await page.keyboard.press('Escape')
  answer()
  await page.getByRole('alert').getByText(/404/).waitFor()
  await page.getByText(`Installing ${source}`).waitFor({ state: 'hidden' })
  slow.close()
}, 60_000)

test('a secret is set, and shown to nobody', async () => {
  await go('/keys')
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByLabel('Name').fill('db/password')
  await page.getByLabel('It is a secret').check()
  await page.getByLabel('Value').fill('hunter2')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('db/password').waitFor()
  expect(await page.content()).not.toContain('hunter2')
})

test('a page survives that the server is killed, and keeps what was typed', async () => {
  await go('/actions/shop.talk')
  await page.getByLabel('word').fill('typed before')
  const lost = page.getByText('The server cannot be reached. What you see may be old')
  await server.stop('SIGKILL')
  await lost.waitFor()
  await button('Run').click() // which can't be
  await page.getByRole('alert').getByText('The server cannot be reached.').waitFor()
  await server.start()
  await lost.waitFor({ state: 'hidden' })
  expect(await page.getByLabel('word').inputValue()).toBe('typed before')
  await button('Run').click()
  await page.getByRole('region', { name: 'Output' }).getByText('typed before 1').waitFor()

  // A list that was open all the time hears of what is new, as before.
  await page.goto('/ui/history')
  await heading('History').waitFor()
  await server.stop('SIGKILL')
  await lost.waitFor()
  await server.start()
  await lost.waitFor({ state: 'hidden' })
  await server.ask('POST', '/api/v1/executions', { action: 'core.uuid' })
  await page.getByRole('region', { name: 'Executions' }).getByText('core.uuid').first().waitFor()
}, 90_000)

test('a workflow with very many parts says how many it shows, and shows all to whoever asks', async () => {
  const { id } = await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'shop.many', parameters: { n: 1500 } })
  await expect.poll(async () => (await server.ask<{ status: string }>('GET', '/api/v1/executions/' + id)).status, { timeout: 60_000, interval: 200 }).toBe('succeeded')
  await go(`/executions/${id}`)
  await page.getByLabel('Task each, succeeded').getByText('1500/1500').waitFor()
  // The last task is none of the first thousand parts, and is known all the same.
  await page.getByLabel('Task after, succeeded').click()
  await page.getByRole('complementary', { name: 'Task after' }).getByText('all of them').first().waitFor()
  await page.getByRole('tab', { name: 'Timeline' }).click()
  const times = page.getByRole('region', { name: 'Timeline' })
  await times.getByRole('link').first().waitFor()
  expect(await times.getByRole('link').count()).toBeLessThan(100) // what is not seen is not drawn
  const some = page.getByRole('tabpanel', { name: 'Timeline' }).getByText('The first 1,000 of 1,501 parts.')
  await some.waitFor()
  await some.getByRole('button', { name: 'Show more' }).click()
  await some.waitFor({ state: 'detached' })
  await times.evaluate((e) => e.scrollTo(0, e.scrollHeight))
  await times.getByRole('link', { name: 'after' }).waitFor()
  await page.getByRole('tab', { name: 'Tree' }).click()
  await expect.poll(() => page.getByRole('tabpanel').getByRole('link').count(), soon).toBe(1501)
}, 120_000)

test('links of StackStorm lead to the same execution', async () => {
  const { id } = await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'core.noop' })
  await go('/')
  await heading('Now').waitFor()
  await page.goto(`/#/history/${id}/general`)
  await heading('core.noop').waitFor()
  expect(page.url()).toContain('/ui/executions/' + id)
})

for (const theme of ['dark', 'light'] as const) {
  test(`every page is open to everybody, ${theme}`, async () => {
    await reopen({ theme })
    await page.goto('/ui/')
    await page.getByLabel('User').waitFor()
    await expectAccessible(page, 'log-in')
    const [execution] = await server.ask<{ id: string }[]>('GET', '/api/v1/executions?action=shop.rescue&limit=1')
    const [event] = await server.ask<{ id: string }[]>('GET', '/api/v1/triggerinstances?trigger_type=core.st2.webhook&limit=1')
    await logIn(page, server)
    await heading('Now').waitFor()
    const views = ['/', '/history', `/executions/${execution!.id}`, `/executions/${execution!.id}?view=timeline`, `/executions/${execution!.id}?task=look`, '/inquiries', '/events', `/events/${event!.id}`, '/rules', '/rules/shop.down', '/actions', '/actions/shop.talk', '/packs', '/packs/shop', '/sensors', '/keys', '/settings', '/settings?view=api-keys', '/settings?view=audit']
    for (const view of views) {
      await page.goto('/ui' + view)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
      await expectAccessible(page, view)
    }
  }, 180_000)
}
