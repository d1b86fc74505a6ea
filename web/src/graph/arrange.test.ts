import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrange, routeOf, type Way } from './arrange'

const size = { width: 200, height: 60 }

describe('routes', () => {
  it('are there where a way would lead through others', () => {
    const ways: Way[] = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'c' },
      { from: 'a', to: 'c' },
      { from: 'c', to: 'a' },
      { from: 'c', to: 'c' },
    ]
    const { routes } = arrange(['a', 'b', 'c'].map((id) => ({ id, size })), ways)
    expect([...routes.keys()]).toEqual(['a c'])
  })
  it('lead downwards, and by no node', () => {
    const way = fc.record({ from: fc.nat(11), to: fc.nat(11) }).map(({ from, to }) => ({ from: `n${from}`, to: `n${to}` }))
    fc.assert(
      fc.property(fc.array(way, { maxLength: 30 }), (ways) => {
        const { places, routes } = arrange(Array.from({ length: 12 }, (_, i) => ({ id: `n${i}`, size })), ways)
        for (const w of ways) {
          const route = routes.get(routeOf(w)) ?? []
          let y = places[w.from]!.y + size.height
          for (const p of route) {
            expect(p.y).toBeGreaterThan(y)
            y = p.y
            for (const at of Object.values(places)) expect(p.x > at.x && p.x < at.x + size.width && p.y > at.y && p.y < at.y + size.height).toBe(false)
          }
          if (route.length > 0) expect(places[w.to]!.y).toBeGreaterThan(y)
        }
      }),
    )
  })
})
