import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as playwright from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Server } from './server'

export type { Page }

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Waits until something is so, as a person would: it may take a moment. */
export const soon = { timeout: 15_000, interval: 100 }

/** Where the browser is. */
export const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'

export async function launch(): Promise<Browser> {
  return playwright.chromium.launch({ executablePath: chromium, args: ['--no-sandbox'] })
}

/** How a window looks. By default it is wide and dark, and what moves may move. */
export interface Look {
  size?: { width: number; height: number }
  theme?: 'dark' | 'light'
  motion?: 'reduce' | 'no-preference'
}

/** A window of a person who has not been here. What goes wrong in it fails the test at its end. */
export async function open(browser: Browser, server: Server, look: Look = {}): Promise<{ page: Page; context: BrowserContext; mishaps: string[] }> {
  const { size = { width: 1440, height: 900 }, theme = 'dark', motion = 'no-preference' } = look
  const context = await browser.newContext({ viewport: size, colorScheme: theme, reducedMotion: motion, baseURL: server.url })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const mishaps: string[] = []
  page.on('pageerror', (e) => mishaps.push(e.message))
  page.on('console', (m) => {
    // The browser itself notes what was refused or not reached; the page shows that where it matters.
    if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) mishaps.push(m.text())
  })
  page.on('request', (r) => {
    const known = [server.url, ...(server.settings.neighbours ?? []), 'data:'].some((start) => r.url().startsWith(start))
    if (!known) mishaps.push('a request to elsewhere: ' + r.url())
  })
  return { page, context, mishaps }
}

export async function logIn(page: Page, server: Server, password = server.password, user = 'admin'): Promise<void> {
  await page.goto('/')
  await page.getByLabel('User').fill(user)
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
  expect(await barriers(page, where)).toEqual([])
}

/** What keeps people out, in words: by all rules, or only of what a theme changes, or the width of a window. */
export async function barriers(page: Page, where: string, only: 'all' | 'colours' | 'targets' = 'all'): Promise<string[]> {
  const options = { runOnly: only === 'all' ? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] : { type: 'rule', values: [only === 'colours' ? 'color-contrast' : 'target-size'] } }
  await page.evaluate(axe)
  const found = await page.evaluate(async (o) => {
    const run = (window as unknown as { axe: { run: (o: object) => Promise<{ violations: Violation[] }> } }).axe.run
    const { violations } = await run({ ...o, resultTypes: ['violations'] })
    return violations.map((v) => ({ ...v, theme: document.documentElement.dataset.theme }))
  }, options)
  return found.map((v) => `${where}, ${v.theme}: ${v.id}: ${v.help}\n` + v.nodes.map((n) => `  ${n.html.slice(0, 200)}\n  ${n.failureSummary ?? ''}`).join('\n'))
}
