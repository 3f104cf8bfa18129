/** A cache that forgets what was used longest ago once it holds too much. */
import { createShare } from './share.ts'

export interface BoundedCache<V> {
  get(key: string): V | undefined
  set(key: string, value: V, weight: number): void
}

export function createBoundedCache<V>(capacity: number): BoundedCache<V> {
  // A Map iterates in order of insertion, so the first key is the one used longest ago.
  const entries = new Map<string, { readonly value: V; readonly weight: number }>()
  let held = 0

  function remove(key: string): void {
    held -= entries.get(key)?.weight ?? 0
    entries.delete(key)
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, weight) {
      remove(key)
      if (weight > capacity) return
      entries.set(key, { value, weight })
      held += weight
      for (const oldest of entries.keys()) {
        if (held <= capacity) break
        remove(oldest)
      }
    },
  }
}

export type Remember<V> = (key: string, load: () => Promise<V>) => Promise<V>

/** Loads what can never change once, also when it is asked for again while it is still being loaded. */
export function rememberForever<V>(capacity: number, weigh: (value: V) => number): Remember<V> {
  const cache = createBoundedCache<V>(capacity)
  const share = createShare<V>()

  return (key, load) => {
    const known = cache.get(key)
    if (known !== undefined) return Promise.resolve(known)
    return share(key, async () => {
      const value = await load()
      cache.set(key, value, weigh(value))
      return value
    })
  }
}
