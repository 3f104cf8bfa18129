/** Waits for what AWS says is only for the moment: changes take seconds to reach all of IAM. */
import { codeOf, isUnknownPrincipal } from './failures.ts'

/** Milliseconds. */
export type Sleep = (milliseconds: number) => Promise<unknown>

/** Pauses between tries, in milliseconds. */
const PAUSES = [500, 1000, 2000, 4000]

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
      await sleep(pause)
    }
  }
  return action()
}
