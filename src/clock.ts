/** The app's clock: injected everywhere, so that tests and the sandbox can move time. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface BareClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back whenever time did not just pass but was moved. */
  onJump(listener: () => void): void
}

/** A clock that is held against the time of GitHub and AWS, which is what windows are in. */
export interface Clock extends BareClock {
  /** To be handed to `compare` with the answer of a call that begins now. */
  mark(): number
  /** Takes the `Date` of an answer into account. */
  compare(date: string | undefined, mark: number): void
  /** How wrong this machine's own clock is, in milliseconds; positive where it is slow. `now` is put right by it. */
  error(): number
}

export const systemClock: BareClock = { now: () => Date.now(), onJump: () => {} }

/** How long to wait before the sandbox's clock is asked again after it could not be reached, in milliseconds. */
const RETRY_AFTER = 500

/**
 * Follows the clock of a sandbox over HTTP: each request waits at the sandbox until the clock is moved.
 * Throws when the clock can't be read at the start; later failures keep the last known offset.
 */
export async function followClock(url: string, signal: AbortSignal): Promise<BareClock> {
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

/** Answers tell whole seconds, and take their time: less than this is no error. In milliseconds. */
const TOLERATED = 5000
/** A clock that was right is wrong only where it stays so for this long, as another's may have been moved a moment before it. */
const DOUBTED_FOR = 1000

/** Goes by the time of whoever answers where this machine's clock is off; the first answer of all is believed at once. */
export function correct(clock: BareClock): Clock {
  let error = 0
  let isKnown = false
  let doubtedSince: number | undefined
  let jumps = 0
  clock.onJump(() => {
    jumps += 1
    error = 0
    isKnown = false
    doubtedSince = undefined
  })
  return {
    now: () => clock.now() + error,
    onJump: (listener) => clock.onJump(listener),
    mark: () => jumps,
    compare(date, mark) {
      const found = Date.parse(date ?? '') - clock.now()
      if (Number.isNaN(found) || mark !== jumps) return
      const isRight = Math.abs(found - error) <= TOLERATED
      if (isRight) doubtedSince = undefined
      else doubtedSince ??= performance.now()
      const isSure = doubtedSince === undefined || performance.now() - doubtedSince >= DOUBTED_FOR
      if (!isRight && (!isKnown || isSure)) {
        error = Math.abs(found) <= TOLERATED ? 0 : found
        doubtedSince = undefined
      }
      isKnown = true
    },
    error: () => error,
  }
}

/** The `Date` of an HTTP answer, in whatever shape a client hands it on. */
export function dateOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('headers' in answer)) return undefined
  const { headers } = answer
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return undefined
  return typeof headers.date === 'string' ? headers.date : undefined
}
