/** GitHub's own log of how the default branch moved: no commit and no writer can tell it anything else. */
import type { Context } from './context.ts'
import type { LandedPull } from './pulls.ts'

/** The log and the pull request may tell the time of a merge a little differently. In milliseconds. */
const LEEWAY = 10 * 60 * 1000

/**
 * Where the branch stood when a pull request was merged; undefined where the log does not tell: a push may bring more than
 * the pull request that it merges, and a merge queue lands several at once.
 */
export async function branchBeforeMerge(
  { octokit, target, at, reads }: Context,
  { mergeSha, mergedAt }: LandedPull,
): Promise<string | undefined> {
  const what = `the merges into ${target.defaultBranch} of ${at.owner}/${at.repo}`
  const parameters = {
    ...at,
    ref: `refs/heads/${target.defaultBranch}`,
    activity_type: 'pr_merge' as const,
    per_page: 100,
  }
  const earliest = Date.parse(mergedAt) - LEEWAY
  // The newest come first, so that nothing older than the merge needs to be read.
  const found = await reads.find(
    what,
    octokit.rest.repos.listActivities,
    parameters,
    (page) => page,
    ({ after, timestamp }) => after === mergeSha || Date.parse(timestamp) < earliest,
  )
  return found?.after === mergeSha ? found.before : undefined
}
