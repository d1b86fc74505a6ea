import { describe, expect, it } from 'vitest'
import type { Properties } from '@/api/types'
import { askedAttributes, configOf, draftOf, forgettable } from './config'
import { newer } from './version'

const attributes: Properties = {
  token: { type: 'string', secret: true, required: true },
  password: { type: 'string', secret: true },
  port: { type: 'integer' },
  verify: { type: 'boolean', default: true },
  hosts: { type: 'array' },
}
const values = { token: '********', password: '********', port: 3, hosts: ['a'], legacy: { x: 1 } }

describe('the form of a configuration', () => {
  it('shows no secret', () => {
    expect(draftOf(attributes, values)).toEqual({ port: '3', hosts: '[\n  "a"\n]' })
  })

  it('keeps what was not touched, also what the schema does not know', () => {
    expect(configOf(attributes, values, draftOf(attributes, values), [])).toEqual({ values, errors: {} })
  })

  it('takes a new secret, forgets an old one, and leaves out what was emptied', () => {
    const draft = { ...draftOf(attributes, values), token: 'new', port: '' }
    expect(configOf(attributes, values, draft, ['password']).values).toEqual({ token: 'new', hosts: ['a'], legacy: { x: 1 } })
  })

  it('asks for a secret that must be there only while it is not', () => {
    expect(configOf(attributes, {}, {}, []).errors).toEqual({ token: 'This must be given.' })
    expect(askedAttributes(attributes, values).token).toMatchObject({ required: false, description: 'It is set. What is typed here replaces it.' })
    expect(forgettable(attributes, values)).toEqual(['password'])
  })
})

it.each([
  ['1.1.0', '1.0.9', true],
  ['1.10.0', '1.9.0', true],
  ['1.0', '1.0.0', false],
  ['v2.0.0', '1.9.9', true],
  ['1.0.0', '1.0.0', false],
  ['main', '1.0.0', false],
])('%s after %s: %s', (a, b, want) => expect(newer(a, b)).toBe(want))
