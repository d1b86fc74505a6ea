import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectAccessible, logIn, soon } from './browser'
import { button, field, heading, page, server, set, statusIs } from './stage'

// Somebody with a server that has nothing of their own yet.

set({ bare: true })

/** Breaks something: it is wrong as long as there is this file. */
function breaks(name: string): string {
  const file = join(server.folder, name)
  writeFileSync(file, '')
  return file
}

test('a newcomer gets to a first remediation with two commands of their own', async () => {
  const broken = breaks('closed')
  await logIn(page, server)
  await page.getByText('Nothing is repaired by itself yet').waitFor()
  await page.getByRole('link', { name: 'Begin' }).click()
  await heading('Your first remediation').waitFor()
  await page.getByLabel('The problem').fill('The shop is closed')
  await page.getByText('It is called local.the_shop_is_closed.').waitFor()
  await field('Command that checks').fill(`test ! -e ${broken}`)
  await button('Make it').click()
  await page.getByText('Say what repairs it.').waitFor() // before anything was sent
  await field('Command that repairs').fill(`rm ${broken}`)
  await expectAccessible(page, 'first steps')
  await button('Make it').click()

  // It is broken, and then it is not.
  const became = page.getByRole('region', { name: 'What became of it' })
  await button('Look now').click()
  await became.getByText('It was broken, and it is repaired. Nobody was woken.').waitFor()
  expect(existsSync(broken)).toBe(false)
  await button('Look now').click()
  await became.getByText('All was well, so nothing had to be repaired.').waitFor()
  await expectAccessible(page, 'first steps, tried')
  await became.getByRole('link', { name: 'See how' }).click()
  await page.getByLabel('Task look, succeeded').waitFor()

  // The first page does not offer it again, and the rule listens to its timer.
  await page.goto('/ui/')
  await page.getByText('Nothing is wrong').first().waitFor()
  expect(await page.getByText('Nothing is repaired by itself yet').count()).toBe(0)
  await page.goto('/ui/rules/local.the_shop_is_closed')
  await page.getByRole('link', { name: 'core.st2.IntervalTimer' }).waitFor()
}, 90_000)

test('one repair at a time: of what a timer starts others are left out, of what is told others wait', async () => {
  const make = async (title: string, source: string, broken: string, begun: string) => {
    await page.goto('/ui/start')
    await page.getByLabel('The problem').fill(title)
    await page.getByLabel(source).check()
    await field('Command that checks').fill(`test ! -e ${broken}`)
    await field('Command that repairs').fill(`touch ${begun}; while [ -e ${broken} ]; do sleep 0.05; done`) // somebody mends it meanwhile
    await button('Make it').click()
  }
  await logIn(page, server)
  await heading('Now').waitFor()
  const became = page.getByRole('region', { name: 'What became of it' })

  const slow = breaks('slow')
  await make('It takes long', 'Nobody: Nightshift looks itself', slow, slow + '.begun')
  await button('Look now').click()
  await expect.poll(() => existsSync(slow + '.begun'), soon).toBe(true)
  await button('Look now').click()
  await became.getByText('It was being looked at already, and one at a time is enough.').waitFor()
  rmSync(slow)

  const told = breaks('told')
  await make('It is told', 'A webhook', told, told + '.begun')
  await button('Send a test event').click()
  await expect.poll(() => existsSync(told + '.begun'), soon).toBe(true)
  await button('Send a test event').click()
  await became.getByText('it waits until the one before is over').waitFor()
  rmSync(told)
  await became.getByText('All was well, so nothing had to be repaired.').waitFor()
  await became.getByRole('link', { name: 'See how' }).click()
  await statusIs('succeeded')
}, 120_000)
