/** GitHub's times as the app goes by them. */

/** Whole seconds since the epoch. */
export function secondsOf(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000)
}
