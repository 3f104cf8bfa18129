/** Auto-merge: somebody who may write asks for the merge beforehand, and GitHub makes it once the rules are met. */
import type { NamedActor } from './auth.ts'
import { pullEvent } from './events.ts'
import { Refused } from './failure.ts'
import { GraphQlError } from './graphql.ts'
import { type MERGE_METHODS, mergePull, testMerge } from './merge.ts'
import { isProtected, isUnstable, missingForMerge } from './protection.ts'
import { type PullIssue, pullsOf, type Repository, type World } from './world.ts'

export interface AutoMergeWish {
  readonly method: (typeof MERGE_METHODS)[number]
  readonly title: string | null
  readonly message: string | null
}

/** Only where there is something to wait for; what could be merged at once is refused, as GitHub does. */
export async function enableAutoMerge(
  world: World,
  repository: Repository,
  issue: PullIssue,
  actor: NamedActor,
  wish: AutoMergeWish,
): Promise<void> {
  if (!repository.allowAutoMerge) throw new GraphQlError('Auto merge is not allowed for this repository')
  if (issue.state === 'closed') throw new GraphQlError('Pull request is closed')
  if (!isProtected(repository, `refs/heads/${issue.pull.base.ref}`))
    throw new GraphQlError('Pull request Protected branch rules not configured for this branch')
  if ((await testMerge(world, repository, issue)) === undefined)
    throw new GraphQlError('Pull request Pull request is in dirty status')
  if (!issue.pull.draft && (await missingForMerge(world, repository, issue)).length === 0) {
    const status = isUnstable(repository, issue) ? 'unstable' : 'clean'
    throw new GraphQlError(`Pull request Pull request is in ${status} status`)
  }
  issue.pull.autoMerge = { by: actor.user, at: world.clock.now(), ...wish }
  await pullEvent(world, repository, issue, actor.user, 'auto_merge_enabled')
}

/** Merges, in the name of whoever switched it on, what the rules let through now; nobody's bypass counts. */
export async function mergeWhatIsDue(world: World): Promise<void> {
  for (const repository of world.repositories.values()) {
    for (const issue of pullsOf(repository)) {
      if (issue.pull.autoMerge) await repository.lock.run(() => mergeIfDue(world, repository, issue))
    }
  }
}

async function mergeIfDue(world: World, repository: Repository, issue: PullIssue): Promise<void> {
  const { autoMerge, draft } = issue.pull
  if (!autoMerge || draft || issue.state === 'closed') return
  if ((await missingForMerge(world, repository, issue)).length > 0) return
  const { by: user, method, title, message } = autoMerge
  const wish = { method, sha: undefined, title: title ?? undefined, message: message ?? undefined }
  try {
    await mergePull(world, repository, issue, { kind: 'user', user, token: '' }, wish)
  } catch (error) {
    // It conflicts by now: GitHub waits for whoever mends it.
    if (!(error instanceof Refused)) throw error
  }
}
