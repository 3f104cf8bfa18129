/** One read for all who ask for the same while it is underway. */
export type Share<V> = (key: string, read: () => Promise<V>) => Promise<V>

export function createShare<V>(): Share<V> {
  const underway = new Map<string, Promise<V>>()
  return (key, read) => {
    const running = underway.get(key)
    if (running) return running
    const promise = read().finally(() => underway.delete(key))
    underway.set(key, promise)
    return promise
  }
}
