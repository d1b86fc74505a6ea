import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { Fault } from '@/api/client'
import { graphQuery } from '@/api/executions'
import type { Execution } from '@/api/types'
import { cx } from '@/ui/cx'
import { Failure, Loading } from '@/ui/state'
import { Tabs } from '@/ui/tabs'
import { TaskDetail } from './detail'
import { useParts } from './parts'
import { Timeline } from './timeline'
import { Tree } from './tree'

const drawing = () => import('./graph')
const LiveGraph = lazy(() => drawing().then((m) => ({ default: m.LiveGraph })))

export interface Shown {
  view?: string
  task?: string
}

/** A workflow: as a graph, in time, and as a tree; and beside it the task that is selected. */
export function Workflow({ execution: e, shown, show }: { execution: Execution; shown: Shown; show: (s: Shown) => void }) {
  const graph = useQuery(graphQuery(e.id))
  const parts = useParts(e.id)
  const task = graph.data && shown.task
  const drawn = !shown.view
  useEffect(() => {
    if (drawn) drawing().catch(() => undefined) // its code need not wait for what is drawn
  }, [drawn])
  const picture = () => {
    const coming = <Loading lines={8} className="h-[34rem]" />
    if (graph.data) {
      return (
        <Suspense fallback={coming}>
          <LiveGraph graph={graph.data} parts={parts} selected={shown.task} select={(t) => show({ ...shown, task: t })} />
        </Suspense>
      )
    }
    if (graph.error instanceof Fault && graph.error.status === 404) return <p className="px-4 py-6 text-center text-muted">It has not begun.</p>
    return graph.isError ? <Failure error={graph.error} retry={() => void graph.refetch()} /> : coming
  }
  return (
    <div className={cx('grid items-start gap-4', task && 'lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]')}>
      <Tabs
        label="Views of the workflow"
        open={shown.view ?? 'graph'}
        onOpen={(view) => show({ ...shown, view: view === 'graph' ? undefined : view })}
        tabs={[
          { id: 'graph', name: 'Graph', content: picture() },
          { id: 'timeline', name: 'Timeline', content: <Timeline workflow={e} parts={parts} /> },
          { id: 'tree', name: 'Tree', content: <Tree id={e.id} /> },
        ]}
      />
      {task && <TaskDetail graph={graph.data} parts={parts} task={task} close={() => show({ ...shown, task: undefined })} />}
    </div>
  )
}
