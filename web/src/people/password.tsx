import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { messageOf } from '@/api/client'
import { changePassword } from '@/api/people'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { toast } from '@/ui/toast'

export function OwnPassword() {
  const [open, setOpen] = useState(false)
  return (
    <div className="px-4 pb-4">
      <Button size="sm" onClick={() => setOpen(true)}>
        Change your password
      </Button>
      {open && <Change close={() => setOpen(false)} />}
    </div>
  )
}

function Change({ close }: { close: () => void }) {
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const save = useMutation({
    mutationFn: () => changePassword(old, fresh),
    onSuccess: () => {
      toast.done('Your password is changed. Other sessions of yours have ended.')
      close()
    },
  })
  return (
    <Dialog title="Change your password" open onClose={close} className="max-w-sm">
      <form
        className="flex flex-col gap-4 p-5"
        onSubmit={(e) => {
          e.preventDefault()
          save.mutate()
        }}
      >
        <Field label="The old one" needed>
          {(props) => <Input {...props} type="password" autoComplete="current-password" value={old} onChange={(e) => setOld(e.target.value)} />}
        </Field>
        <Field label="The new one" needed hint="At least 8 characters.">
          {(props) => <Input {...props} type="password" autoComplete="new-password" value={fresh} onChange={(e) => setFresh(e.target.value)} />}
        </Field>
        {save.isError && (
          <p role="alert" className="text-sm text-bad">
            {messageOf(save.error)}
          </p>
        )}
        <Button kind="primary" type="submit" disabled={!old || !fresh || save.isPending}>
          Change it
        </Button>
      </form>
    </Dialog>
  )
}
