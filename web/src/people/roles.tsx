import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { assignmentsQuery, reloadRoles, rolesQuery, type Grant, type Role, type RoleAssignment } from '@/api/people'
import { Button } from '@/ui/button'
import { Loaded } from '@/ui/state'
import { toast } from '@/ui/toast'

/** What each role allows, and who has it. They are in files, so here they are only looked at. */
export function Roles({ on }: { on: boolean }) {
  const client = useQueryClient()
  const roles = useQuery(rolesQuery)
  const assignments = useQuery(assignmentsQuery)
  const reload = useMutation({
    mutationFn: reloadRoles,
    onSuccess: ({ roles, assignments }) => {
      toast.done(`${roles} roles and ${assignments} assignments are in force.`)
      return client.invalidateQueries({ queryKey: ['roles'] })
    },
    onError: toast.failed,
  })
  return (
    <>
      {on ? (
        <p className="flex flex-wrap items-center gap-3 border-b px-4 py-3 text-sm text-muted">
          <span className="grow">Roles are written in the files of the folder that the setting rbac.folder names.</span>
          <Button size="sm" disabled={reload.isPending} onClick={() => reload.mutate()}>
            Read them again
          </Button>
        </p>
      ) : (
        <p className="border-b px-4 py-3 text-sm text-warn">Roles are off, and nobody is held to them: the setting rbac.enable switches them on.</p>
      )}
      <Loaded query={roles}>
        {(all) => (
          <ul className="divide-y">
            {all.map((r) => (
              <Line key={r.name} role={r} has={(assignments.data ?? []).filter((a) => a.role === r.name)} />
            ))}
          </ul>
        )}
      </Loaded>
    </>
  )
}

function Line({ role: r, has }: { role: Role; has: RoleAssignment[] }) {
  return (
    <li className="flex flex-col gap-1.5 px-4 py-2.5">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="font-medium">{r.name}</span>
        {r.system && <span className="text-xs text-muted">comes with the server</span>}
        <span className="text-sm text-muted">{r.description}</span>
      </p>
      {r.permission_grant_objects.length > 0 && (
        <ul className="flex flex-col gap-0.5 font-mono text-[12.5px]">
          {r.permission_grant_objects.map((g, i) => (
            <li key={i} className="break-words">
              {granted(g)}
            </li>
          ))}
        </ul>
      )}
      <p className="text-sm text-muted">{has.length === 0 ? 'Nobody has it.' : <>Had by {has.map((a) => a.user + (a.is_remote ? ' (by a group)' : '')).join(', ')}</>}</p>
    </li>
  )
}

function granted(g: Grant): string {
  return [g.permission_types.join(', '), g.resource_uid && `on ${g.resource_uid}`, g.exclusive && '(hidden from all others)'].filter(Boolean).join(' ')
}
