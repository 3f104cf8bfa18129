/** Counts the calls of each token by the hour, in the sandbox's time. */
import type { SandboxClock } from '../clock.ts'
import type { Actor } from './auth.ts'
import type { RateView } from './router.ts'

const HOUR_MS = 60 * 60 * 1000
const ANONYMOUS_LIMIT = 60

export interface RateLimiter {
  view(actor: Actor): RateView
  /** One call more. */
  spend(actor: Actor): void
}

export function createRateLimiter(clock: SandboxClock, limit: number): RateLimiter {
  const windows = new Map<string, { until: number; used: number }>()
  function windowOf(actor: Actor) {
    const key = spender(actor)
    const now = clock.now()
    const current = windows.get(key)
    // A clock that was set back must not leave a window that ends days ahead.
    if (current && current.until > now && current.until <= now + HOUR_MS) return current
    const fresh = { until: now + HOUR_MS, used: 0 }
    windows.set(key, fresh)
    return fresh
  }
  return {
    view(actor) {
      const { used, until } = windowOf(actor)
      const allowed = actor.kind === 'anonymous' ? ANONYMOUS_LIMIT : limit
      return { limit: allowed, used, remaining: Math.max(0, allowed - used), reset: Math.ceil(until / 1000) }
    },
    spend(actor) {
      windowOf(actor).used += 1
    },
  }
}

/** All tokens of a person share one allowance; so do all of an installation. */
function spender(actor: Actor): string {
  switch (actor.kind) {
    case 'user':
      return actor.user.login
    case 'installation':
    case 'app':
    case 'anonymous':
      return actor.kind
  }
}
