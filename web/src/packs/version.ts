/** Whether a version is later than another. What is no version is not. */
export function newer(a: string, than: string): boolean {
  const [x, y] = [a, than].map((v) => /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(v)?.slice(1).map((n) => Number(n ?? 0)))
  if (!x || !y) return false
  const differs = x.findIndex((n, i) => n !== y[i])
  return differs >= 0 && x[differs]! > y[differs]!
}
