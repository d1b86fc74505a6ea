import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Browser, BrowserContext } from 'playwright-core'
import { expectAccessible, launch, logIn, open, soon, type Page } from './browser'
import { Server } from './server'

// What people do, in a real browser with a real server.

const server = new Server()
let browser: Browser
let page: Page
let context: BrowserContext
let mishaps: string[]

beforeAll(async () => {
  await server.start()
  browser = await launch()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await server.remove()
})

beforeEach(async () => {
  ;({ page, context, mishaps } = await open(browser, server))
})

afterEach(async () => {
  await context.close()
  expect(mishaps).toEqual([])
})

const heading = (name: string) => page.getByRole('heading', { level: 1, name })
const go = async (path: string) => {
  await logIn(page, server)
  await heading('Now').waitFor()
  await page.goto('/ui' + path)
}
const statusOf = async (status: string) => page.getByRole('heading', { level: 1 }).getByText(status, { exact: true }).waitFor()

test('somebody logs in, and the first page is there within a second', async () => {
  await logIn(page, server, 'wrong')
  await page.getByRole('alert').getByText('That is not a user and their password.').waitFor()
  await page.getByLabel('Password').fill(server.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByText('All is quiet. Nothing is wrong, and nothing runs.').waitFor()

  const again = await context.newPage()
  const begin = performance.now()
  await again.goto('/ui/')
  await again.getByText('All is quiet').first().waitFor()
  const took = performance.now() - begin
  console.log(`the first page is usable after ${took.toFixed(0)} ms`)
  expect(took).toBeLessThan(3000) // 1 s is the aim; machines of tests are slow and shared
})

test('somebody runs an action and watches what it prints', async () => {
  await go('/actions')
  await page.getByLabel('Search actions').fill('shop talk')
  await page.getByRole('link', { name: /^talk/ }).click()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('This must be given.').waitFor() // before anything was sent
  await page.getByLabel('word').fill('hello')
  await page.getByLabel('times').fill('4')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  const output = page.getByRole('region', { name: 'Output' })
  await output.getByText('hello 1').waitFor()
  await output.getByText('hello 4').waitFor()
  await statusOf('succeeded')
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
  await statusOf('succeeded')
  await expect.poll(() => page.locator('.react-flow__edge.taken').count(), soon).toBe(2)
  await page.getByLabel('Task look, succeeded').click()
  await page.getByRole('complementary', { name: 'Task look' }).getByText('"looking 1').first().waitFor()
  expect(page.url()).toContain('task=look')
})

test('a failure shows its way, and runs again from the task that failed', async () => {
  const flag = join(server.folder, 'later')
  const { id } = await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'shop.rescue', parameters: { flag } })
  await go('/executions/' + id)
  await statusOf('failed')
  await page.getByText('no such unit').first().waitFor()
  await page.getByLabel('Task mend, failed').waitFor()
  await expect.poll(() => page.locator('.react-flow__edge.taken').count(), soon).toBe(3)

  writeFileSync(flag, '')
  await page.getByRole('button', { name: 'Run again …' }).click()
  expect(await page.getByLabel('From the tasks that failed').isChecked()).toBe(true)
  await page.getByRole('button', { name: 'Run again', exact: true }).click()
  await statusOf('succeeded')
  await page.getByLabel('Task tell, succeeded').waitFor()
  expect(page.url()).not.toContain(id)
})

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

test('a page survives that the server starts again', async () => {
  await go('/history')
  await heading('History').waitFor()
  await server.stop()
  await page.getByText('The server cannot be reached.').waitFor()
  await server.start()
  await page.getByText('The server cannot be reached.').waitFor({ state: 'hidden' })
  await server.ask('POST', '/api/v1/executions', { action: 'core.noop', parameters: {} })
  await page.getByRole('region', { name: 'Executions' }).getByText('core.noop').first().waitFor()
}, 60_000)

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
    await context.close()
    ;({ page, context, mishaps } = await open(browser, server, undefined, theme))
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
