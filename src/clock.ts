/** The app's clock: injected everywhere, so that tests and the sandbox can move time. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back whenever time did not just pass but was moved. */
  onJump(listener: () => void): void
}

export const systemClock: Clock = { now: () => Date.now(), onJump: () => {} }

/** How long to wait before the sandbox's clock is asked again after it could not be reached, in milliseconds. */
const RETRY_AFTER = 500

/**
 * Follows the clock of a sandbox over HTTP: each request waits at the sandbox until the clock is moved.
 * Throws when the clock can't be read at the start; later failures keep the last known offset.
 */
export async function followClock(url: string, signal: AbortSignal): Promise<Clock> {
  const listeners = new Set<() => void>()
  let offset = await readOffset(url, signal)

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      try {
        const next = await readOffset(`${url}?changed-from=${offset}`, signal)
        if (next === offset) continue
        offset = next
        for (const listener of listeners) listener()
      } catch {
        await sleep(RETRY_AFTER, undefined, { signal }).catch(() => {})
      }
    }
  }
  void follow()
  return { now: () => Date.now() + offset, onJump: (listener) => listeners.add(listener) }
}

async function readOffset(url: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`the sandbox's clock answered ${response.status}`)
  const body = (await response.json()) as { offset?: unknown }
  if (typeof body.offset !== 'number') throw new Error("the sandbox's clock gave no offset")
  return body.offset
}
