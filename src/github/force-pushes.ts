/** The force pushes of the default branch: what they threw away is in no history, so GitHub's activity log is asked. */
import type { Context } from './context.ts'
import { contains } from './history.ts'

export interface ForcePush {
  readonly before: string
  readonly after: string
  /** By GitHub's clock, in milliseconds since the epoch. */
  readonly at: number
}

/**
 * Those made since a commit came onto the branch, without those that went back to it or before it. When it came is not
 * taken from dates, which anybody can write into a commit: the first push that threw it away, or something after it,
 * came after it, and so did all later ones.
 */
export async function forcePushesSince(context: Context, commit: string): Promise<ForcePush[]> {
  const all = await listForcePushes(context)
  let since = 0
  for (const { before } of all) {
    if (await contains(context, before, commit)) break
    since++
  }
  const later: ForcePush[] = []
  for (const push of all.slice(since)) {
    if (!(await contains(context, commit, push.after))) later.push(push)
  }
  return later
}

/** The oldest first. */
export async function listForcePushes({ octokit, target, at, reads }: Context): Promise<ForcePush[]> {
  const what = `the force pushes of ${target.defaultBranch} in ${at.owner}/${at.repo}`
  const parameters = {
    ...at,
    ref: `refs/heads/${target.defaultBranch}`,
    activity_type: 'force_push' as const,
    per_page: 100,
  }
  const pushes = await reads.all(what, octokit.rest.repos.listActivities, parameters, (page) => page)
  return pushes
    .map(({ id, before, after, timestamp }) => ({ id, before, after, at: Date.parse(timestamp) }))
    .sort((a, b) => a.at - b.at || a.id - b.id)
}
