import { expect, test } from 'vitest'
import description from '../../openapi.json'
import { filterNames, queryOf, type Filters } from '@/api/executions'

// How a list is shown is no filter.
const presentation = ['limit', 'offset', 'sort', 'include_attributes', 'exclude_attributes', 'show_secrets']

test('the history has every filter that the API has', () => {
  const documented = description.paths['/api/v1/executions'].get.parameters.map((p) => p.name).filter((name) => !presentation.includes(name))
  const all: Filters = { ...Object.fromEntries(filterNames.map((name) => [name, 'x'])), status: 'failed', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }
  expect(documented.length).toBeGreaterThan(10)
  expect(Object.keys(queryOf(all)).sort()).toEqual(documented.sort())
})
