/** The one stretch that makes a text another: what an editor needs to keep its cursor, and to undo. */
export function change(before: string, after: string): { from: number; to: number; insert: string } {
  let from = 0
  const most = Math.min(before.length, after.length)
  while (from < most && before[from] === after[from]) from++
  let tail = 0
  while (tail < most - from && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) }
}
