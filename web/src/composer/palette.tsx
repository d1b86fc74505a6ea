import { useQuery } from '@tanstack/react-query'
import { actionsQuery } from '@/api/actions'
import { PickList } from '@/ui/picklist'
import { Loaded } from '@/ui/state'

/** What is dragged when an action is. */
export const actionType = 'application/x-nightshift-action'

/** Actions to drag onto the canvas, or to add with Enter. */
export function Palette({ add }: { add: (action: string) => void }) {
  const query = useQuery(actionsQuery)
  return (
    <section aria-label="Actions" className="flex h-full flex-col">
      <h2 className="sr-only">Actions</h2>
      <Loaded query={query}>{({ items }) => <PickList what="actions" type={actionType} things={items.filter((a) => a.enabled)} pick={add} />}</Loaded>
    </section>
  )
}
