import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { Browser, BrowserContext, Locator } from 'playwright-core'
import { launch, logIn, open, soon, type Look, type Page } from './browser'
import { Server, type Settings } from './server'

// What the tests of a file share: one server, one browser, and for each test a window of
// somebody who has not been here before. They are there after set, while a test runs.

export let server: Server
export let browser: Browser
export let page: Page
export let context: BrowserContext
let mishaps: string[]

/** Sets the stage for the tests of this file: a server with these settings, if they are given. */
export function set(settings?: Settings | (() => Promise<Settings>)): void {
  beforeAll(async () => {
    server = new Server(typeof settings === 'function' ? await settings() : settings)
    await server.start()
    browser = await launch()
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await server?.remove()
  })

  beforeEach(() => reopen())

  afterEach(async () => {
    await context.close()
    expect(mishaps).toEqual([])
  })
}

/** Instead of the window that is open another one, which looks otherwise. */
export async function reopen(look?: Look): Promise<void> {
  await context?.close()
  ;({ page, context, mishaps } = await open(browser, server, look))
}

/** Logs in as the administrator and goes to a page. */
export async function go(path: string): Promise<void> {
  await logIn(page, server)
  await heading('Now').waitFor()
  await page.goto('/ui' + path)
}

export const heading = (name: string): Locator => page.getByRole('heading', { level: 1, name })
export const button = (name: string): Locator => page.getByRole('button', { name, exact: true })
export const field = (name: string): Locator => page.getByRole('textbox', { name, exact: true })

/** The execution that is shown is in a state. */
export const statusIs = async (status: string): Promise<void> => page.getByRole('heading', { level: 1 }).getByText(status, { exact: true }).waitFor()

/** Draws from one dot of a canvas to another, and lets go where that shows that it takes the connection. */
export async function drag(from: Locator, to: Locator): Promise<void> {
  await from.hover()
  await page.mouse.down()
  await expect
    .poll(async () => {
      const b = (await to.boundingBox())!
      await page.mouse.move(b.x + b.width / 2, b.y - 20)
      await page.mouse.move(b.x + b.width / 2, b.y + b.height / 2, { steps: 4 })
      return to.evaluate((e) => e.classList.contains('valid'))
    }, soon)
    .toBe(true)
  await page.mouse.up()
}
