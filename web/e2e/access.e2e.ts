import { expect, test } from 'vitest'
import { expectAccessible, logIn, soon } from './browser'
import { Provider } from './provider'
import { button, context, heading, page, server, set } from './stage'

// Who may come in, and what they find there, with roles and single sign-on.

const provider = new Provider()

set(async () => {
  await provider.start()
  return {
    neighbours: [provider.url],
    files: (folder) => ({
      'nightshift.yaml': `
rbac: {enable: true}
auth:
  admin_groups: [ops]
  oidc: {issuer: "${provider.url}", client_id: ${provider.client}, client_secret_file: ${folder}/secret}
`,
      secret: provider.secret + '\n',
      // One who looks at everything, one who does, and one whom nobody has given anything.
      'data/rbac/assignments/vera.yaml': 'username: vera\nroles: [observer]\n',
      'data/rbac/assignments/olga.yaml': 'username: olga\nroles: [shop]\n',
      'data/rbac/assignments/petra.yaml': 'username: petra\nroles: [shop, writer]\n',
      'data/rbac/roles/writer.yaml': `
name: writer
permission_grants:
  - {resource_uid: pack:ours, permission_types: [pack_modify, action_all, rule_all]}
  - {resource_uid: "pack:fresh*", permission_types: [pack_modify, action_all, rule_all]}
  - {resource_uid: "pack:others", permission_types: [pack_view, action_view]}
`,
      'data/rbac/roles/shop.yaml': `
name: shop
permission_grants:
  - {resource_uid: pack:shop, permission_types: [pack_view, action_all, rule_all]}
  - {resource_uid: pack:chatops, permission_types: [rule_view]}
  - {resource_uid: "key_value_pair:st2kv.system:shop.*", permission_types: [key_value_pair_all]}
  - {resource_uid: "key_value_pair:st2kv.system:colour", permission_types: [key_value_pair_view]}
  - permission_types: [key_value_pair_list, action_list, rule_list, execution_list, execution_views_filters_list, pack_list, stream_view, inquiry_list]
`,
    }),
    stop: () => provider.stop(),
  }
})

const password = 'correct horse'

/** Comes in as somebody whom the administrator has made. */
async function enter(user: string) {
  await server.ask('POST', '/api/ns/v1/users', { name: user, password }).catch((e: Error) => {
    if (!e.message.includes('409')) throw e
  })
  await logIn(page, server, password, user)
  await heading('Now').waitFor()
}

test('who may only look is offered nothing but to look', async () => {
  const { id } = await server.ask<{ id: string }>('POST', '/api/v1/executions', { action: 'core.noop' })
  await server.ask('PUT', '/api/v1/keys/colour', { name: 'colour', value: 'blue' })
  await expect.poll(async () => (await server.ask<{ status: string }>('GET', '/api/v1/executions/' + id)).status, soon).toBe('succeeded')
  const [event] = await Promise.all([server.ask<{ id: string }[]>('GET', '/api/v1/triggerinstances?limit=1'), server.ask('POST', '/api/v1/webhooks/down', { severity: 'low' })])
  expect(event).toBeDefined()
  await enter('vera')

  // On each page what is there for everybody is awaited, so that what is not there is not just late.
  const pages: [path: string, there: () => Promise<void>, not: string[]][] = [
    ['/rules', () => page.getByText('enabled').first().waitFor(), ['New rule']],
    ['/rules/shop.down', () => page.getByLabel('How many events').waitFor(), ['Edit', 'Clone']],
    ['/actions/core.noop', () => page.getByText('You may look at this action, and not run it.').waitFor(), ['Run']],
    ['/executions/' + id, () => page.getByText('Copy as command').waitFor(), ['Run again …', 'Cancel …']],
    ['/packs', () => page.getByText('shop', { exact: true }).first().waitFor(), ['Install']],
    ['/packs/shop', () => page.getByText('What the tests of the web application run.').waitFor(), ['Update', 'Remove']],
    ['/keys', () => page.getByText('colour').first().waitFor(), ['New key', 'Change colour', 'Delete colour']],
    ['/compose/shop.rescue', () => page.locator('.react-flow__node').first().waitFor(), ['Save …', 'Run', 'Start by an event']],
    ['/settings?view=api-keys', () => page.getByText('There are none.').first().waitFor(), ['Make a key']],
  ]
  for (const [path, there, not] of pages) {
    const asked = page.waitForResponse((r) => r.url().includes('/api/ns/v1/rights'))
    await page.goto('/ui' + path)
    await there()
    await asked
    for (const name of not) {
      const found = page.getByRole('main').locator('button, a').filter({ hasText: new RegExp(`^\\s*${name.replace('…', '…')}\\s*$`) })
      expect(await found.count(), `${name} on ${path}`).toBe(0)
    }
    expect(await page.getByRole('switch').count(), 'switches on ' + path).toBe(0)
  }

  // A link that somebody has sent says what is so, instead of a form that would be refused.
  await page.goto('/ui/rules/new')
  await page.getByRole('alert').getByText('You may not make rules.').waitFor()
  await page.goto('/ui/rules/shop.down/edit')
  await page.getByRole('alert').getByText('You may look at shop.down, and not change it.').waitFor()
  await page.goto('/ui/compose')
  await page.getByText('You may write into no pack, so it cannot be saved.').waitFor()
  await page.goto('/ui/start')
  await page.getByRole('alert').getByText('You may not make rules and what they start.').waitFor()
  await expectAccessible(page, 'refused')
  await page.goto('/ui/people')
  await page.getByText('Administrators see here who else may come in').waitFor()
  expect(await page.getByText('observer').count()).toBe(1)
})

test('a team may do with its own what it may not do with that of others', async () => {
  await enter('olga')
  await page.goto('/ui/actions/shop.talk')
  await page.getByLabel('word').fill('ours')
  await button('Run').click()
  await page.getByRole('region', { name: 'Output' }).getByText('ours 1').waitFor()
  await button('Run again …').waitFor()
  await page.goto('/ui/rules/shop.down')
  await page.getByRole('link', { name: 'Edit' }).waitFor()
  await page.goto('/ui/rules')
  await page.getByRole('switch', { name: 'shop.down is enabled' }).waitFor()
  await button('Clone shop.down').waitFor()
  await page.getByRole('link', { name: /^notify / }).waitFor()
  expect(await page.getByRole('switch').count()).toBe(1)
  expect(await page.getByRole('button', { name: /^Clone/ }).count()).toBe(1)
  for (const name of ['colour', 'shop.word']) await server.ask('PUT', '/api/v1/keys/' + name, { name, value: 'blue' })
  await page.goto('/ui/keys')
  await button('Change shop.word').waitFor()
  await button('Delete shop.word').waitFor()
  await page.getByText('colour', { exact: true }).waitFor()
  expect(await page.getByRole('button', { name: /^(Change|Delete) colour/ }).count()).toBe(0)
  await page.goto('/ui/actions/core.noop')
  await page.getByRole('alert').getByText('doesn\'t have required permission "action_view" on resource "action:core:noop"').waitFor()
})

test('what is made is kept where one may write, and nowhere else', async () => {
  for (const name of ['ours', 'others']) {
    await server.ask('PUT', `/api/ns/v1/packs/${name}/files`, { files: [{ path: 'pack.yaml', content: `ref: ${name}\nname: ${name}\ndescription: A pack.\nversion: 1.0.0\nauthor: x\nemail: x@example.org\n` }] })
  }
  await enter('petra')
  await page.goto('/ui/compose')
  await button('Empty task').click()
  await button('Save …').click()
  const pack = page.getByRole('combobox', { name: 'Pack', exact: true })
  expect(await pack.locator('option').allTextContents()).toEqual(['ours', 'a new pack'])
  await page.getByLabel('Name of the workflow').fill('chat')
  await page.getByRole('region', { name: 'actions/workflows/chat.yaml' }).waitFor()
  await pack.selectOption('a new pack')
  await page.getByText('You may not write into a pack that is called local.').waitFor()
  expect(await button('Save').isDisabled()).toBe(true)
  await page.getByLabel('Name of the pack').fill('fresh_air')
  await button('Save').click()
  await heading('fresh_air.chat').waitFor()

  // A rule of the pack, in a file of it, or by the server alone.
  await page.goto('/ui/rules/new?action=shop.talk')
  await page.getByTestId('yaml').locator('.cm-content').click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('trigger: {type: core.st2.generic.actiontrigger}\n')
  await button('Save …').click()
  const kept = page.getByRole('combobox', { name: 'Kept in' })
  await kept.waitFor()
  expect(await kept.locator('option').allTextContents()).toEqual(['the pack fresh_air', 'the pack ours', 'a new pack', 'no file'])
  await kept.selectOption('no file')
  await page.getByText('You may not make a rule of the pack default.').waitFor()
  await expectAccessible(page, 'a rule that may not be kept so')
})

test('a workflow that is not to be changed becomes another one', async () => {
  await server.ask('PUT', '/api/ns/v1/packs/others/files', {
    files: [
      { path: 'actions/tidy.yaml', content: 'name: tidy\npack: others\nrunner_type: orquesta\ndescription: Tidies.\nentry_point: workflows/tidy.yaml\nenabled: true\nparameters:\n  room: {type: string, enum: [hall, yard], required: true}\n' },
      { path: 'actions/workflows/tidy.yaml', content: 'version: 1.0\ninput: [room]\ntasks:\n  sweep:\n    action: core.noop\n' },
    ],
  })
  await enter('petra')
  await page.goto('/ui/compose/others.tidy')
  await page.locator('.react-flow__node[data-id="sweep"]').waitFor()
  await button('Empty task').click()
  await button('Save …').click()
  await page.getByText('What is in the pack others stays as it is').waitFor()
  await page.getByRole('combobox', { name: 'Pack', exact: true }).selectOption('ours')
  await page.getByRole('region', { name: 'actions/tidy.yaml' }).getByText('enum: [hall, yard]').waitFor() // what it takes, it takes from there
  await button('Save').click()
  await heading('ours.tidy').waitFor()
  expect(await server.ask('GET', '/api/v1/actions/ours.tidy')).toMatchObject({ pack: 'ours', entry_point: 'workflows/tidy.yaml', parameters: { room: { enum: ['hall', 'yard'] } } })
})

test('whom nobody has given anything is told so, and by name', async () => {
  await enter('nora')
  for (const [path, permission] of [['/history', 'execution_list'], ['/rules', 'rule_list'], ['/actions', 'action_list'], ['/packs', 'pack_list'], ['/sensors', 'sensor_type_list']]) {
    await page.goto('/ui' + path)
    await page.getByRole('alert').getByText(`User "nora" doesn't have required permission "${permission}"`).first().waitFor()
    await expectAccessible(page, 'refused: ' + path)
  }
})

test('somebody logs in by single sign-on, to the page that they were sent', async () => {
  await page.goto('/ui/rules/shop.down')
  await page.getByRole('link', { name: 'Log in by single sign-on' }).click()
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor()
  await page.getByRole('link', { name: 'I am Ada' }).click()
  await heading('shop.down').waitFor()
  await page.goto('/ui/people')
  await page.getByText('ada', { exact: true }).first().waitFor()
  const [cookie] = (await context.cookies()).filter((c) => c.httpOnly)
  expect(cookie, 'scripts cannot read the token').toBeDefined()
})
