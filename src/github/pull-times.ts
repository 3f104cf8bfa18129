/** Since when a pull request has stood as it is, by GitHub's clock alone: what a commit says of its date, anybody can write. */
import type { Context } from './context.ts'
import { pullCommits, pullEvents, readPull } from './pulls.ts'

/** After each of these people look at something else than before, or are asked anew. */
const BEGINNINGS: ReadonlySet<string> = new Set([
  'automatic_base_change_succeeded',
  'base_ref_changed',
  'base_ref_force_pushed',
  'head_ref_force_pushed',
  'ready_for_review',
  'reopened',
])

/** In seconds since the epoch; undefined where GitHub does not tell when its head was pushed, as of a fork. */
export async function standsSince(context: Context, number: number): Promise<number | undefined> {
  const [begun, pushed] = await Promise.all([lastBeginning(context, number), lastPush(context, number)])
  return pushed === undefined ? undefined : Math.max(begun, pushed)
}

/** When anybody last did something about it, in seconds since the epoch. Not for the judgement: some of it can be forged. */
export async function lastStirred(context: Context, number: number): Promise<number> {
  const { octokit, at, reads } = context
  const what = `the reviews of pull request #${number} of ${at.owner}/${at.repo}`
  const parameters = { ...at, pull_number: number, per_page: 100 }
  const [begun, pushed, reviewed] = await Promise.all([
    lastBeginning(context, number),
    lastPush(context, number).then((told) => told ?? headDate(context, number)),
    reads.all(what, octokit.rest.pulls.listReviews, parameters, (page) =>
      page.flatMap(({ submitted_at }) => (submitted_at ? [secondsOf(submitted_at)] : [])),
    ),
  ])
  return Math.max(begun, pushed, ...reviewed)
}

async function lastBeginning(context: Context, number: number): Promise<number> {
  const [{ created_at }, events] = await Promise.all([readPull(context, number), pullEvents(context, number)])
  const begun = events.flatMap(({ event, created_at: at }) => (BEGINNINGS.has(event) ? [secondsOf(at)] : []))
  return Math.max(secondsOf(created_at), ...begun)
}

/**
 * When the branch came to end in the head; undefined where the log of the repository does not say so: it is then not
 * whole, or of another repository.
 */
async function lastPush(context: Context, number: number): Promise<number | undefined> {
  const { octokit, target, at, reads } = context
  const { head, merged_at } = await readPull(context, number)
  if (head.repo?.id !== target.id) return undefined
  const what = `the pushes to ${head.ref} in ${at.owner}/${at.repo}`
  const parameters = { ...at, ref: `refs/heads/${head.ref}`, per_page: 100 }
  const moves = await reads.all(what, octokit.rest.repos.listActivities, parameters, (page) => page)
  const [last] = moves
    .map(({ id, after, timestamp, activity_type }) => ({
      id,
      after,
      at: secondsOf(timestamp),
      activity_type,
    }))
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

function secondsOf(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000)
}
