import { Component, useMemo, type ReactNode } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import gfm from 'remark-gfm'

const longest = 200_000 // characters that are read as Markdown

/** Shows Markdown that anybody may have written: HTML in it is text, and what can't be read is shown as it is written. */
export function Markdown({ text }: { text: string }) {
  const told = useMemo(() => text.replace(/<!--[^]*?(-->|$)/g, ''), [text])
  const plain = <pre className="p-4 font-mono text-[12.5px] leading-5 break-words whitespace-pre-wrap">{text}</pre>
  if (told.length > longest) return plain
  return (
    <Guard key={text} instead={plain}>
      <div className="flex max-w-prose min-w-0 flex-col gap-3 p-4 leading-relaxed">
        <ReactMarkdown remarkPlugins={plugins} components={components} urlTransform={outwards}>
          {told}
        </ReactMarkdown>
      </div>
    </Guard>
  )
}

const plugins = [gfm]

/** The links that are let through: to the web and to mails. What a read me says of its own files leads nowhere here. */
const outwards = (url: string) => (/^(https?:\/\/|mailto:)/i.test(url) ? url : undefined)

/** Markdown that is nested without end breaks off whoever reads it. */
class Guard extends Component<{ instead: ReactNode; children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }
  static getDerivedStateFromError() {
    return { broken: true }
  }
  override render() {
    return this.state.broken ? this.props.instead : this.props.children
  }
}

const heading = 'font-semibold not-first:mt-2'

// Headings are below those of the page.
const components: Components = {
  h1: ({ children }) => <h2 className={`text-lg ${heading}`}>{children}</h2>,
  h2: ({ children }) => <h3 className={`text-base ${heading}`}>{children}</h3>,
  h3: ({ children }) => <h4 className={heading}>{children}</h4>,
  h4: ({ children }) => <h5 className={heading}>{children}</h5>,
  h5: ({ children }) => <h6 className={heading}>{children}</h6>,
  h6: ({ children }) => <h6 className={heading}>{children}</h6>,
  p: ({ children }) => <p className="break-words">{children}</p>,
  a: ({ href, children }) =>
    href ? (
      <a href={href} target="_blank" rel="noopener noreferrer" className="text-accent underline">
        {children}
      </a>
    ) : (
      <>{children}</>
    ),
  img: ({ alt }) => <>{alt}</>,
  pre: ({ children }) => (
    <pre tabIndex={0} className="overflow-x-auto rounded-lg border bg-sunken p-3 font-mono text-[12.5px] leading-5 [&>code]:p-0">
      {children}
    </pre>
  ),
  code: ({ children }) => <code className="rounded bg-sunken px-1 py-0.5 font-mono text-[0.9em]">{children}</code>,
  blockquote: ({ children }) => <blockquote className="flex flex-col gap-3 border-l-2 border-strong pl-3 text-muted">{children}</blockquote>,
  ul: ({ children }) => <ul className="flex list-disc flex-col gap-1 pl-6">{children}</ul>,
  ol: ({ children, start }) => (
    <ol start={start} className="flex list-decimal flex-col gap-1 pl-6">
      {children}
    </ol>
  ),
  li: ({ children }) => <li className="[&>*+*]:mt-1">{children}</li>,
  input: ({ checked }) => <>{checked ? '☑' : '☐'}</>, // of lists of what is done
  table: ({ children }) => (
    <div tabIndex={0} role="region" aria-label="Table" className="overflow-x-auto rounded-lg border">
      <table className="w-full text-left text-sm">{children}</table>
    </div>
  ),
  thead: ({ children }) => <thead className="border-b bg-sunken">{children}</thead>,
  tbody: ({ children }) => <tbody className="divide-y">{children}</tbody>,
  th: ({ children }) => <th className="px-3 py-1.5 font-medium">{children}</th>,
  td: ({ children }) => <td className="px-3 py-1.5 align-top">{children}</td>,
}
