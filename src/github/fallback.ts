/** What GitHub tells of those who may stand in for the owners of a path: who they are, and how long the owners have been silent. */
import { countingOwners } from '../core/approvers.ts'
import type { Fallback, PathOwners } from '../core/evidence.ts'
import type { Context } from './context.ts'
import { resolveOwner } from './owners.ts'
import { standsSince } from './pull-times.ts'
import { type PullEvents, pullEvents, readPull } from './pulls.ts'
import { secondsOf } from './times.ts'

/** `named`: as CODEOWNERS would name them. */
export async function readFallback(
  context: Context,
  number: number,
  owners: PathOwners,
  named: readonly string[],
): Promise<Pick<Fallback, 'owners' | 'standsSince' | 'askedAt'>> {
  const [resolved, pull, events] = await Promise.all([
    Promise.all(named.map((owner) => resolveOwner(context, owner))),
    readPull(context, number),
    pullEvents(context, number),
  ])
  const since = await standsSince(context, pull, events)
  const asked = askedSince(events, owners)
  return {
    owners: resolved,
    ...(since !== undefined && { standsSince: since }),
    ...(asked !== undefined && { askedAt: asked }),
  }
}

/** When an owner was first asked for a review, or the team of some; they were notified then, whoever took it back since. */
function askedSince(events: PullEvents, owners: PathOwners): number | undefined {
  const people = countingOwners(owners)
  const teams = new Set(
    owners.owners.flatMap(({ kind, text }) =>
      kind === 'team' ? [text.slice(text.indexOf('/') + 1).toLowerCase()] : [],
    ),
  )
  const asked = events.flatMap((event) => {
    if (event.event !== 'review_requested') return []
    const person = 'requested_reviewer' in event ? event.requested_reviewer?.id : undefined
    const team = 'requested_team' in event ? event.requested_team?.slug?.toLowerCase() : undefined
    const isOwner = (person !== undefined && people.has(person)) || (team !== undefined && teams.has(team))
    return isOwner ? [secondsOf(event.created_at)] : []
  })
  return asked.length === 0 ? undefined : Math.min(...asked)
}
