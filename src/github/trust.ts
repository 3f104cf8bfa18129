/** Gathers how CODEOWNERS and rules changed since the operator's trusted commit; what is proven is not read again. */
import type { FileAt, TrustRoot } from '../core/evidence.ts'
import {
  type ChangeExplanation,
  GUARDED_PATHS,
  type GuardedFile,
  type GuardedPath,
  judgeTrust,
  type OpenChange,
  type TrustStep,
} from '../core/trust.ts'
import { Unreadable } from '../ports.ts'
import { forkedFrom } from './changed-files.ts'
import { branchHead, type Context } from './context.ts'
import type { ReadTrust } from './evidence.ts'
import { contains, firstParents } from './history.ts'
import { readMergedPull, sameFile } from './merged-pull.ts'
import { landedAlong, landing } from './merges.ts'
import { listMoves, type Move, movesAway } from './moves.ts'
import { readOwners } from './owners.ts'
import type { LandedPull } from './pulls.ts'
import { createShare } from './share.ts'

type GuardedState = Readonly<Record<GuardedPath, FileAt | 'missing'>>

export function createTrustReader(context: Context): ReadTrust {
  const { trustedCommit } = context.target
  const trustedFirst: Proven = { commit: trustedCommit, movedAt: Number.NEGATIVE_INFINITY }
  const share = createShare<TrustRoot>()
  // As good as the trusted commit itself: everything up to it was found to hold, and every move of the branch up to then.
  let proven = trustedFirst
  const isAwaited = createPatience()

  async function read(head: string): Promise<TrustRoot> {
    if (head === proven.commit) return { holds: true }
    const found = (await walk(context, proven, head)) ?? (await walk(context, trustedFirst, head))
    if (found && isAwaited(head, found.moves))
      throw new Unreadable(
        `the moves of ${context.target.defaultBranch} in ${context.at.owner}/${context.at.repo}`,
        'GitHub’s log does not tell yet how the branch came to stand where it does',
      )
    if (!found) return judgeTrust({ kind: 'trusted-commit-not-in-history', trusted: trustedCommit, head })
    const { id: repositoryId, defaultBranch } = context.target
    const { from: trusted, steps } = found
    const root = judgeTrust({ kind: 'walked', repositoryId, defaultBranch, trusted, head, steps })
    if (root.holds) proven = { commit: head, movedAt: found.movedAt }
    return root
  }

  return (head) => share(head, () => read(head))
}

/** A log that never tells of a move holds up nothing for longer. In milliseconds. */
const LOG_WITHIN = 5 * 60 * 1000

/** Whether the log, which GitHub keeps apart from the branch, may still have to tell how the branch came to a commit. */
function createPatience(): (head: string, moves: readonly Move[]) => boolean {
  let lacking: { readonly head: string; readonly since: number } | undefined
  return (head, moves) => {
    const isTold = moves.some(({ after }) => after === head)
    if (isTold) lacking = undefined
    else if (lacking?.head !== head) lacking = { head, since: performance.now() }
    return lacking !== undefined && performance.now() - lacking.since < LOG_WITHIN
  }
}

interface Proven {
  readonly commit: string
  /** The newest move of the branch that was looked at, in milliseconds since the epoch. */
  readonly movedAt: number
}

/** Undefined where `from` is not among the first parents of `head`. */
async function walk(context: Context, { commit: from, movedAt: since }: Proven, head: string) {
  const [way, moves] = await Promise.all([firstParents(context, from, head), listMoves(context, since)])
  if (!way) return undefined
  const [moved, left] = await Promise.all([
    stepsAlong(context, way),
    movesAway(context, from, new Set(way), moves).then((away) =>
      Promise.all(away.map((move) => stepAway(context, from, move))),
    ),
  ])
  return { from, moves, steps: [...moved, ...left], movedAt: moves.at(-1)?.at ?? since }
}

/** What a move away from it made of the branch, which the way does not show. */
async function stepAway(context: Context, from: string, { before, after, forced }: Move): Promise<TrustStep> {
  const isBack = forced && (await contains(context, from, after))
  if (forced && !isBack) return stepBetween(context, before, after)
  // What nobody approved may be left behind for what was trusted before; a change that was approved may not.
  return stepBetween(context, await lastApproved(context, from, before), isBack ? from : after)
}

/** How far a line holds that began at `from`; its end where it did not begin there. */
async function lastApproved(context: Context, from: string, end: string): Promise<string> {
  const way = await firstParents(context, from, end)
  if (!way) return end
  const { id: repositoryId, defaultBranch } = context.target
  const steps = await stepsAlong(context, way)
  const broken = steps.findIndex(({ after: head }, index) => {
    const upTo = { steps: steps.slice(0, index + 1), trusted: from, head }
    return !judgeTrust({ kind: 'walked', repositoryId, defaultBranch, ...upTo }).holds
  })
  return (broken < 0 ? steps : steps.slice(0, broken)).at(-1)?.after ?? from
}

/** The way leads from the trusted commit to the head. */
async function stepsAlong(context: Context, way: readonly string[]): Promise<TrustStep[]> {
  const states = await Promise.all(way.map((commit) => readState(context, commit)))
  const steps: TrustStep[] = []
  const head = way.at(-1)
  let at = 0

  async function stepTo(end: number, pull?: LandedPull): Promise<void> {
    const [before, after] = [way[at], way[end]]
    const [old, now] = [states[at], states[end]]
    if (at === end || !before || !after || !old || !now || !head) return
    const files = await eachGuarded((path) =>
      fileOf(context, path, { before: old[path], after: now[path] }, pull && { pull, from: before, head }),
    )
    steps.push({ before, after, forced: false, files })
    at = end
  }

  for (let index = 1; index < way.length; index++) {
    const [old, now] = [states[index - 1], states[index]]
    if (index <= at || !old || !now || sameState(old, now)) continue
    const group = await groupOf(context, way, index)
    await stepTo(Math.max(at, group.start))
    await stepTo(group.end, group.pull)
  }
  await stepTo(way.length - 1)
  return steps
}

interface Group {
  readonly start: number
  readonly end: number
  readonly pull?: LandedPull
}

/** The commits that came with the one at `index`: all of a rebase merge, else that one alone. Places on the way. */
async function groupOf(context: Context, way: readonly string[], index: number): Promise<Group> {
  for (const pull of await landedAlong(context, way, index)) {
    const { commits, before } = await landing(context, pull)
    const end = way.indexOf(pull.mergeSha)
    if (end - index < 0 || end - index >= commits.length) continue
    // One that began before the trusted commit is looked at from there on.
    const start = before === undefined ? 0 : Math.max(0, way.indexOf(before))
    return { start, end, pull }
  }
  return { start: index - 1, end: index }
}

async function fileOf(
  context: Context,
  path: GuardedPath,
  change: Pick<GuardedFile, 'before' | 'after'>,
  by: { readonly pull: LandedPull; readonly from: string; readonly head: string } | undefined,
): Promise<GuardedFile> {
  if (!by || sameFile(change.before, change.after)) return change
  const [merged, owners] = await Promise.all([
    readMergedPull(context, by.pull.number, path),
    readOwners(context, by.from, path, by.head),
  ])
  return { ...change, explanation: { pull: merged, owners } satisfies ChangeExplanation }
}

async function stepBetween(context: Context, before: string, after: string): Promise<TrustStep> {
  const [old, now] = await Promise.all([readState(context, before), readState(context, after)])
  return {
    before,
    after,
    forced: true,
    files: await eachGuarded(async (path) => ({ before: old[path], after: now[path] })),
  }
}

/** What an open pull request would change of a guarded file, with the owners who are asked now. */
export async function readOpenChange(
  context: Context,
  number: number,
  path: GuardedPath,
): Promise<OpenChange> {
  const { git } = context
  const [pull, head] = await Promise.all([readMergedPull(context, number, path), branchHead(context)])
  const [owners, forked, before, after] = await Promise.all([
    readOwners(context, head, path, head),
    forkedFrom(context, pull.headSha).then((commit) => git.fileAt(commit, path)),
    git.fileAt(head, path),
    git.fileAt(pull.headSha, path),
  ])
  return { path, pull, owners, forked, before, after }
}

function readState({ git }: Context, commit: string): Promise<GuardedState> {
  return eachGuarded((path) => git.fileAt(commit, path))
}

function sameState(a: GuardedState, b: GuardedState): boolean {
  return GUARDED_PATHS.every((path) => sameFile(a[path], b[path]))
}

async function eachGuarded<T>(read: (path: GuardedPath) => Promise<T>): Promise<Record<GuardedPath, T>> {
  const entries = await Promise.all(GUARDED_PATHS.map(async (path) => [path, await read(path)] as const))
  return Object.fromEntries(entries) as Record<GuardedPath, T>
}
