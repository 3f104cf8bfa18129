/** Whether GitHub answered with the branch as it was before a merge that it has told of already: its answers may lag. */
import type { Context } from './context.ts'
import { contains } from './history.ts'
import { listMoves } from './moves.ts'
import { mergeOf } from './pulls.ts'

/** `head` does not hold the merge, and GitHub's log tells of no push that set the branch back to it since. */
export async function isBehindMerge(context: Context, pull: number, head: string): Promise<boolean> {
  const merge = await mergeOf(context, pull)
  if (merge === undefined || (await contains(context, head, merge.mergeSha))) return false
  const mergedAt = merge.mergedAt * 1000
  const moves = await listMoves(context, mergedAt)
  return !moves.some(({ after, at }) => after === head && at >= mergedAt)
}
