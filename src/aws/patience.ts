/** Waits for what AWS says is only for the moment: changes take seconds to reach all of IAM. */
import { codeOf, isMissing, isUnknownPrincipal } from './failures.ts'

/** Milliseconds. */
export type Sleep = (milliseconds: number) => Promise<unknown>

/** The longest pauses between tries, in milliseconds: each is cut by chance, so that two replicas don't meet again. */
const PAUSES = [500, 1000, 2000, 4000]

/** A role that was just made: to who may read below one path only, what IAM does not see yet is forbidden rather than missing. */
export function isUnseen(error: unknown): boolean {
  return isMissing(error) || codeOf(error) === 'AccessDenied'
}

/** Two writers at once, or a principal that was just made. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  return (
    code === 'ConcurrentModification' || code === 'EntityTemporarilyUnmodifiable' || isUnknownPrincipal(error)
  )
}

/** Tries again while the error may pass; throws the last one. */
export async function persist<T>(
  sleep: Sleep,
  action: () => Promise<T>,
  mayPass: (error: unknown) => boolean = isPassing,
): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await action()
    } catch (error) {
      if (!mayPass(error)) throw error
      await sleep(pause * (0.5 + Math.random() / 2))
    }
  }
  return action()
}
