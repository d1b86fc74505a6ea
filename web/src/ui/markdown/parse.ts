/** A part of a line. */
export type Inline = string | { kind: 'code'; text: string } | { kind: 'strong' | 'em' | 'del'; of: Inline[] } | { kind: 'link'; to: string; of: Inline[] } | { kind: 'break' }

export type Block =
  | { kind: 'heading'; level: number; of: Inline[] }
  | { kind: 'text'; of: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'quote'; of: Block[] }
  | { kind: 'list'; start?: number; items: Block[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' }

type Links = Map<string, string>

const deepest = 20 // lists and quotes within each other
const longest = 20_000 // characters of a paragraph in which there is looked for more than text

const fence = /^ {0,3}(`{3,}|~{3,})/
const heading = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/
const rule = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/
const quote = /^ {0,3}> ?/
const item = /^(\s*)([-*+]|\d{1,9}[.)])(\s+|$)/
const columns = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/
const definition = /^ {0,3}\[([^\]]+)\]:\s+<?(\S+?)>?(\s+["'(].*)?$/

/** Reads Markdown, as far as people write it into a README. HTML in it is text. */
export function parse(text: string): Block[] {
  const links: Links = new Map()
  const lines = text
    .replace(/\r\n?/g, '\n')
    .replace(/<!--[^]*?(-->|$)/g, '')
    .replaceAll('\t', '    ')
    .split('\n')
    .filter((line) => {
      const [, name, to] = definition.exec(line) ?? []
      if (name && to) links.set(name.toLowerCase(), to)
      return !name
    })
  return blocks(lines, links, 0)
}

function blocks(lines: string[], links: Links, depth: number): Block[] {
  const out: Block[] = []
  let at = 0
  const until = (ends: (line: string, i: number) => boolean): string[] => {
    const from = at
    while (at < lines.length && !ends(lines[at]!, at)) at++
    return lines.slice(from, at)
  }
  while (at < lines.length) {
    const line = lines[at]!
    const fenced = fence.exec(line)
    const headed = heading.exec(line)
    const listed = item.exec(line)
    if (line.trim() === '') at++
    else if (fenced) {
      at++
      const body = until((l) => l.trim().startsWith(fenced[1]!) && l.trim().replaceAll(fenced[1]![0]!, '') === '')
      at++
      out.push({ kind: 'code', text: body.join('\n') })
    } else if (headed) {
      at++
      out.push({ kind: 'heading', level: headed[1]!.length, of: inline(headed[2] ?? '', links) })
    } else if (rule.test(line)) {
      at++
      out.push({ kind: 'rule' })
    } else if (quote.test(line) && depth < deepest) {
      const body = until((l) => !quote.test(l))
      out.push({ kind: 'quote', of: blocks(body.map((l) => l.replace(quote, '')), links, depth + 1) })
    } else if (listed && depth < deepest) {
      out.push(list(listed))
    } else if (line.startsWith('    ')) {
      out.push({ kind: 'code', text: until((l) => l.trim() !== '' && !l.startsWith('    ')).map((l) => l.slice(4)).join('\n').trimEnd() })
    } else if (line.includes('|') && columns.test(lines[at + 1] ?? '')) {
      at += 2
      const rows = until((l) => !l.includes('|'))
      out.push({ kind: 'table', head: cells(line, links), rows: rows.map((r) => cells(r, links)) })
    } else {
      const body = [line]
      at++
      body.push(...until((l, i) => l.trim() === '' || /^ {0,3}(=+|-+)\s*$/.test(l) || fence.test(l) || heading.test(l) || rule.test(l) || quote.test(l) || item.test(l) || (l.includes('|') && columns.test(lines[i + 1] ?? ''))))
      const under = /^ {0,3}(=+|-+)\s*$/.exec(lines[at] ?? '')
      if (under) {
        at++
        out.push({ kind: 'heading', level: under[1]!.startsWith('=') ? 1 : 2, of: inline(body.join(' '), links) })
      } else out.push({ kind: 'text', of: inline(body.map((l) => l.trim()).join('\n'), links) })
    }
  }
  return out

  function list(first: RegExpExecArray): Block {
    const indent = first[1]!.length
    const ordered = /\d/.test(first[2]!)
    const items: Block[][] = []
    for (;;) {
      const mark = item.exec(lines[at] ?? '')
      if (!mark || mark[1]!.length < indent || mark[1]!.length > indent + 1 || /\d/.test(mark[2]!) !== ordered) break
      const inner = mark[0].trimEnd().length + 1
      const body = [lines[at]!.slice(inner)]
      at++
      // What is indented belongs to it, and what follows without a gap, unless that is an item.
      body.push(...until((l, i) => (l.trim() === '' ? !(lines[i + 1] ?? '').startsWith(' '.repeat(indent + 2)) : !l.startsWith(' '.repeat(indent + 2)) && (item.test(l) || lines[i - 1]!.trim() === '' || heading.test(l) || fence.test(l)))))
      items.push(blocks(body.map((l) => l.replace(new RegExp(`^ {0,${inner}}`), '')), links, depth + 1))
      if ((lines[at] ?? '').trim() === '' && item.test(lines[at + 1] ?? '')) at++
    }
    return { kind: 'list', start: ordered ? parseInt(first[2]!, 10) : undefined, items }
  }
}

function cells(row: string, links: Links): Inline[][] {
  return row
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((c) => inline(c.trim(), links))
}

/** The address of a link, if it is one that a page may have. */
function safe(to: string): string | undefined {
  return /^(https?:\/\/|mailto:)/i.test(to) ? to : undefined
}

function inline(text: string, links: Links): Inline[] {
  if (text.length > longest) return [text]
  const out: Inline[] = []
  let plain = ''
  const put = (node: Inline) => {
    if (plain) out.push(plain)
    plain = ''
    out.push(node)
  }
  const link = (to: string | undefined, of: Inline[]) => {
    const address = to && safe(to)
    if (address) put({ kind: 'link', to: address, of })
    else of.forEach((node) => (typeof node === 'string' ? (plain += node) : put(node)))
  }
  let at = 0
  while (at < text.length) {
    const rest = text.slice(at, at + 2)
    const c = rest[0]!
    if (c === '\\' && /[!-/:-@[-`{-~]/.test(rest[1] ?? '')) {
      plain += rest[1]
      at += 2
      continue
    }
    if (c === '`') {
      const ticks = /^`+/.exec(text.slice(at))![0]
      const end = text.indexOf(ticks, at + ticks.length)
      if (end > 0) put({ kind: 'code', text: text.slice(at + ticks.length, end).trim() })
      else plain += ticks
      at = end > 0 ? end + ticks.length : at + ticks.length
      continue
    }
    if (c === '\n') {
      if (/ {2}$|\\$/.test(plain)) {
        plain = plain.replace(/[ \\]+$/, '')
        put({ kind: 'break' })
      } else plain += ' '
      at++
      continue
    }
    const mark = /^(\*\*|__|~~|\*|_)/.exec(rest)?.[0]
    if (mark) {
      const end = closing(text, at, mark)
      if (end > 0) {
        put({ kind: mark === '~~' ? 'del' : mark.length === 2 ? 'strong' : 'em', of: inline(text.slice(at + mark.length, end), links) })
        at = end + mark.length
        continue
      }
      plain += mark
      at += mark.length
      continue
    }
    if (c === '[' || rest === '![') {
      const open = c === '[' ? at : at + 1
      const found = linkAt(text, open, links)
      if (found) {
        // Pictures are somewhere else, where this page does not ask; what they are called is enough.
        if (c === '!') plain += found.words
        else link(found.to, inline(found.words, links))
        at = found.end
        continue
      }
    }
    if (c === '<' || c === 'h') {
      const [whole, inAngles, bare] = /^(?:<(https?:\/\/[^\s<>]+|mailto:[^\s<>]+)>|(https?:\/\/[^\s<>"')\]]*[^\s<>"')\].,;:!?*_]))/i.exec(text.slice(at)) ?? []
      if (whole) {
        const to = inAngles ?? bare!
        put({ kind: 'link', to, of: [to] })
        at += whole.length
        continue
      }
    }
    plain += c
    at++
  }
  if (plain) out.push(plain)
  return out
}

/** Where what a mark begins ends, or -1. Within words _ is a letter. */
function closing(text: string, at: number, mark: string): number {
  const word = (i: number) => /\w/.test(text[i] ?? '')
  const from = at + mark.length
  if (/\s/.test(text[from] ?? ' ') || (mark[0] === '_' && word(at - 1))) return -1
  for (let end = text.indexOf(mark, from + 1); end > 0; end = text.indexOf(mark, end + 1)) {
    if (/\s/.test(text[end - 1]!) || (mark[0] === '_' && word(end + mark.length))) continue
    if (mark.length === 1 && text[end + 1] === mark) {
      end++ // it is one of the longer marks
      continue
    }
    return end
  }
  return -1
}

/** [words](address), [words][name] or [name]. */
function linkAt(text: string, open: number, links: Links): { words: string; to?: string; end: number } | undefined {
  let depth = 0
  let close = open
  for (; close < text.length; close++) {
    if (text[close] === '[') depth++
    else if (text[close] === ']' && --depth === 0) break
  }
  if (close >= text.length) return undefined
  const words = text.slice(open + 1, close)
  const address = /^\(\s*<?((?:[^\s()<>]|\([^\s()]*\))*)>?(?:\s+["'][^)]*)?\s*\)/.exec(text.slice(close + 1))
  if (address) return { words, to: address[1], end: close + 1 + address[0].length }
  const named = /^\[([^\]]*)\]/.exec(text.slice(close + 1))
  const to = links.get((named?.[1] || words).toLowerCase())
  return to === undefined ? undefined : { words, to, end: close + 1 + (named?.[0].length ?? 0) }
}
