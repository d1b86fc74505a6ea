import { useMutation, useQueryClient } from '@tanstack/react-query'
import { bodyOf, savePolicy } from '@/api/policies'
import { useMay } from '@/api/rights'
import type { Policy } from '@/api/types'
import { Switch } from '@/ui/switch'
import { toast } from '@/ui/toast'

/** Has a policy count, or not. */
export function PolicySwitch({ policy }: { policy: Policy }) {
  const may = useMay('policy:' + policy.ref)
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: (enabled: boolean) => savePolicy(policy.ref, { ...bodyOf(policy), enabled }),
    onSuccess: (saved) => {
      toast.done(`${saved.ref} ${saved.enabled ? 'counts' : 'does not count any more'}.`, { label: 'Undo', run: () => save.mutate(!saved.enabled) })
      return Promise.all([client.invalidateQueries({ queryKey: ['policies'] }), client.invalidateQueries({ queryKey: ['policy', policy.ref] })])
    },
    onError: toast.failed,
  })
  const on = save.isPending ? save.variables : policy.enabled
  if (!may('policy_modify')) return <span className="w-16 shrink-0 text-sm text-muted">{policy.enabled ? 'enabled' : 'disabled'}</span>
  return <Switch label={`${policy.ref} is ${on ? 'enabled' : 'disabled'}`} on={on} disabled={save.isPending} onChange={save.mutate} />
}
