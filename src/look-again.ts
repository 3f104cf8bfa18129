/** What is looked at when its state changed, and again after a while: others may have changed it, and nothing told of that. */

/** `at`: seconds since the epoch. */
export interface Looked {
  readonly state: string
  readonly at: number
}

/** Seconds. */
const LOOK_AGAIN_AFTER = 3600

export function isDue(last: Looked | undefined, state: string, now: number): boolean {
  return last === undefined || last.state !== state || now - last.at >= LOOK_AGAIN_AFTER
}
