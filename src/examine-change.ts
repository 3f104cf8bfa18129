/** Changes of the rules and of CODEOWNERS in a pull request: what is wrong in them, and whether the trust root would hold. */
import { standing } from './core/approval.ts'
import type { ChangedFile, FileAt } from './core/evidence.ts'
import type { Judged } from './core/report-approval.ts'
import { GUARDED_PATHS, type GuardedPath, judgeOpenChange } from './core/trust.ts'
import type { GitHub } from './world.ts'

/** A file that is renamed away is a change of it too. */
export function guardedPathsIn(changes: readonly ChangedFile[]): readonly GuardedPath[] {
  const paths = new Set(changes.flatMap(({ path, previousPath }) => [path, previousPath]))
  return GUARDED_PATHS.filter((path) => paths.has(path))
}

/** A change of one file, and what it makes of it. */
export interface JudgedChange extends Judged {
  readonly after: FileAt | 'missing'
}

export async function judgeChange(
  { reader }: GitHub,
  pull: number,
  path: GuardedPath,
): Promise<JudgedChange> {
  const change = await reader.previewChange(pull, path)
  const { owners, after } = change
  return {
    path,
    pull,
    of: 'change',
    after,
    verdict: judgeOpenChange(change),
    // What the trust root asks of a change: one approval, and no particular merger.
    standing: standing({
      pull: change.pull,
      owners,
      atMerge: after,
      requester: '',
      approvalsNeeded: 1,
      mergeBy: 'anyone',
    }),
  }
}
