import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMay } from '@/api/rights'
import { saveRule } from '@/api/rules'
import type { Rule } from '@/api/types'
import { Switch } from '@/ui/switch'
import { toast } from '@/ui/toast'

/** Has a rule listen, or not. Whoever may not change it sees only how it is. */
export function RuleSwitch({ rule }: { rule: Rule }) {
  const may = useMay('rule:' + rule.ref)
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: (enabled: boolean) => saveRule({ ...rule, enabled }),
    onSuccess: (saved) => {
      toast.done(`${saved.ref} ${saved.enabled ? 'listens' : 'does not listen any more'}.`, { label: 'Undo', run: () => save.mutate(!saved.enabled) })
      return Promise.all([client.invalidateQueries({ queryKey: ['rules'] }), client.invalidateQueries({ queryKey: ['rule', rule.ref] })])
    },
    onError: toast.failed,
  })
  const on = save.isPending ? save.variables : rule.enabled
  if (!may('rule_modify')) return <span className="w-16 shrink-0 text-sm text-muted">{rule.enabled ? 'enabled' : 'disabled'}</span>
  return <Switch label={`${rule.ref} is ${on ? 'enabled' : 'disabled'}`} on={on} disabled={save.isPending} onChange={save.mutate} />
}
