/** Which owners are asked for a review: those who could give a missing approval, and were neither asked before nor have reviewed. */
import type { AwaitedOwner, Standing } from './approval.ts'
import type { Person } from './evidence.ts'
import type { Judged } from './report-approval.ts'

/** People by login, teams by slug; in lower case, as GitHub tells no cases apart. */
export interface Reviewers {
  readonly people: readonly string[]
  readonly teams: readonly string[]
}

/** GitHub takes no more for one pull request. */
const MOST_REVIEWERS = 15

/** Before these an approval is of no use, so that nobody is bothered for one. */
const WANTS_APPROVAL: ReadonlySet<string> = new Set(['approvals-missing', 'guarded-file-unapproved'])

/**
 * `asked`: whoever was asked at any time, so that nobody is asked again whom somebody took off the list. `now`: seconds
 * since the epoch, as those who stand in for the owners are asked only when it is their turn.
 */
export function reviewersToAsk(judged: readonly Judged[], asked: Reviewers, now: number): Reviewers {
  const waiting = judged.filter(
    ({ verdict }) => verdict.outcome === 'rejected' && WANTS_APPROVAL.has(verdict.code),
  )
  const people = new Set<string>()
  const teams = new Set<string>()
  for (const { standing } of waiting) {
    const hasReviewed = ({ id }: Person) => standing.reviewed.includes(id)
    for (const owner of [...standing.awaited, ...standInsDue(standing, now)]) {
      const team = owner.kind === 'team' ? slugOf(owner) : undefined
      if (team !== undefined && asked.teams.includes(team)) continue
      if (team !== undefined && !owner.people.some(hasReviewed)) teams.add(team)
      else for (const person of owner.people) if (!hasReviewed(person)) people.add(person.login.toLowerCase())
    }
  }
  const named = [...teams].slice(0, MOST_REVIEWERS)
  const fresh = [...people].filter((login) => !asked.people.includes(login))
  return { teams: named, people: fresh.slice(0, MOST_REVIEWERS - named.length) }
}

function standInsDue({ fallback }: Standing, now: number): readonly AwaitedOwner[] {
  return fallback?.from !== undefined && fallback.from <= now ? fallback.owners : []
}

function slugOf({ text }: AwaitedOwner): string {
  return text.slice(text.indexOf('/') + 1).toLowerCase()
}
