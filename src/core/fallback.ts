/** Those who stand in for the owners of a path that do not answer: whom the rules name, and from when on. */
import { countingOwners } from './approvers.ts'
import type { Fallback, PathOwners, Person } from './evidence.ts'

/** As what somebody acted at a time: `untold` and `too-early` may stand in, but can't be seen to have waited, or did not. */
type Standing = 'owner' | 'nobody' | 'untold' | 'too-early'

export interface PathAuthority {
  readonly owners: PathOwners
  readonly fallback?: Fallback
}

/** `at`: by GitHub's clock, in seconds since the epoch. */
export function standingOf({ id }: Person, at: number, { owners, fallback }: PathAuthority): Standing {
  if (countingOwners(owners).has(id)) return 'owner'
  if (!standsIn({ id }, fallback)) return 'nobody'
  const from = fallbackFrom(fallback)
  if (from === undefined) return fallback.standsSince === undefined ? 'untold' : 'too-early'
  return at >= from ? 'owner' : 'too-early'
}

/** Whom the rules let stand in, sooner or later. */
export function standsIn(
  { id }: Pick<Person, 'id'>,
  fallback: Fallback | undefined,
): fallback is Fallback & { readonly counts: true } {
  return fallback?.counts === true && countingOwners(fallback).has(id)
}

/**
 * From when on they may: the owners had their time, counted from when they were asked and the pull request became what it
 * is. In seconds since the epoch; undefined where the owners were never asked, or GitHub does not tell.
 */
export function fallbackFrom({ after, standsSince, askedAt }: Fallback): number | undefined {
  if (standsSince === undefined || askedAt === undefined) return undefined
  const from = Math.max(standsSince, askedAt) + after
  return Number.isFinite(from) ? from : undefined
}
