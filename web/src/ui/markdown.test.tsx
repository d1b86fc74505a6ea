import { cleanup, render } from '@testing-library/react'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Markdown } from './markdown'

afterEach(cleanup)

const html = (text: string) => render(<Markdown text={text} />).container.firstElementChild!

describe('Markdown', () => {
  it('is shown with headings below those of the page, lists, tables and code', () => {
    const shown = html('# One\n\n- [x] a\n- b\n\n| c |\n|---|\n| `d` |\n\n```yaml\ne: **f**\n```\n<!-- g -->')
    expect([...shown.querySelectorAll('h2, li, th, td code, pre')].map((e) => e.textContent)).toEqual(['One', '☑ a', 'b', 'c', 'd', 'e: **f**\n'])
    expect(shown.textContent).not.toContain('g')
  })
  it('has badges by what they are called', () => {
    expect(html('[![build](https://x.example/b.svg)](https://x.example)').innerHTML).toContain('href="https://x.example" target="_blank" rel="noopener noreferrer" class="text-accent underline">build</a>')
  })
  it('has HTML as text', () => {
    const shown = html('<script>alert(1)</script> <img src=x onerror=y>\n\n<iframe src="x">')
    expect(shown.textContent).toContain('<script>alert(1)</script> <img src=x onerror=y>')
    expect(shown.querySelector('script, img, iframe')).toBeNull()
  })
  it('lets no link go but to the web and to mails, and has no picture', () => {
    const pieces = fc.constantFrom('[', ']', '(', ')', '*', '`', '\n', '> ', '- ', '|', '#', '<', '>', '!', 'a', 'javascript:x', '[a](javascript:x)', '[a](data:text/html,x)', '<java\tscript:x>', 'http://a', '\\', '&#106;')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }).map((p) => p.join('')), (text) => {
        const shown = html(text)
        for (const a of shown.querySelectorAll('[href]')) expect(a.getAttribute('href')).toMatch(/^(https?:\/\/|mailto:)/i)
        expect(shown.querySelector('[src]')).toBeNull()
        cleanup()
      }),
      { numRuns: 50 },
    )
  })
  it('that nobody can read is shown as it is written', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    for (const text of ['> '.repeat(20_000), 'a '.repeat(200_000)]) expect(html(text).outerHTML).toMatch(/^<pre/)
    said.mockRestore()
  })
})
