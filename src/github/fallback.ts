/** What GitHub tells of those who may stand in for the owners of a path: who they are, and how long the owners have been silent. */
import { countingOwners } from '../core/approvers.ts'
import type { Fallback, PathOwners } from '../core/evidence.ts'
import type { Context } from './context.ts'
import { resolveOwner } from './owners.ts'
import { standsSince } from './pull-times.ts'
import { pullEvents } from './pulls.ts'

/** `named`: as CODEOWNERS would name them. */
export async function readFallback(
  context: Context,
  pull: number,
  owners: PathOwners,
  named: readonly string[],
): Promise<Pick<Fallback, 'owners' | 'standsSince' | 'askedAt'>> {
  const [resolved, since, asked] = await Promise.all([
    Promise.all(named.map((owner) => resolveOwner(context, owner))),
    standsSince(context, pull),
    askedSince(context, pull, owners),
  ])
  return {
    owners: resolved,
    ...(since !== undefined && { standsSince: since }),
    ...(asked !== undefined && { askedAt: asked }),
  }
}

/** When an owner was first asked for a review, or the team of some; they were notified then, whoever took it back since. */
async function askedSince(context: Context, pull: number, owners: PathOwners): Promise<number | undefined> {
  const people = countingOwners(owners)
  const teams = new Set(
    owners.owners.flatMap(({ kind, text }) =>
      kind === 'team' ? [text.slice(text.indexOf('/') + 1).toLowerCase()] : [],
    ),
  )
  const asked = (await pullEvents(context, pull)).flatMap((event) => {
    if (event.event !== 'review_requested') return []
    const person = 'requested_reviewer' in event ? event.requested_reviewer?.id : undefined
    const team = 'requested_team' in event ? event.requested_team?.slug?.toLowerCase() : undefined
    const isOwner = (person !== undefined && people.has(person)) || (team !== undefined && teams.has(team))
    return isOwner ? [Math.floor(Date.parse(event.created_at) / 1000)] : []
  })
  return asked.length === 0 ? undefined : Math.min(...asked)
}
