export function Mark({ size = 36 }: { size?: number }) {
  return <img src="/ui/favicon.svg" alt="" width={size} height={size} className="shrink-0" />
}
