import { useEffect, useState, type Dispatch, type SetStateAction } from 'react'

/** What this browser remembers for the one who uses it. Storage may be forbidden; then it is forgotten with the page. */
export function remember(key: string, text: string): void {
  try {
    localStorage.setItem(key, text)
  } catch {
    // see above
  }
}

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** A state that this browser remembers. What it remembers takes the place of what is usual, key by key. */
export function useRemembered<T extends object>(key: string, usual: T): [T, Dispatch<SetStateAction<T>>] {
  const [first] = useState((): T => {
    try {
      return { ...usual, ...(JSON.parse(remembered(key) ?? '{}') as Partial<T>) }
    } catch {
      return usual // something else is kept there
    }
  })
  const [value, setValue] = useState(first)
  useEffect(() => {
    if (value !== first) remember(key, JSON.stringify(value))
  }, [key, value, first])
  return [value, setValue]
}
