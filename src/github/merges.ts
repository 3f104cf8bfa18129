/** Which pull request brought a commit onto the default branch, and where on the branch that pull request begins. */
import { branchBeforeMerge } from './branch-log.ts'
import type { Context } from './context.ts'
import { firstParents } from './history.ts'
import { type LandedPull, landedPulls, lastLandedPulls, type PullCommits, pullCommits } from './pulls.ts'

/** `head` is the branch's commit that the search may lead to. */
export async function findLanded(
  context: Context,
  commit: string,
  head: string,
): Promise<LandedPull | undefined> {
  const [landed] = await landedPulls(context, commit)
  if (landed) return landed
  const way = await firstParents(context, commit, head)
  const tied = way ? await landedAlong(context, way, 1) : []
  for (const pull of tied) if (await landedAs(context, pull, commit)) return pull
  return findLate(context, commit, way)
}

/** So many are merged at most while GitHub works out what brought a commit. */
const MOST_LATE = 8

/** Nobody is told that a request was pushed only because GitHub has not worked that out yet. */
async function findLate(
  context: Context,
  commit: string,
  way: readonly string[] | undefined,
): Promise<LandedPull | undefined> {
  const last = (await lastLandedPulls(context)).filter(
    ({ mergeSha, headSha }) => headSha === commit || !way || way.includes(mergeSha),
  )
  for (const pull of last.slice(0, MOST_LATE).reverse()) {
    if (pull.headSha === commit || (await landedAs(context, pull, commit))) return pull
    // What is not on the branch's own line came by the second parent of a merge.
    if (!way && (await holds(context, pull, commit))) return pull
  }
  return undefined
}

async function holds(context: Context, { number }: LandedPull, commit: string): Promise<boolean> {
  return (await pullCommits(context, number)).some(({ sha }) => sha === commit)
}

async function landedAs(context: Context, pull: LandedPull, commit: string): Promise<boolean> {
  return (await landing(context, pull)).commits.includes(commit)
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
 * `listed`: the commits of the pull request, where somebody reads them already.
 *
 * A merge commit is one commit, and so is what becomes of a pull request of one. Of a squash or a rebase of several only
 * GitHub's own log of the branch tells how many commits it made: whatever a commit says of itself, its author may have
 * copied from another. Where the log says nothing the last commit stands for itself.
 */
export async function landing(
  context: Context,
  pull: LandedPull,
  listed?: Promise<PullCommits>,
): Promise<Landing> {
  const { mergeSha } = pull
  const { parents } = await context.git.commit(mergeSha)
  const alone = { commits: [mergeSha], before: parents[0] }
  if (parents.length !== 1) return alone
  const originals = await (listed ?? pullCommits(context, pull.number))
  if (originals.length < 2) return alone
  const before = await branchBeforeMerge(context, pull)
  const way = before === undefined ? undefined : await firstParents(context, before, mergeSha)
  return way === undefined ? alone : { commits: way.slice(1).reverse(), before }
}
