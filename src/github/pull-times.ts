/** Since when a pull request has stood as it is, by GitHub's clock alone: what a commit says of its date, anybody can write. */
import type { Context } from './context.ts'
import {
  BASE_CHANGES,
  lastOf,
  type PullEvents,
  pullCommits,
  pullEvents,
  pullReviews,
  readPull,
} from './pulls.ts'
import { secondsOf } from './times.ts'

type Pull = Awaited<ReturnType<typeof readPull>>

/** After each of these people look at something else than before, or are asked anew. */
const BEGINNINGS: ReadonlySet<string> = new Set([
  ...BASE_CHANGES,
  'head_ref_force_pushed',
  'ready_for_review',
  'reopened',
])

/** In seconds since the epoch; undefined where GitHub does not tell when its head was pushed, as of a fork. */
export async function standsSince(
  context: Context,
  pull: Pull,
  events: PullEvents,
): Promise<number | undefined> {
  const pushed = await lastPush(context, pull)
  return pushed === undefined ? undefined : Math.max(lastBeginning(pull, events), pushed)
}

/** When anybody last did something about it, in seconds since the epoch. Not for the judgement: some of it can be forged. */
export async function lastStirred(context: Context, number: number): Promise<number> {
  const [pull, events, reviews] = await Promise.all([
    readPull(context, number),
    pullEvents(context, number),
    pullReviews(context, number),
  ])
  const pushed = (await lastPush(context, pull)) ?? (await headDate(context, number))
  const reviewed = reviews.flatMap(({ submitted_at }) => (submitted_at ? [secondsOf(submitted_at)] : []))
  return Math.max(lastBeginning(pull, events), pushed, ...reviewed)
}

function lastBeginning({ created_at }: Pull, events: PullEvents): number {
  return Math.max(secondsOf(created_at), lastOf(events, BEGINNINGS) ?? 0)
}

/**
 * When the branch came to end in the head; undefined where the log of the repository does not say so: it is then not
 * whole, or of another repository.
 */
async function lastPush(
  { octokit, target, at, reads }: Context,
  { head, merged_at }: Pull,
): Promise<number | undefined> {
  if (head.repo?.id !== target.id) return undefined
  const what = `the pushes to ${head.ref} in ${at.owner}/${at.repo}`
  const parameters = { ...at, ref: `refs/heads/${head.ref}`, per_page: 100 }
  const moves = await reads.all(what, octokit.rest.repos.listActivities, parameters, (page) => page)
  const [last] = moves
    .map(({ timestamp, ...move }) => ({ ...move, at: secondsOf(timestamp) }))
    // What was done to the branch after the merge is no part of it.
    .filter(
      (move) => move.activity_type !== 'branch_deletion' && (!merged_at || move.at <= secondsOf(merged_at)),
    )
    .sort((a, b) => b.at - a.at || b.id - a.id)
  return last?.after === head.sha ? last.at : undefined
}

async function headDate(context: Context, number: number): Promise<number> {
  const date = (await pullCommits(context, number)).at(-1)?.commit.committer?.date
  return date === undefined ? 0 : secondsOf(date)
}
