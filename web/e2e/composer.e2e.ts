import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { expectAccessible, soon } from './browser'
import { button, drag, field, go, page, server, set, statusIs } from './stage'

// Composing workflows and rules, in a real browser with a real server.

set()

beforeEach(() => {
  page.on('dialog', (d) => void d.accept())
})

const task = (name: string) => page.locator(`.react-flow__node[data-id="${name}"]`)
const card = (id: string) => page.locator(`.react-flow__node[data-id="${id}"]`)

/** What the editor has, once it has come; of a long text only what is seen. */
async function yaml() {
  const lines = page.getByTestId('yaml').locator('.cm-line')
  await lines.first().waitFor()
  return lines.allTextContents()
}

async function fill(name: string, text: string) {
  await field(name).click()
  await page.keyboard.press('Control+a')
  await page.keyboard.type(text)
  await page.keyboard.press('Escape') // what is offered
}

const composed = `version: 1.0

tasks:
  local:
    action: core.local
    input:
      cmd: echo up
    next:
      - when: <% succeeded() and result().stdout = "up" %>
        publish:
          - state: <% result().stdout %>
        do: echo
      - when: <% failed() %>
        do: echo_2
  echo:
    action: core.echo
    input:
      message: it is <% ctx(state) %>
  echo_2:
    action: core.echo
    input:
      message: down
`

test('somebody draws a workflow with a condition, saves it, and runs it', async () => {
  await go('/compose')
  const canvas = page.getByTestId('canvas')
  const search = page.getByLabel('Search actions')
  await search.fill('core.local')
  await button('Add core.local').dragTo(canvas, { targetPosition: { x: 200, y: 70 } })
  await search.fill('core.echo')
  await button('Add core.echo').dragTo(canvas, { targetPosition: { x: 110, y: 300 } })
  await button('Add core.echo').dragTo(canvas, { targetPosition: { x: 330, y: 300 } })
  await task('echo_2').waitFor()
  await drag(task('local').locator('[data-handleid=success]'), task('echo').locator('.target'))
  await drag(task('local').locator('[data-handleid=failure]'), task('echo_2').locator('.target'))
  await expect.poll(() => page.locator('.react-flow__edge.success').count(), soon).toBe(1)
  await expect.poll(() => page.locator('.react-flow__edge.failure').count(), soon).toBe(1)

  // What must be given is missing, and that is on the tasks.
  await task('local').getByLabel('mistakes:').waitFor()
  await task('local').click()
  await fill('cmd *', 'echo up')
  await task('echo').click()
  await fill('message *', 'it is <% ctx(state) %>')
  await task('echo_2').click()
  await fill('message *', 'down')
  await task('local').click()
  await page.getByRole('region', { name: 'Properties' }).getByRole('button', { name: /on success/ }).click()
  await page.getByLabel('Name of a new variable').fill('state')
  await page.keyboard.press('Enter')
  await page.getByLabel('state', { exact: true }).and(page.locator(':focus')).waitFor()
  await page.keyboard.type('<% result().std')
  await page.getByRole('option', { name: 'stdout' }).click() // what the action gives is known before it has run
  await page.keyboard.type(' %>')
  await page.getByLabel('When').selectOption('a condition holds')
  await fill('when', '<% succeeded() and result().stdout = "up" %>')
  await expect.poll(async () => (await yaml()).join('\n'), soon).toBe(composed)
  await page.getByText('mistakes:').waitFor({ state: 'detached' })
  await expectAccessible(page, 'composer')

  // Played with what local might give, it takes the way of success.
  await button('Try').click()
  await page.getByLabel('How local ends').selectOption('succeeded')
  await page.getByLabel('What local gives').fill('{"stdout": "up"}')
  await button('Play').click()
  await page.getByText('{"message":"it is up"}').waitFor()
  await button('Try').click()

  await button('Save …').click()
  await page.getByRole('combobox', { name: 'Pack' }).selectOption('a new pack')
  await page.getByLabel('Name of the pack').fill('ours')
  await page.getByLabel('Name of the workflow').fill('greet')
  await page.getByRole('region', { name: 'actions/workflows/greet.yaml' }).waitFor()
  await expectAccessible(page, 'saving')
  await button('Save').click()
  await page.getByRole('heading', { level: 1, name: 'ours.greet' }).waitFor()

  await button('Run').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/executions\//)
  await page.getByLabel('Task echo, succeeded').waitFor()

  // Expressions are evaluated with the data of that run.
  await page.goto('/ui/compose/ours.greet')
  await page.getByLabel('Data of a past run').selectOption({ index: 1 })
  await task('echo').click()
  await page.getByText('= it is up').waitFor()

}, 120_000)

test('somebody keeps a test of a workflow, has it started by an event, and asks the past', async () => {
  await go('/compose/ours.greet')
  // What was played is kept as a test, which the command line plays again.
  await button('Try').click()
  await page.getByLabel('How local ends').selectOption('failed')
  await button('Save as test …').click()
  await page.getByLabel('What it shows').fill('It says so when it is down.')
  const made = page.getByRole('region', { name: 'actions/tests/greet.test.yaml' })
  await made.getByText('- echo_2').waitFor()
  await expectAccessible(page, 'saving a test')
  await button('Save').click()
  await page.getByText('actions/tests/greet.test.yaml is saved.').waitFor()
  expect(server.cli('workflow', 'test', join(server.folder, 'data/packs/ours'))).toMatch(/^PASS .*greet\.test\.yaml/m)

  await page.getByRole('link', { name: 'Start by an event' }).click()
  await card('action').getByText('ours.greet').waitFor()
  await page.locator('.react-flow__node[data-id="task local"]').waitFor() // the workflow, with the event in front
  await page.getByLabel('Search events').fill('webhook')
  await button('Add core.st2.webhook').dragTo(page.getByTestId('canvas'), { targetPosition: { x: 60, y: 60 } })
  await field('url').fill('greet')
  await button('Close').click()
  await field('Name').fill('greeting')
  await page.keyboard.press('Enter')
  await expect
    .poll(async () => (await yaml()).join('\n'), soon)
    .toBe('name: greeting\nenabled: true\ntrigger:\n  type: core.st2.webhook\n  parameters:\n    url: greet\naction:\n  ref: ours.greet\n')
  await page.getByText('There has been no such event.').waitFor()
  await button('Save …').click()
  await page.getByRole('combobox', { name: 'Kept in' }).selectOption('the pack ours')
  await page.getByRole('region', { name: 'rules/greeting.yaml' }).waitFor()
  await expectAccessible(page, 'saving a rule')
  await button('Save').click()
  await page.getByRole('heading', { level: 1, name: 'ours.greeting' }).waitFor()
  for (const host of ['web1', 'db1']) await server.ask('POST', '/api/v1/webhooks/greet', { host })

  // Now that there are events, their fields can be asked for.
  await page.getByRole('link', { name: 'Edit' }).click()
  await card('gate').click()
  await page.getByRole('list', { name: 'Fields' }).getByRole('button', { name: /^body\.host/ }).click()
  await page.getByLabel('Comparison of trigger.body.host').selectOption('begins with')
  await page.getByLabel('Pattern for trigger.body.host').fill('db')
  await page.keyboard.press('Enter')
  await page.getByText('It would have fired on 1 of 2.').waitFor()
  const past = page.getByRole('list', { name: 'Events of the past' })
  await past.getByText("trigger.body.host startswith 'db': not met, the value is 'web1'").click()
  await card('gate').getByLabel('not met, which decided').waitFor()
  await page.getByLabel('Of which time').selectOption('of the last hour')
  await page.getByText('It would have fired on 1 of 2.').waitFor()
  await expectAccessible(page, 'rule editor')

  // Another action is drawn to, and given a field by clicking it.
  await page.getByLabel('Search actions').fill('core.echo')
  await button('Add core.echo').dragTo(page.getByTestId('canvas'), { targetPosition: { x: 70, y: 40 } })
  await drag(card('event').locator('.source'), card('loose core.echo').locator('.target'))
  await card('action').getByText('core.echo').waitFor()
  await field('message *').click()
  await page.getByRole('list', { name: 'Fields' }).getByRole('button', { name: /^body\.host/ }).click()
  await page.getByText('= db1', { exact: true }).waitFor()

  // A card that is deleted is gone, with what led to it, and one step brings both back.
  await card('action').click()
  await page.keyboard.press('Delete')
  await card('action').getByText('Drag or choose an action').waitFor()
  expect(await page.locator('.react-flow__node-loose').count()).toBe(0)
  await button('Undo').click()
  await card('action').getByText('core.echo').waitFor()

  await button('Save …').click()
  await page.getByRole('region', { name: 'rules/greeting.yaml' }).getByText(/message: .*trigger\.body\.host/).waitFor()
  await button('Save').click()
  await page.waitForURL(/rules\/ours\.greeting$/)
  for (const host of ['web2', 'db2']) await server.ask('POST', '/api/v1/webhooks/greet', { host })
  await page.reload()
  await page.getByRole('link', { name: 'execution', exact: true }).first().click()
  await statusIs('succeeded')
  await page.getByRole('heading', { level: 1, name: 'core.echo' }).waitFor()
  await page.getByText('"db2"').first().waitFor()
}, 180_000)

test('somebody makes a rule by keyboard, clones and switches rules, and takes it back', async () => {
  await go('/rules/new')
  await page.getByLabel('Search events').fill('cron')
  await button('Add core.st2.CronTimer').press('Enter')
  await page.getByLabel('Search actions').fill('core.noop')
  await button('Add core.noop').press('Enter')
  await card('action').getByText('core.noop').waitFor()
  await card('gate').focus()
  await page.keyboard.press('Enter')
  await button('Criterion').press('Enter')
  await page.getByLabel('Field of trigger.field').fill('trigger.executed_at')
  await page.keyboard.press('Enter')
  await page.getByLabel('Comparison of trigger.executed_at').selectOption('is there')
  // The text is edited, too, and the canvas follows.
  await page.getByTestId('yaml').locator('.cm-content').click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('description: made by keyboard\n')
  await button('Close').click()
  await expect.poll(() => field('Description').inputValue(), soon).toBe('made by keyboard')
  await page.keyboard.press('Control+s')
  await page.getByRole('combobox', { name: 'Kept in' }).selectOption('no file')
  await button('Save').click()
  await page.getByRole('heading', { level: 1, name: 'default.new_rule' }).waitFor()

  await page.goto('/ui/rules')
  await button('Clone default.new_rule').click()
  const copy = page.getByRole('switch', { name: 'default.new_rule_2 is disabled' })
  await copy.waitFor()
  await button('Undo').click()
  await copy.waitFor({ state: 'detached' })
  await page.getByRole('switch', { name: 'default.new_rule is enabled' }).click()
  await page.getByRole('switch', { name: 'default.new_rule is disabled' }).waitFor()
  await button('Undo').last().click()
  await page.getByRole('switch', { name: 'default.new_rule is enabled' }).waitFor()
}, 90_000)

test('somebody limits an action by a policy, changes it, and deletes it', async () => {
  await go('/settings?view=policies')
  await page.getByRole('link', { name: 'New policy' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('few')
  await page.getByRole('combobox', { name: 'Action', exact: true }).fill('core.noop')
  await page.getByRole('combobox', { name: 'Type', exact: true }).selectOption('action.concurrency')
  await page.getByLabel('threshold').fill('3')
  await expectAccessible(page, 'new policy')
  await button('Save').click()
  await page.getByText('at most 3 at a time, more wait').waitFor()
  await page.getByLabel('threshold').fill('4')
  await button('Save').click()
  await page.getByText('at most 4 at a time, more wait').waitFor()
  await expectAccessible(page, 'policy')
  await page.getByRole('switch', { name: 'default.few is enabled' }).click()
  await page.getByText('no: it is switched off').waitFor()
  await button('Delete').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('There are none.').waitFor()
}, 60_000)

test('the canvas follows the text, the text follows the canvas, and both are undone', async () => {
  await go('/compose/shop.rescue')
  await task('look').waitFor()
  const before = await yaml()
  await page.getByTestId('yaml').locator('.cm-content').click()
  await page.keyboard.press('Control+End')
  // In one piece: of what is typed, each letter is undone by itself where the machine is slow.
  await page.keyboard.insertText('\n  typed:\n    action: core.noop\n')
  await task('typed').waitFor()
  await page.getByText('not saved').waitFor()

  // Without a mouse: a task, and a way to it.
  await page.getByLabel('Search actions').fill('core.uuid')
  await button('Add core.uuid').press('Enter')
  await task('uuid').waitFor()
  await page.getByLabel('Leads on', { exact: true }).selectOption('on failure')
  await page.getByLabel('Leads to', { exact: true }).selectOption('typed')
  await button('Connect').press('Enter')
  const way = page.getByLabel('uuid leads to typed on failure')
  await way.waitFor({ state: 'attached' })
  await way.focus()
  await page.keyboard.press('Enter')
  await page.getByLabel('When').waitFor() // what is asked of it
  await way.press('Delete')
  await way.waitFor({ state: 'detached' })
  await button('Undo').press('Enter')
  await way.waitFor({ state: 'attached' })
  // A task is moved, too.
  const left = async () => (await task('uuid').boundingBox())!.x
  await task('uuid').focus()
  await page.keyboard.press('Enter')
  const began = await left()
  await page.keyboard.press('ArrowRight')
  await expect.poll(left, soon).toBeGreaterThan(began)
  await task('typed').focus()
  await page.keyboard.press('Enter')
  await task('typed').press('Delete')
  await task('typed').waitFor({ state: 'detached' })

  // A mistake in the text leaves the graph as it was, and says where.
  await page.getByTestId('yaml').locator('.cm-content').click()
  await page.keyboard.press('Control+Home')
  await page.keyboard.insertText('a: [')
  await page.getByText('The graph shows what was there before.').waitFor()
  await task('uuid').waitFor()

  while (await button('Undo').isEnabled()) await button('Undo').click()
  await expect.poll(yaml, soon).toEqual(before)
  await task('uuid').waitFor({ state: 'detached' })
  await page.getByText('not saved').waitFor({ state: 'detached' })
  expect(await button('Save …').isDisabled()).toBe(true)
}, 60_000)

test('the panes are as wide as somebody wants them, or put away, and stay so', async () => {
  const width = async (part: string) => (await page.getByTestId(part).boundingBox())?.width ?? 0
  await go('/compose/shop.rescue')
  await task('look').waitFor()
  const before = await width('yaml')
  const edge = page.getByRole('separator', { name: 'Width of the text' })
  const at = (await edge.boundingBox())!
  await page.mouse.move(at.x + 4, at.y + 200)
  await page.mouse.down()
  await page.mouse.move(at.x - 46, at.y + 200, { steps: 5 })
  await page.mouse.up()
  const dragged = await width('yaml')
  expect(dragged).toBeGreaterThan(before + 40)
  await edge.press('ArrowRight')
  await expect.poll(() => width('yaml'), soon).toBeCloseTo(dragged - 16)

  await button('List').click()
  await page.getByLabel('Search actions').waitFor({ state: 'hidden' })
  const canvas = await width('canvas')
  await page.reload()
  await task('look').waitFor()
  await expect.poll(() => width('canvas'), soon).toBe(canvas)
  expect(await width('yaml')).toBeCloseTo(dragged - 16)
  await button('List').click()
  await page.getByLabel('Search actions').waitFor()
  expect(await width('canvas')).toBeLessThan(canvas - 100)
}, 60_000)
