/** What a pull request would change: its commits and files against the point where it left its base. */
import { diffTrees, type FileDiff } from './git-diff.ts'
import type { PullIssue, Repository } from './world.ts'

/** Files that differ between the merge base and the head, as GitHub's three-dot comparison shows them. */
export async function pullDiff(repository: Repository, issue: PullIssue): Promise<readonly FileDiff[]> {
  const { head } = issue.pull
  return diffTrees(repository.git, await forkPoint(repository, issue), head.sha)
}

export async function pullCommits(repository: Repository, issue: PullIssue): Promise<string[]> {
  const newestFirst = await repository.git.between(await baseOf(repository, issue), issue.pull.head.sha)
  return newestFirst.toReversed()
}

async function forkPoint(repository: Repository, issue: PullIssue): Promise<string | undefined> {
  return repository.git.mergeBase(await baseOf(repository, issue), issue.pull.head.sha)
}

/** The base branch's tip; once merged (or the branch gone) the base that was recorded last. */
async function baseOf(repository: Repository, issue: PullIssue): Promise<string> {
  const { base, merge } = issue.pull
  if (issue.state === 'closed' || merge) return base.sha
  return (await repository.git.refSha(`refs/heads/${base.ref}`)) ?? base.sha
}
