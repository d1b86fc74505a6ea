import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Server } from './server'

export type { Page }

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Waits until something is so, as a person would: it may take a moment. */
export const soon = { timeout: 15_000, interval: 100 }

export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
}

/** A window of a person who has not been here. What goes wrong in it fails the test at its end. */
export async function open(browser: Browser, server: Server, size = { width: 1440, height: 900 }, colorScheme: 'dark' | 'light' = 'dark'): Promise<{ page: Page; context: BrowserContext; mishaps: string[] }> {
  const context = await browser.newContext({ viewport: size, colorScheme, baseURL: server.url })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const mishaps: string[] = []
  page.on('pageerror', (e) => mishaps.push(e.message))
  page.on('console', (m) => {
    // The browser itself notes what was refused or not reached; the page shows that where it matters.
    if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) mishaps.push(m.text())
  })
  page.on('request', (r) => {
    if (!r.url().startsWith(server.url) && !r.url().startsWith('data:')) mishaps.push('a request to elsewhere: ' + r.url())
  })
  return { page, context, mishaps }
}

export async function logIn(page: Page, server: Server, password = server.password): Promise<void> {
  await page.goto('/')
  await page.getByLabel('User').fill('admin')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

interface Violation {
  id: string
  help: string
  nodes: { html: string; failureSummary?: string }[]
}

/** Looks for what keeps people out, by the rules of WCAG 2.2 AA. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const run = (window as unknown as { axe: { run: (o: object) => Promise<{ violations: Violation[] }> } }).axe.run
    return (await run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations
  })
  const words = found.map((v) => `${where}: ${v.id}: ${v.help}\n` + v.nodes.map((n) => `  ${n.html.slice(0, 200)}\n  ${n.failureSummary ?? ''}`).join('\n'))
  expect(words).toEqual([])
}
