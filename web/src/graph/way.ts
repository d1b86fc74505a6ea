import { getBezierPath, type EdgeProps } from '@xyflow/react'
import type { Point } from './arrange'

type Ends = Pick<EdgeProps, 'sourceX' | 'sourceY' | 'targetX' | 'targetY' | 'sourcePosition' | 'targetPosition'>

/** The line of a way, and the middle of it: straight to its target, or by the points of its route from layer to layer. */
export function lineOf(ends: Ends, route: Point[] | undefined): [path: string, x: number, y: number] {
  if (!route) {
    const [path, x, y] = getBezierPath(ends)
    return [path, x, y]
  }
  const points = [...route, { x: ends.targetX, y: ends.targetY }]
  let path = `M${ends.sourceX},${ends.sourceY}`
  let last: Point = { x: ends.sourceX, y: ends.sourceY }
  for (const p of points) {
    const half = (last.y + p.y) / 2
    path += ` C${last.x},${half} ${p.x},${half} ${p.x},${p.y}`
    last = p
  }
  const middle = route[Math.floor(route.length / 2)]!
  return [path, middle.x, middle.y]
}
