/** Which pull request brought a commit onto the default branch, and where on the branch that pull request begins. */
import type { Context } from './context.ts'
import type { CommitFacts } from './git-objects.ts'
import { firstParents } from './history.ts'
import { type LandedPull, landedPulls, type PullCommits, pullCommits } from './pulls.ts'

/** `head` is the branch's commit that the search may lead to. */
export async function findLanded(
  context: Context,
  commit: string,
  head: string,
): Promise<LandedPull | undefined> {
  const [landed] = await landedPulls(context, commit)
  if (landed) return landed
  const way = await firstParents(context, commit, head)
  if (!way) return undefined
  for (const pull of await landedAlong(context, way, 1)) {
    const { commits } = await landing(context, pull, await pullCommits(context, pull.number))
    if (commits.includes(commit)) return pull
  }
  return undefined
}

/**
 * The pull requests of a commit on the branch, else of the next one that has any: of a rebase merge GitHub may tie only
 * the last commit to the pull request. `way` goes along first parents.
 */
export async function landedAlong(
  context: Context,
  way: readonly string[],
  index: number,
): Promise<LandedPull[]> {
  for (const commit of way.slice(index)) {
    const landed = await landedPulls(context, commit)
    if (landed.length > 0) return landed
    if ((await context.git.commit(commit)).parents.length !== 1) return []
  }
  return []
}

export interface Landing {
  /** Those that the pull request put on the branch's first-parent line, the last one first. */
  readonly commits: readonly string[]
  /** What the branch was at before them; undefined where they began the history. */
  readonly before: string | undefined
}

/**
 * A merge or a squash is one commit. The commits of a rebase are told by message, author and time of writing, which it
 * keeps; commits of the pull request that it dropped are passed over.
 */
export async function landing(
  context: Context,
  { mergeSha, headSha }: LandedPull,
  originals: PullCommits,
): Promise<Landing> {
  const { git } = context
  const merge = await git.commit(mergeSha)
  const alone = { commits: [mergeSha], before: merge.parents[0] }
  if (merge.parents[1] === headSha || originals.length < 2) return alone
  const commits: string[] = []
  let next: string | undefined = mergeSha
  for (const original of originals.toReversed()) {
    if (next === undefined) break
    const facts: CommitFacts = await git.commit(next)
    if (!isRebased(facts, await git.commit(original.sha))) continue
    commits.push(next)
    next = facts.parents[0]
  }
  return commits.length > 0 ? { commits, before: next } : alone
}

function isRebased(commit: CommitFacts, original: CommitFacts): boolean {
  return commit.message === original.message && commit.authored === original.authored
}
