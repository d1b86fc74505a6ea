import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, type Block, type Inline } from './parse'

const text = (...of: Inline[]): Block => ({ kind: 'text', of })

describe('Markdown', () => {
  it.each<[string, string, Block[]]>([
    ['headings of both forms', '# One #\n\nTwo\n---\n', [{ kind: 'heading', level: 1, of: ['One'] }, { kind: 'heading', level: 2, of: ['Two'] }]],
    ['marks', 'a **b _c_** ~~d~~ snake_case_name', [text('a ', { kind: 'strong', of: ['b ', { kind: 'em', of: ['c'] }] }, ' ', { kind: 'del', of: ['d'] }, ' snake_case_name')]],
    ['code in a line', 'run ``a ` b`` now', [text('run ', { kind: 'code', text: 'a ` b' }, ' now')]],
    ['code', '```yaml\na: **b**\n```\nafter', [{ kind: 'code', text: 'a: **b**' }, text('after')]],
    ['lists within lists', '1. a\n2. b\n   - c\n\nd', [{ kind: 'list', start: 1, items: [[text('a')], [text('b'), { kind: 'list', start: undefined, items: [[text('c')]] }]] }, text('d')]],
    ['tables', '| a | b |\n|---|:-:|\n| `x` | y |\n', [{ kind: 'table', head: [['a'], ['b']], rows: [[[{ kind: 'code', text: 'x' }], ['y']]] }]],
    ['quotes', '> a\n> b', [{ kind: 'quote', of: [text('a b')] }]],
    ['links', '[a](https://x.example/b "t") <https://y.example> [z]\n\n[z]: http://z.example', [
      text({ kind: 'link', to: 'https://x.example/b', of: ['a'] }, ' ', { kind: 'link', to: 'https://y.example', of: ['https://y.example'] }, ' ', { kind: 'link', to: 'http://z.example', of: ['z'] }),
    ]],
    ['badges by what they are called', '[![build](https://x.example/b.svg)](https://x.example)', [text({ kind: 'link', to: 'https://x.example', of: ['build'] })]],
    ['no script as a link', '[a](javascript:alert(1)) [b](data:text/html,x) [c](actions/a.yaml)', [text('a b c')]],
    ['HTML as text', '<script>alert(1)</script> <img src=x onerror=y>', [text('<script>alert(1)</script> <img src=x onerror=y>')]],
  ])('reads %s', (_, written, want) => expect(parse(written)).toEqual(want))

  it('reads whatever there is, and lets no link go but to the web and to mails', () => {
    const pieces = fc.constantFrom('[', ']', '(', ')', '*', '**', '_', '`', '```', '\n', '\n\n', '> ', '- ', '1. ', '    ', '|', '---', '#', '<', '>', '!', 'a', 'javascript:x', 'http://a', '\\', '<!--')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }).map((p) => p.join('')), (written) => {
        JSON.stringify(parse(written), (key, v: unknown) => {
          if (key === 'to') expect(v).toMatch(/^(https?:\/\/|mailto:)/i)
          return v
        })
      }),
    )
  })

  it('is quick about what is made to be slow', { timeout: 60_000 }, () => {
    // However often a piece stands there, its text must take about as long as as much prose.
    const prose = time('some words in a row\n\n'.repeat(10_000))
    for (const piece of ['[', '*', '`', '_a', '> ', '![', '<!--', '|-', '- ']) {
      for (const text of [piece.repeat(6_000), piece.repeat(50_000), (piece + '\n').repeat(20_000)]) {
        expect(time(text) / prose, `${piece} in ${String(text.length)} letters, in times of prose`).toBeLessThan(100)
      }
    }
  })
})

function time(text: string) {
  const start = performance.now()
  parse(text)
  return performance.now() - start
}
