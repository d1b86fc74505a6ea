import { createElement, Fragment, useMemo, type ReactNode } from 'react'
import { parse, type Block, type Inline } from './parse'

/** Shows Markdown that anybody may have written: it becomes elements one by one, and nothing of it is HTML. */
export function Markdown({ text }: { text: string }) {
  const parsed = useMemo(() => parse(text), [text])
  return <div className="flex max-w-prose min-w-0 flex-col gap-3 p-4 leading-relaxed">{parsed.map(block)}</div>
}

const sizes = ['text-lg font-semibold', 'text-base font-semibold', 'font-semibold']

function block(b: Block, key: number): ReactNode {
  switch (b.kind) {
    case 'heading': // below those of the page
      return createElement(`h${Math.min(6, b.level + 1)}`, { key, className: (sizes[b.level - 1] ?? 'font-medium') + ' not-first:mt-2' }, inlines(b.of))
    case 'text':
      return (
        <p key={key} className="break-words">
          {inlines(b.of)}
        </p>
      )
    case 'code':
      return (
        <pre key={key} tabIndex={0} className="overflow-x-auto rounded-lg border bg-sunken p-3 font-mono text-[12.5px] leading-5">
          {b.text}
        </pre>
      )
    case 'quote':
      return (
        <blockquote key={key} className="flex flex-col gap-3 border-l-2 border-strong pl-3 text-muted">
          {b.of.map(block)}
        </blockquote>
      )
    case 'list': {
      const items = b.items.map((of, i) => (
        <li key={i} className="[&>*+*]:mt-1">
          {of.map(block)}
        </li>
      ))
      return b.start === undefined ? (
        <ul key={key} className="flex list-disc flex-col gap-1 pl-6">
          {items}
        </ul>
      ) : (
        <ol key={key} start={b.start} className="flex list-decimal flex-col gap-1 pl-6">
          {items}
        </ol>
      )
    }
    case 'table':
      return (
        <div key={key} tabIndex={0} role="region" aria-label="Table" className="overflow-x-auto rounded-lg border">
          <table className="w-full text-left text-sm">
            <thead className="border-b bg-sunken">
              <tr>
                {b.head.map((c, i) => (
                  <th key={i} className="px-3 py-1.5 font-medium">
                    {inlines(c)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y">
              {b.rows.map((row, i) => (
                <tr key={i}>
                  {row.map((c, j) => (
                    <td key={j} className="px-3 py-1.5 align-top">
                      {inlines(c)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
    case 'rule':
      return <hr key={key} />
  }
}

function inlines(of: Inline[]): ReactNode {
  return of.map((node, key) => {
    if (typeof node === 'string') return <Fragment key={key}>{node}</Fragment>
    switch (node.kind) {
      case 'code':
        return (
          <code key={key} className="rounded bg-sunken px-1 py-0.5 font-mono text-[0.9em]">
            {node.text}
          </code>
        )
      case 'link':
        return (
          <a key={key} href={node.to} target="_blank" rel="noopener noreferrer" className="text-accent underline">
            {inlines(node.of)}
          </a>
        )
      case 'break':
        return <br key={key} />
      default:
        return createElement(node.kind, { key }, inlines(node.of))
    }
  })
}
