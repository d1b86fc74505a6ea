import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { barriers, logIn, soon } from './browser'
import { button, go, heading, page, reopen, server, set, statusIs } from './stage'

// That every page and what opens on it is open to everybody: by the rules of WCAG 2.2 AA, in both
// themes; without a mouse; and without movement for whoever wants none.

set()

// All that is found in a test is told at its end.
let found: string[] = []
afterEach(() => {
  const all = found
  found = []
  expect(all.join('\n')).toBe('')
})

/** Looks at what is shown in the theme that it has, then at the colours of the other one, in which it stays. */
async function look(where: string) {
  found.push(...(await barriers(page, where)))
  const toggle = page.locator('[aria-label="Light theme"], [aria-label="Dark theme"]').first()
  // A dialog may lie over the button.
  if ((await toggle.count()) > 0) await toggle.evaluate((e) => (e as HTMLElement).click())
  else await page.evaluate(() => (document.documentElement.dataset.theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'))
  found.push(...(await barriers(page, where, 'colours')))
}

/** Looks whether all fits where there is little room: nothing is beside the page, and a finger meets what it aims at. */
async function fits(where: string) {
  for (const width of [360, 768]) {
    await page.setViewportSize({ width, height: 800 })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    if (wide > width) found.push(`${where}: at ${width} pixels it is ${wide} wide`)
    found.push(...(await barriers(page, `${where}, ${width} pixels wide`, 'targets')))
  }
  await page.setViewportSize({ width: 1440, height: 900 })
}

const settled = async () => {
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
}

test('log-in, and pages with nothing on them, are open to everybody', async () => {
  for (const theme of ['dark', 'light'] as const) {
    await reopen({ motion: 'reduce', theme })
    await page.goto('/ui/')
    await page.getByLabel('User').waitFor()
    found.push(...(await barriers(page, 'log-in')))
  }
  await logIn(page, server)
  await heading('Now').waitFor()
  await look('now, quiet')
  for (const [path, nothing] of [
    ['/inquiries', 'Nobody is asked anything'],
    ['/keys', 'There are no keys'],
    ['/settings?view=api-keys', 'There are none.'],
  ] as const) {
    await page.goto('/ui' + path)
    await page.getByText(nothing).waitFor()
    await look(path + ', nothing')
  }
}, 120_000)

const none = '0'.repeat(24) // the id of nothing

/** Every page, by what it is about; what is written large is of this server. */
const views: Record<string, string[]> = {
  'what goes on': ['/', '/history', '/history?status=canceled', '/history?filter=nonsense', '/inquiries', '/events', '/events?trigger=shop.none', '/events/EVENT', '/events/CALL', `/events/${none}`, '/sensors'],
  'one execution': ['/executions/FAILED', '/executions/FAILED?view=timeline', '/executions/FAILED?view=tree', '/executions/FAILED?task=look', '/executions/DONE', '/executions/HELD', `/executions/${none}`],
  'rules and workflows': ['/rules', '/rules?find=zzz', '/rules/shop.down', '/rules/default.LONG', '/rules/shop.none', '/rules/new', '/rules/shop.down/edit', '/compose', '/compose/shop.rescue', '/compose/shop.none', '/start'],
  'actions and packs': ['/actions', '/actions?find=zzz', '/actions/shop.talk', '/actions/shop.none', '/packs', '/packs/shop', '/packs/shop?view=config', '/packs/shop?view=files', '/packs/none'],
  'the rest': ['/keys', '/keys?scope=user', '/people', '/people?view=roles', '/people?view=why', '/settings', '/settings?view=api-keys', '/settings?view=policies', '/policies/new', '/policies/shop.none', '/settings?view=audit', '/no/such/page'],
}

test('every page is in the list of those that are looked at', () => {
  const routes = [...readFileSync(join(import.meta.dirname, '../src/router.tsx'), 'utf8').matchAll(/\bpath: '([^']+)'/g)].map(([, path]) => path!)
  expect(routes.length).toBeGreaterThan(20)
  const all = Object.values(views).flat()
  const missing = routes.filter((route) => !all.some((v) => new RegExp('^' + route.replaceAll(/\$\w+/g, '[^/?]+') + '(\\?|$)').test(v)))
  expect(missing).toEqual([])
})

let ids: Record<string, string> | undefined

/** Has something happen that the pages can show. */
async function happen(): Promise<Record<string, string>> {
  const flag = join(server.folder, 'there')
  const run = (action: string, parameters: object = {}) => server.ask<{ id: string }>('POST', '/api/v1/executions', { action, parameters })
  const ended = async ({ id }: { id: string }, as: string) => {
    await expect.poll(async () => (await server.ask<{ status: string }>('GET', '/api/v1/executions/' + id)).status, soon).toBe(as)
    return id
  }
  const FAILED = await ended(await run('shop.rescue', { flag }), 'failed')
  const DONE = await ended(await run('shop.talk', { word: 'x', times: 1 }), 'succeeded')
  const { id: HELD } = await run('shop.hold', { flag })
  await run('shop.decide')
  await server.ask('PUT', '/api/v1/keys/colour', { name: 'colour', value: 'blue' })
  await server.ask('POST', '/api/v1/apikeys', { metadata: { name: 'robot' } })
  await server.ask('POST', '/api/ns/v1/users', { name: 'vera', password: 'correct horse' })
  await server.ask('POST', '/api/v1/webhooks/down', { severity: 'low', flag })
  const latest = async () => (await server.ask<{ id: string }[]>('GET', '/api/v1/triggerinstances?trigger_type=core.st2.webhook&limit=1'))[0]!.id
  const EVENT = await latest()
  // Names as people choose them who want to be exact.
  const LONG = 'restart_the_web_servers_when_the_monitor_of_the_other_site_says_that_they_do_not_answer'
  const url = LONG.replaceAll('_', '/')
  const criteria = { [`trigger.body.${LONG}`]: { type: 'equals', pattern: LONG } }
  await server.ask('POST', '/api/v1/rules', { name: LONG, pack: 'default', trigger: { type: 'core.st2.webhook', parameters: { url } }, criteria, action: { ref: 'shop.talk', parameters: { word: LONG } }, enabled: true })
  await server.ask('POST', '/api/v1/webhooks/' + url, { [LONG]: LONG })
  return { FAILED, DONE, HELD, EVENT, LONG, CALL: await latest() }
}

for (const [part, paths] of Object.entries(views)) {
  test(`pages about ${part} are open to everybody, in both themes`, async () => {
    ids ??= await happen()
    await reopen({ motion: 'reduce' })
    await go('/')
    for (const path of paths) {
      await page.goto('/ui' + path.replace(/[A-Z]{4,}/, (name) => ids![name]!))
      await settled()
      await look(path)
      await fits(path)
    }
  }, 180_000)
}

test('what opens on the pages is open to everybody, in both themes', async () => {
  await reopen({ motion: 'reduce' })
  const flag = join(server.folder, 'opened')
  const { id } = await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'shop.hold', parameters: { flag } })
  await go('/executions/' + id)
  const dialog = page.getByRole('dialog')
  /** Opens something by a button, looks at it, and closes it. */
  const opens = async (name: string) => {
    await button(name).first().click()
    await dialog.waitFor()
    await look('dialog: ' + name)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
  }
  await statusIs('running')
  await opens('Cancel …')
  writeFileSync(flag, '')
  await statusIs('succeeded')
  await opens('Run again …')
  await page.goto('/ui/packs')
  await opens('Install')
  await page.goto('/ui/packs/shop')
  await opens('Update')
  await opens('Remove')
  await page.goto('/ui/keys')
  await opens('New key')
  await page.goto('/ui/people')
  await opens('New user')
  await page.goto('/ui/compose/shop.rescue')
  await page.locator('.react-flow__node[data-id="look"]').click()
  await look('composer: a task')
  await button('Try').click()
  await look('composer: try')
  await page.goto('/ui/rules/shop.down')
  await page.getByText(/It would have fired on/).waitFor()
  await look('a rule and the past')

  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').and(page.locator(':focus')).waitFor()
  await look('command palette')
  await page.keyboard.type('zzzz')
  await page.getByText('Nothing has such a name.').waitFor()
  await look('command palette, nothing found')
  await page.keyboard.press('Escape')

  await page.setViewportSize({ width: 360, height: 740 })
  await opens('More')
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('/ui/actions/shop.talk')
  await button('Run').click()
  await page.getByText('This must be given.').waitFor()
  await look('a form with a mistake')
  await page.context().clearCookies()
  await page.getByLabel('word').fill('x')
  await button('Run').click()
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
  await look('the session has ended')
}, 120_000)

test('a lost connection is said to everybody, in both themes', async () => {
  await reopen({ motion: 'reduce' })
  await go('/history')
  await heading('History').waitFor()
  await server.stop()
  await page.getByText('The server cannot be reached. What you see may be old').waitFor()
  await look('lost connection')
  await server.start()
  await page.getByText('The server cannot be reached.').waitFor({ state: 'hidden' })
}, 60_000)

/** Whether what has the focus shows it, and where it has it; nothing at the end of the page. */
const focus = () =>
  page.evaluate(() => {
    const e = document.activeElement
    if (!e || e === document.body) return undefined // the browser's own
    const s = getComputedStyle(e)
    const r = e.getBoundingClientRect()
    const inView = r.bottom > 0 && r.right > 0 && r.top < innerHeight && r.left < innerWidth
    const writes = e.shadowRoot !== null // the editor of a text: its cursor shows it
    const shown = writes || (inView && s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0)
    return { writes, hidden: shown ? '' : e.outerHTML.slice(0, 200) }
  })

test('wherever the focus is, it is seen', async () => {
  ids ??= await happen()
  await reopen({ motion: 'reduce' })
  await go('/')
  for (const path of ['/', '/history', '/executions/FAILED', '/compose/shop.rescue', '/rules/shop.down/edit', '/rules/default.LONG', '/packs/shop?view=files', '/keys', '/people', '/settings?view=audit']) {
    await page.goto('/ui' + path.replace(/[A-Z]{4,}/, (name) => ids![name]!))
    await settled()
    let steps = 0
    for (; steps < 400; steps++) {
      await page.keyboard.press('Tab')
      const at = await focus()
      if (!at) break
      if (at.hidden) found.push(`${path}: the focus is not seen on ${at.hidden}`)
      if (at.writes) await page.keyboard.press('Escape') // and then Tab leaves it
    }
    expect(steps, path).toBeLessThan(400)
  }
}, 120_000)

/** Goes on by Tab until something has the focus, which must be seen wherever it is on the way. */
async function tabTo(name: string, role: 'button' | 'link' | 'textbox' | 'radio' = 'button') {
  const wanted = page.getByRole(role, { name }).first()
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab')
    expect((await focus())?.hidden ?? '', 'the focus is not seen').toBe('')
    if (await wanted.evaluate((e) => e === document.activeElement)) return
  }
  throw new Error(`${role} ${name} has not come by Tab`)
}

test('the main job is done without a mouse', async () => {
  const flag = join(server.folder, 'typed')
  const find = async (text: string) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').and(page.locator(':focus')).waitFor()
    await page.keyboard.type(text)
    await page.getByRole('option', { name: text }).first().waitFor()
    await page.keyboard.press('Enter')
  }
  await page.goto('/ui/')
  await page.getByLabel('User').and(page.locator(':focus')).waitFor()
  await page.keyboard.type('admin')
  await page.keyboard.press('Tab')
  await page.keyboard.type(server.password)
  await page.keyboard.press('Enter')
  await heading('Now').waitFor()
  await page.keyboard.press('Tab')
  await page.getByRole('link', { name: 'Skip to the content' }).and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await page.locator('main:focus').waitFor()

  await find('shop.rescue')
  await heading('shop.rescue').waitFor()
  await tabTo('flag', 'textbox')
  await page.keyboard.type(flag)
  await page.keyboard.press('Enter')
  await statusIs('failed')

  // What is wrong is mended, and it goes on where it failed.
  writeFileSync(flag, '')
  await tabTo('Run again …')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  expect(await dialog.locator(':focus').count(), 'the focus is in the dialog').toBe(1)
  await page.keyboard.press('Escape')
  await button('Run again …').and(page.locator(':focus')).waitFor() // it is given back
  await page.keyboard.press('Enter')
  await dialog.getByLabel('From the tasks that failed').and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await statusIs('succeeded')

  const before = await server.ask<unknown[]>('GET', '/api/v1/inquiries')
  const { id } = await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'shop.decide' })
  await find('Inquiries')
  await expect.poll(() => page.getByText('Fail over now?').count(), soon).toBe(before.length + 1) // the latest is the first
  await tabTo('Yes')
  await page.keyboard.press('Enter')
  await expect.poll(async () => (await server.ask<{ status: string }>('GET', '/api/v1/executions/' + id)).status, soon).toBe('succeeded')
}, 90_000)

test('nothing moves for whoever wants no movement', async () => {
  const flag = join(server.folder, 'moved')
  const { id } = await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'shop.hold', parameters: { flag } })
  const moving = () => page.evaluate(() => document.getAnimations().filter((a) => a.playState === 'running').length)
  await go('/executions/' + id)
  await statusIs('running')
  await expect.poll(moving, soon).toBeGreaterThan(0) // so there is something that would move
  await reopen({ motion: 'reduce' })
  await go('/executions/' + id)
  await statusIs('running')
  await expect.poll(moving, soon).toBe(0)
  writeFileSync(flag, '')
})
