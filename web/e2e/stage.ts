import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { Browser, BrowserContext, Locator } from 'playwright-core'
import { launch, logIn, open, type Look, type Page } from './browser'
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

/** Draws from the middle of one thing to the middle of another. */
export async function drag(from: Locator, to: Locator): Promise<void> {
  const [a, b] = [(await from.boundingBox())!, (await to.boundingBox())!]
  await page.mouse.move(a.x + a.width / 2, a.y + a.height / 2)
  await page.mouse.down()
  await page.mouse.move(b.x + b.width / 2, b.y + b.height / 2, { steps: 8 })
  await page.mouse.up()
}
