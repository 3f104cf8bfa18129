/** What every call to GitHub obeys: a used-up rate limit is waited out without asking again, and the clock is compared. */
import type { Octokit } from '@octokit/rest'
import { type Clock, dateOf } from '../clock.ts'
import { RateLimited } from '../ports.ts'
import { rateLimitEnd } from './failures.ts'

/** An Octokit plugin. All clients of an installation share its limit, and so do all of the app itself. */
export function createObedience(
  clock: Clock,
): (octokit: Pick<Octokit, 'hook'>, options: { readonly auth?: unknown }) => void {
  /** Milliseconds since the epoch, by whose limit it is. */
  const closedUntil = new Map<unknown, number>()
  return ({ hook }, { auth }) => {
    const whose =
      typeof auth === 'object' && auth !== null && 'installationId' in auth ? auth.installationId : 'app'
    hook.wrap('request', async (send, options) => {
      const what = `${options.method} ${options.url}`
      const until = closedUntil.get(whose) ?? 0
      if (clock.now() < until) throw new RateLimited(what, until / 1000)
      const began = clock.mark()
      try {
        const answer = await send(options)
        clock.compare(dateOf(answer), began)
        return answer
      } catch (error) {
        clock.compare(
          dateOf(error instanceof Error && 'response' in error ? error.response : undefined),
          began,
        )
        const end = rateLimitEnd(error, Math.floor(clock.now() / 1000))
        if (end === undefined) throw error
        closedUntil.set(whose, end * 1000)
        throw new RateLimited(what, end, error)
      }
    })
  }
}
