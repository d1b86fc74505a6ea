import { useEffect, useState } from 'react'

export interface Line {
  text: string
  stream: string // stdout, stderr or output
}

/** Lines kept of one output; a browser has no use for more, and the command line has them all. */
const most = 200_000

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
    this.open.set(stream, parts.pop() ?? '')
    for (const text of parts) this.whole.push({ text: text.replace(/\r$/, ''), stream })
    if (this.whole.length <= most) return
    this.whole = this.whole.slice(-most)
    this.cut = true
  }

  lines(): Line[] {
    const rest = [...this.open].filter(([, text]) => text !== '').map(([stream, text]) => ({ text, stream }))
    return [...this.whole, ...rest]
  }
}
