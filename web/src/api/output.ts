import { useEffect, useState } from 'react'

export interface Line {
  text: string
  stream: string // stdout, stderr or output
}

/** Lines kept of one output; a browser has no use for more, and the command line has them all. */
const most = 200_000

/** Lines that are longer are broken: a browser stands still over a line of a megabyte. */
const longest = 2000

export interface Output {
  lines: Line[]
  over: boolean // no more will come
  lost: boolean
  cut: boolean // there was more than is kept
}

const nothing: Output = { lines: [], over: false, lost: false, cut: false }

/** Follows what an execution prints, from its beginning. */
export function useOutput(id: string): Output {
  const [output, setOutput] = useState<Output>(nothing)
  useEffect(() => {
    let pieces = new Pieces()
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (now: Partial<Output>) => {
      clearTimeout(timer)
      timer = undefined
      setOutput((old) => ({ ...old, lost: false, ...now, lines: pieces.lines(), cut: pieces.cut }))
    }
    const source = new EventSource(`/stream/v1/executions/${encodeURIComponent(id)}/output`)
    // A stream that is opened again begins at the beginning.
    source.onopen = () => {
      pieces = new Pieces()
    }
    source.addEventListener('st2.execution.output__create', (m: MessageEvent<string>) => {
      const { data, output_type } = JSON.parse(m.data) as { data: string; output_type: string }
      pieces.add(data, output_type)
      timer ??= setTimeout(() => show({}), 80)
    })
    source.addEventListener('EOF', () => {
      source.close()
      show({ over: true })
    })
    source.onerror = () => show({ lost: true })
    return () => {
      source.close()
      clearTimeout(timer)
      setOutput(nothing)
    }
  }, [id])
  return output
}

/** Pieces of output, put together to lines. */
export class Pieces {
  private whole: Line[] = []
  private open = new Map<string, string>() // by stream: what has no end of line yet
  cut = false

  add(data: string, stream: string) {
    const parts = ((this.open.get(stream) ?? '') + data).split('\n')
    let rest = parts.pop() ?? ''
    for (const text of parts) this.push(text.replace(/\r$/, ''), stream)
    // What goes on for ever without an end of line is not looked through again and again.
    if (rest.length > longest) {
      const whole = rest.length - (rest.length % longest)
      this.push(rest.slice(0, whole), stream)
      rest = rest.slice(whole)
    }
    this.open.set(stream, rest)
    if (this.whole.length <= most) return
    this.whole = this.whole.slice(-most)
    this.cut = true
  }

  private push(text: string, stream: string) {
    this.whole.push({ text: text.slice(0, longest), stream })
    for (let at = longest; at < text.length; at += longest) this.whole.push({ text: text.slice(at, at + longest), stream })
  }

  lines(): Line[] {
    const rest = [...this.open].filter(([, text]) => text !== '').map(([stream, text]) => ({ text, stream }))
    return [...this.whole, ...rest]
  }
}
