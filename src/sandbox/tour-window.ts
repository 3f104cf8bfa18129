/** Watches a window's end: reads all the time, and holds each answer against the very second of the end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expected, type Narrator } from './tour-narrator.ts'
import type { Outcome } from './tour-people.ts'

export interface Watch {
  /** The sandbox's time. */
  now(): number
  read(): Promise<Outcome<unknown>>
  /** Milliseconds since the epoch: the first instant at which reading must be denied. */
  readonly end: number
  readonly narrator: Narrator
}

export interface Watched {
  readonly allowed: number
  readonly denied: number
  /** How long before the end the last read that was answered began, in milliseconds. */
  readonly lastBefore: number
  /** How long after the end the first read that was denied began. */
  readonly firstAfter: number
}

const BETWEEN_READS_MS = 40
const PROGRESS_EVERY_MS = 3_000
/** How long after the end reading is still tried. */
const AFTERWARDS_MS = 1_500

export async function watchEnd({ now, read, end, narrator }: Watch): Promise<Watched> {
  let [allowed, denied, lastAllowed, firstDenied] = [0, 0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  let nextProgress = now()
  while (now() < end + AFTERWARDS_MS) {
    const began = now()
    if (began >= nextProgress && began < end) {
      narrator.waiting(`${Math.ceil((end - began) / 1000)} s left, ${allowed} reads answered`)
      nextProgress = began + PROGRESS_EVERY_MS
    }
    const { kind } = await read()
    // A read under way at the end may go either way; every other one may not.
    if (now() < end)
      expected(kind === 'allowed', 'to read until the end', `denied ${end - began} ms before it`)
    if (began >= end)
      expected(kind === 'denied', 'no reading after the end', `a read ${began - end} ms after it`)
    if (kind === 'allowed') {
      allowed += 1
      lastAllowed = began
    } else {
      denied += 1
      firstDenied = Math.min(firstDenied, Math.max(began, end))
    }
    await sleep(BETWEEN_READS_MS)
  }
  const watched = { allowed, denied, lastBefore: end - lastAllowed, firstAfter: firstDenied - end }
  expected(watched.lastBefore <= 1_000, 'a read answered in the last second', watched)
  expected(watched.firstAfter <= 1_000, 'a read denied in the first second after the end', watched)
  return watched
}
