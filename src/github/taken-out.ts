/** Whether a merged file left the branch in between: a push can bring the old bytes back, but not the owner's consent to them. */
import type { FileAt } from '../core/evidence.ts'
import type { RequestIdentity } from '../core/grant.ts'
import type { Context } from './context.ts'
import { following, lineTo } from './history.ts'
import { sameFile } from './merged-pull.ts'
import { type Move, movesSince } from './moves.ts'
import { type Merge, mergeOf } from './pulls.ts'

export interface MergedFile extends Merge {
  readonly path: string
}

/** Whether the file that this pull request brought left the branch since, on the way to `head`. */
export async function leftBranch(
  context: Context,
  { path, pull: number }: Pick<RequestIdentity, 'path' | 'pull'>,
  head: string,
): Promise<boolean> {
  const merge = await mergeOf(context, number)
  return merge !== undefined && wasTakenOut(context, { path, ...merge }, head)
}

/** Looks at every commit that the branch has along its first parents since the merge, and at every one that it left again. */
export async function wasTakenOut(context: Context, file: MergedFile, head: string): Promise<boolean> {
  const { git } = context
  const [merged, kept, left] = await Promise.all([
    git.fileAt(file.mergeSha, file.path),
    commitsSince(context, file.mergeSha, head),
    movesSince(context, file.mergedAt * 1000, head).then((moves) => movesBetween(moves, file, head)),
  ])
  const commits = new Set([...kept, ...left.flatMap(({ before, after }) => [before, after])])
  const states = await Promise.all([...commits].map((commit) => git.fileAt(commit, file.path)))
  return states.some((state: FileAt | 'missing') => !sameFile(state, merged))
}

/** Where a push made the branch follow from elsewhere, the merge is off its line: then all that followed the merge. */
async function commitsSince(context: Context, mergeSha: string, head: string): Promise<Iterable<string>> {
  return (await lineTo(context, mergeSha, head)) ?? following(context, mergeSha, head)
}

/**
 * From the merge to the last time that the branch stood at `head`, as GitHub tells it; its clock decides only where the log does
 * not hold the merge itself.
 */
function movesBetween(
  moves: readonly Move[],
  { mergeSha, mergedAt }: MergedFile,
  head: string,
): readonly Move[] {
  const merge = moves.findIndex(({ after }) => after === mergeSha)
  const end = moves.findLastIndex(({ after }) => after === head)
  const until = end < 0 ? moves : moves.slice(0, end + 1)
  return merge < 0 ? until.filter(({ at }) => at >= (mergedAt + 1) * 1000) : until.slice(merge + 1)
}
