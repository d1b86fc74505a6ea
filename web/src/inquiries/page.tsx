import { useQuery } from '@tanstack/react-query'
import { CircleHelp } from 'lucide-react'
import { inquiriesQuery } from '@/api/inquiries'
import { Page } from '@/ui/page'
import { Empty, Loaded } from '@/ui/state'
import { InquiryCard } from './card'

/** The questions that wait for somebody, usable on a telephone in bed. */
export function Inquiries() {
  const query = useQuery({ ...inquiriesQuery, refetchInterval: 15_000 })
  return (
    <Page title="Inquiries">
      <Loaded query={query}>
        {({ items, total }) =>
          items.length === 0 ? (
            <Empty icon={CircleHelp} title="Nobody is asked anything">
              A workflow that needs a decision asks here, and goes on when it is answered.
            </Empty>
          ) : (
            <div className="flex flex-col gap-4">
              {items.map((i) => (
                <InquiryCard key={i.id} inquiry={i} />
              ))}
              {total > items.length && <p className="text-sm text-muted">{total - items.length} more wait behind these.</p>}
            </div>
          )
        }
      </Loaded>
    </Page>
  )
}
