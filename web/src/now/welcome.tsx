import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { useState } from 'react'
import { builtIn, packsQuery } from '@/api/packs'
import { rulesQuery } from '@/api/rules'
import { userQuery } from '@/api/user'
import { Button, buttonClass } from '@/ui/button'
import { remember, remembered } from '@/ui/remember'

const dismissed = 'first steps'

/** Invites whoever is new, as long as there are only the rules that come with the server, and nobody has declined. */
export function Welcome() {
  const rules = useQuery(rulesQuery).data?.items
  const packs = useQuery(packsQuery).data?.items
  const user = useQuery(userQuery)
  const [gone, setGone] = useState(() => remembered(dismissed) === 'no')
  const rbac = user.data?.rbac
  const own = rules && packs && rules.some((r) => !packs.some((p) => p.ref === r.pack && builtIn(p)))
  // Who may not see all rules can't tell whether there is one.
  if (gone || own !== false || !rbac || (rbac.enabled && !rbac.is_admin)) return null
  return (
    <section aria-label="First steps" className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-xl border bg-panel px-4 py-4">
      <Compass size={24} strokeWidth={1.5} className="text-accent" aria-hidden />
      <div className="min-w-60 grow basis-0">
        <h2 className="font-semibold">Nothing is repaired by itself yet</h2>
        <p className="text-sm text-muted">There is no rule of yours. Two commands of your own make a first remediation, in a few minutes.</p>
      </div>
      <div className="flex gap-2">
        <Button
          kind="ghost"
          onClick={() => {
            remember(dismissed, 'no')
            setGone(true)
          }}
        >
          Not now
        </Button>
        <Link to="/start" className={buttonClass({ kind: 'primary' })}>
          Begin
        </Link>
      </div>
    </section>
  )
}
