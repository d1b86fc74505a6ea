import { describe, expect, it } from 'vitest'
import { fieldsOf, keyOf, templateOf } from './fields'

describe('the fields of events', () => {
  const fields = fieldsOf({ body: { type: 'object', properties: { host: { type: 'string', description: 'Which host.' }, more: { type: ['integer', 'null'] } } } }, [
    { body: { host: 'db1', alerts: [{ name: 'a' }, { name: 'b' }], empty: [] }, headers: { 'X-Key': '1' } },
    { body: { host: 'db2', alerts: [] } },
    { body: { host: 'db1' } },
  ])
  const of = (path: string) => fields.find((f) => f.path === path)
  it('are those of the schema and those of real events', () =>
    expect(fields.map((f) => f.path)).toEqual(['body', 'body.alerts', 'body.alerts[0].name', 'body.empty', 'body.host', 'body.more', "headers['X-Key']"]))
  it('know what was in them', () => expect(of('body.host')).toEqual({ path: 'body.host', type: 'string', says: 'Which host.', examples: ['db1', 'db2'] }))
  it('are named as criteria and templates have it', () => {
    expect(keyOf(of('body.host')!)).toBe('trigger.body.host')
    expect(templateOf(of("headers['X-Key']")!)).toBe("{{ trigger.headers['X-Key'] }}")
  })
})
