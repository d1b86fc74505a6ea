import { useQuery } from '@tanstack/react-query'
import { actionQuery, parametersQuery } from '@/api/actions'
import { RunForm } from '@/ui/run'
import { Dialog } from '@/ui/dialog'
import { Loading } from '@/ui/state'

/** Runs a workflow as it is saved. */
export function RunDialog({ action, close }: { action: string; close: () => void }) {
  const about = useQuery(actionQuery(action))
  const parameters = useQuery(parametersQuery(action))
  return (
    <Dialog title={`Run ${action}`} open onClose={close}>
      <div className="overflow-y-auto">{about.data && parameters.data ? <RunForm action={about.data} properties={parameters.data} /> : <Loading />}</div>
    </Dialog>
  )
}
