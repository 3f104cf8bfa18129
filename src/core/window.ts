/** The time during which access stands: how durations and instants are written, and when a window is open. */

/** [start, end), in whole seconds since the epoch, UTC. */
export interface Window {
  readonly start: number
  readonly end: number
}

export type Phase = 'waiting' | 'open' | 'over'

const MINUTE = 60
const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** No unit twice, none out of order; at most six digits each, so that the sum stays exact. */
const SHORT = /^(?=\d)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/
/** ISO 8601 without years, months and weeks: `P1M` means 60 seconds, 30 or 31 days, depending on whom you ask. */
const ISO = /^P(?=\d|T)(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$/

/** Both of them. */
export const DURATION = new RegExp(`${SHORT.source}|${ISO.source}`)

/** Seconds of `30m`, `4h`, `1d12h`, `90s` or `PT4H`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = SHORT.exec(text) ?? ISO.exec(text)
  if (!match) return undefined
  const [days, hours, minutes, seconds] = match.slice(1).map((digits) => Number(digits ?? 0))
  return (days ?? 0) * DAY + (hours ?? 0) * HOUR + (minutes ?? 0) * MINUTE + (seconds ?? 0)
}

/** The shortest way to write it that `parseDuration` reads back: `1d12h`. */
export function formatDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / DAY), 'd'],
    [Math.floor((seconds % DAY) / HOUR), 'h'],
    [Math.floor((seconds % HOUR) / MINUTE), 'm'],
    [seconds % MINUTE, 's'],
  ] as const
  return (
    parts
      .filter(([count]) => count > 0)
      .map(([count, unit]) => `${count}${unit}`)
      .join('') || '0s'
  )
}

/** Clocks that print parts of a second may: nothing begins between two. */
export const INSTANT =
  /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.0{1,9})?)?(?:Z|([+-])(0\d|1[0-4]):([0-5]\d))$/

/** Seconds since the epoch of `2026-11-24T09:00:00Z`, or of the same with an offset such as `+01:00`; undefined for anything else. */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text)
  if (!match) return undefined
  const [, date, time, seconds = '00', sign, hours, minutes] = match
  const local = Date.parse(`${date}T${time}:${seconds}Z`) / 1000
  // Date takes 30 February for 2 March, and 24:00 for the next day: only what is on its own day is an instant.
  if (new Date(local * 1000).getUTCDate() !== Number(date?.slice(8))) return undefined
  const offset = Number(hours ?? 0) * HOUR + Number(minutes ?? 0) * MINUTE
  return sign === '-' ? local + offset : local - offset
}

/** `2026-11-24T09:00:00Z` */
export function formatInstant(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
}

/** Access never begins before the merge, and an early start does not shorten it. */
export function windowOf(
  request: { readonly start?: number; readonly durationSeconds: number },
  mergedAt: number,
): Window {
  const start = Math.max(request.start ?? mergedAt, mergedAt)
  return { start, end: start + request.durationSeconds }
}

export function phaseOf(window: Window, now: number): Phase {
  if (now >= window.end) return 'over'
  return now < window.start ? 'waiting' : 'open'
}
