import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium as playwright, type BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromium, logIn } from './browser'
import { score } from './lighthouse/score.mjs'
import { Server } from './server'

// What Lighthouse thinks of the main pages, as somebody sees them who is logged in and has never been here. How
// barriers and good practices are judged depends on the page alone. Speed depends on the machine as well: the better
// of two tries counts, and the limit is lower than the aim, which is 95.

const server = new Server()
const folder = mkdtempSync(join(tmpdir(), 'nightshift-lighthouse-'))
let context: BrowserContext
let port: number
let execution: string
const lines: string[] = []

beforeAll(async () => {
  await server.start()
  // Lighthouse drives the browser itself, through a port that the browser chooses.
  context = await playwright.launchPersistentContext(folder, { executablePath: chromium, args: ['--no-sandbox', '--remote-debugging-port=0'], baseURL: server.url })
  port = Number(readFileSync(join(folder, 'DevToolsActivePort'), 'utf8').split('\n')[0])
  const page = context.pages()[0]!
  await logIn(page, server)
  await page.getByRole('heading', { level: 1, name: 'Now' }).waitFor()
  execution = (await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'shop.rescue', parameters: { flag: join(folder, 'none') } })).id
})

afterAll(async () => {
  await context?.close()
  await server.remove()
  rmSync(folder, { recursive: true, force: true })
  console.log(['', 'Lighthouse: performance, accessibility, best practices; the aim is 95 each', ...lines, ''].join('\n'))
})

test.each([
  ['desktop', '/'],
  ['desktop', '/history'],
  ['desktop', '/executions/ID'],
  ['desktop', '/compose/shop.rescue'],
  ['mobile', '/inquiries'],
] as const)('Lighthouse, %s: %s', async (device, path) => {
  const url = server.url + '/ui' + path.replace('ID', execution)
  let best = await score(url, port, device)
  if (best.performance < 95) {
    const again = await score(url, port, device)
    if (again.performance > best.performance) best = again
  }
  lines.push(`${device.padEnd(8)} ${path.padEnd(24)} ${best.performance} ${best.accessibility} ${best.bestPractices}   ${best.faults.join('; ')}`)
  expect(best.at).toBe(url)
  expect(best.accessibility, best.faults.join('\n')).toBeGreaterThanOrEqual(95)
  expect(best.bestPractices, best.faults.join('\n')).toBeGreaterThanOrEqual(95)
  expect(best.performance, best.faults.join('\n')).toBeGreaterThanOrEqual(40)
}, 240_000)
