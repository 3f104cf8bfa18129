/** The sandbox's time: the machine's clock plus an offset that a person or a test may set. */
export interface SandboxClock {
  /** Milliseconds since the epoch, as the sandbox sees it. */
  now(): number
  /** What is added to the machine's clock, in milliseconds. */
  offset(): number
  /** Moves the clock so that `now()` continues from this instant. */
  set(epochMilliseconds: number): void
  /** Calls back after every move; returns the way to stop that. */
  onMove(listener: () => void): () => void
}

/** @param offsetAtStart in milliseconds, what is added to the machine's clock until the first move */
export function createClock(offsetAtStart = 0): SandboxClock {
  let offset = offsetAtStart
  const listeners = new Set<() => void>()
  return {
    now: () => Date.now() + offset,
    offset: () => offset,
    set(epochMilliseconds) {
      offset = epochMilliseconds - Date.now()
      for (const listener of listeners) listener()
    },
    onMove(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
