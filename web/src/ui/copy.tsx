import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { Button, IconButton } from './button'
import { toast } from './toast'

/** Copies a text. Without words it is only a picture. */
export function CopyButton({ text, label, words }: { text: string | (() => string); label: string; words?: boolean }) {
  const [done, setDone] = useState(false)
  const copy = () => {
    navigator.clipboard.writeText(typeof text === 'function' ? text() : text).then(
      () => {
        setDone(true)
        setTimeout(() => setDone(false), 1500)
      },
      () => toast.failed('The browser does not let this page write to the clipboard.'),
    )
  }
  const icon = done ? <Check size={14} className="text-good" aria-hidden /> : <Copy size={14} aria-hidden />
  if (words) {
    return (
      <Button onClick={copy} size="sm">
        {icon} {done ? 'Copied' : label}
      </Button>
    )
  }
  return (
    <IconButton label={done ? 'Copied' : label} onClick={copy}>
      {icon}
    </IconButton>
  )
}
