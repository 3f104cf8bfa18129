/** Where on the default branch a merged pull request begins. */
import type { Context } from './context.ts'
import { type LandedPull, landedPulls } from './pulls.ts'

/**
 * The commit that the default branch was at before the pull request: the first parent of its merge or squash commit; of
 * a rebase (or a push of its very commits) the first parent of its first commit, found by GitHub tying each commit to
 * the pull request. Undefined where the pull request began the history.
 */
export async function commitBefore(context: Context, pull: LandedPull): Promise<string | undefined> {
  const [parent, merged] = await context.git.parents(pull.mergeSha)
  if (merged === pull.headSha) return parent
  let before = parent
  // Ends at the latest with the pull request's own commits: none before them is tied to it.
  while (before !== undefined && (await landedWith(context, before, pull.number))) {
    ;[before] = await context.git.parents(before)
  }
  return before
}

async function landedWith(context: Context, commit: string, number: number): Promise<boolean> {
  return (await landedPulls(context, commit)).some((pull) => pull.number === number)
}
