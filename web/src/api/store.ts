/** A value that may change, and who wants to know when it does. */
export function value<T>(initial: T) {
  let now = initial
  const listeners = new Set<() => void>()
  return {
    get: () => now,
    set: (next: T) => {
      if (Object.is(next, now)) return
      now = next
      listeners.forEach((tell) => tell())
    },
    subscribe: (tell: () => void) => {
      listeners.add(tell)
      return () => {
        listeners.delete(tell)
      }
    },
  }
}
