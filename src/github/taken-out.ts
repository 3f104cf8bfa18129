/** Whether a merged file left the branch in between: a push can bring the old bytes back, but not the owner's consent to them. */
import type { FileAt } from '../core/evidence.ts'
import type { RequestIdentity } from '../core/grant.ts'
import type { Context } from './context.ts'
import { type ForcePush, listForcePushes } from './force-pushes.ts'
import { following } from './history.ts'
import { sameFile } from './merged-pull.ts'
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

/** Looks at every commit that followed the merge, those too that a force push threw away. */
export async function wasTakenOut(context: Context, file: MergedFile, head: string): Promise<boolean> {
  const followed = (tips: readonly string[]) =>
    Promise.all(tips.map((tip) => following(context, file.mergeSha, tip)))
  const [merged, kept, thrown] = await Promise.all([
    context.git.fileAt(file.mergeSha, file.path),
    followed([head]),
    listForcePushes(context).then((all) => followed(thrownAway(all, file))),
  ])
  const commits = new Set([...kept, ...thrown].flatMap((line) => [...line]))
  const states = await Promise.all([...commits].map((commit) => context.git.fileAt(commit, file.path)))
  return states.some((state: FileAt | 'missing') => !sameFile(state, merged))
}

/** Heads of the branch that were pushed over since the merge; GitHub's own clock says when, no commit does. */
function thrownAway(pushes: readonly ForcePush[], { mergedAt }: MergedFile): readonly string[] {
  return pushes.filter(({ at }) => at >= mergedAt * 1000).map(({ before }) => before)
}
