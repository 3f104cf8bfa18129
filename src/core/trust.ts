/** The trust root: every change of CODEOWNERS and rules since the operator's trusted commit was approved by an owner. */
import { countApprovals, sameFile } from './approvals.ts'
import { countingOwners, findUnattributable, isPerson, touchingCommits } from './approvers.ts'
import { CODEOWNERS_PLACES } from './codeowners.ts'
import type { FileAt, MergedPull, PathOwners, TrustRoot } from './evidence.ts'
import type { OpenVerdict } from './verdict.ts'

/**
 * Every place CODEOWNERS may lie in is guarded, also those not in force: a file laid down there today is in force as
 * soon as the one before it goes.
 */
export const GUARDED_PATHS = [...CODEOWNERS_PLACES, '.github/daypass.yml'] as const

export type GuardedPath = (typeof GUARDED_PATHS)[number]

/** One guarded file on both sides of a step. */
export interface GuardedFile {
  readonly before: FileAt | 'missing'
  readonly after: FileAt | 'missing'
  /** Who could have approved a change of it; read only where `before` and `after` differ. */
  readonly explanation?: ChangeExplanation
}

/** The merged pull request that brought a change of one guarded file. */
export interface ChangeExplanation {
  /** Told of the guarded path: `commits[].touchesFile` and `reviews[].file` speak of that path, not of a request. */
  readonly pull: MergedPull
  /** Owners of the guarded path under the CODEOWNERS in force at the step's `before` commit. */
  readonly owners: PathOwners
}

/**
 * One movement of the default branch. Not forced: from a commit to the next along first parents; all commits of one
 * rebase merge are one step. Forced: from the head that a push threw away, or merged into commits that did not come of it, to
 * the head it put in its place.
 */
export interface TrustStep {
  /** Commit sha. */
  readonly before: string
  /** Commit sha; the pull request that explains a change has it as its `mergeSha`. */
  readonly after: string
  readonly forced: boolean
  readonly files: Readonly<Record<GuardedPath, GuardedFile>>
}

/**
 * What the gatherer found between the operator's trusted commit and the head of the default branch. A read that failed
 * is neither of these: the gatherer throws.
 */
export type TrustHistory =
  | {
      readonly kind: 'walked'
      readonly repositoryId: number
      readonly defaultBranch: string
      /** Commit shas. */
      readonly trusted: string
      readonly head: string
      /**
       * The unforced steps lead from `trusted` to `head` without a gap (none where they are the same commit). Steps that
       * change no guarded file may be drawn together. Forced steps, as far as GitHub tells of them, may stand anywhere
       * in between; one back to the trusted commit, or before it, leads from the last state that was approved to the
       * trusted commit.
       */
      readonly steps: readonly TrustStep[]
    }
  /** The trusted commit does not exist, or is not among the first parents of the head. */
  | { readonly kind: 'trusted-commit-not-in-history'; readonly trusted: string; readonly head: string }

export interface TrustCheck {
  /** Stable, kebab-case; what a broken trust root carries. */
  readonly code: string
  /** What has to hold. */
  readonly sentence: string
}

/** `fault`: what befell the file, to follow its name and `was`; undefined where nothing is wrong. Relies on the checks before it. */
type ChangeCheck = TrustCheck &
  (
    | { readonly stage: 'merged'; readonly fault: (change: Change) => string | undefined }
    /** Can be asked of a pull request that is still open, too. */
    | { readonly stage: 'any'; readonly fault: (change: ExplainedChange) => string | undefined }
  )

interface ExplainedChange extends ChangeExplanation {
  readonly after: FileAt | 'missing'
}

/** One changed file of one step. */
interface Change extends GuardedFile {
  readonly path: GuardedPath
  readonly step: TrustStep
  readonly history: Walked
}

type Walked = Extract<TrustHistory, { kind: 'walked' }>

const NOT_IN_HISTORY: TrustCheck = {
  code: 'trusted-commit-not-in-history',
  sentence: "The operator's trusted commit is in the first-parent history of the default branch.",
}

const INCOMPLETE: TrustCheck = {
  code: 'trust-history-incomplete',
  sentence: 'The history since the trusted commit was read without a gap.',
}

const CHANGE_CHECKS: readonly ChangeCheck[] = [
  {
    code: 'guarded-file-rewound',
    stage: 'merged',
    sentence:
      'No push took the default branch off what it held, by force or by merging it into older commits, and put another version of the file in place.',
    fault: ({ step }) =>
      step.forced ? 'changed by a push that left behind what the branch held' : undefined,
  },
  {
    code: 'guarded-file-cut-off',
    stage: 'any',
    sentence: 'GitHub lists all commits and all files of the pull request that changed it.',
    fault: ({ pull: { number, cutOff } }) =>
      cutOff === undefined
        ? undefined
        : `changed by pull request #${number}, which can not be judged whole (${cutOff})`,
  },
  {
    code: 'guarded-file-pushed',
    stage: 'merged',
    sentence:
      'The change came by a pull request that shows it, merged into the default branch of this repository.',
    fault: (change) => (isByMerge(change) ? undefined : 'not changed by a merged pull request'),
  },
  {
    code: 'guarded-file-author-unknown',
    stage: 'any',
    sentence: 'Its author is a person, and every commit that touches the file is tied to GitHub accounts.',
    fault: ({ pull }) =>
      pull.author !== null &&
      isPerson(pull.author) &&
      touchingCommits(pull).length > 0 &&
      !findUnattributable(pull)
        ? undefined
        : 'changed by somebody whom GitHub can not tie to an account',
  },
  {
    code: 'guarded-file-unowned',
    stage: 'any',
    sentence: 'The CODEOWNERS in force before it gave the file at least one owner with write access.',
    fault: ({ owners }) =>
      countingOwners(owners).size > 0
        ? undefined
        : 'changed while nobody owned it, so that nobody could approve it',
  },
  {
    code: 'guarded-file-changes-requested',
    stage: 'any',
    sentence: 'No owner asked for changes.',
    fault: (change) =>
      countApprovals({ ...change, file: change.after }).changeRequests.length === 0
        ? undefined
        : 'changed although an owner of it asked for other changes',
  },
  {
    code: 'guarded-file-unapproved',
    stage: 'any',
    sentence: 'An uninvolved owner approved exactly these bytes, or exactly this removal, before the merge.',
    fault: (change) =>
      countApprovals({ ...change, file: change.after }).counted.length > 0
        ? undefined
        : 'changed without the approval of an uninvolved owner',
  },
]

/** In the order in which they are asked. */
export const TRUST_CHECKS: readonly TrustCheck[] = [NOT_IN_HISTORY, INCOMPLETE, ...CHANGE_CHECKS]

export function judgeTrust(history: TrustHistory): TrustRoot {
  if (history.kind === 'trusted-commit-not-in-history') {
    return broken(
      NOT_IN_HISTORY,
      `The trusted commit ${short(history.trusted)} is not in the history of the default branch.`,
      'Let the operator find out why, and name a commit of the default branch that an owner has looked at.',
    )
  }
  if (!isWithoutGap(history)) {
    return broken(
      INCOMPLETE,
      `The history between the trusted commit ${short(history.trusted)} and ${short(history.head)} has a gap.`,
      'Let the operator report this as an error in Daypass.',
    )
  }
  for (const change of changesOf(history)) {
    for (const check of CHANGE_CHECKS) {
      const fault = faultOf(check, change)
      if (fault !== undefined) return broken(check, describeChange(change, fault), REMEDY)
    }
  }
  return { holds: true }
}

const REMEDY =
  'Have an owner look at the file as it is now, and let the operator move the trusted commit to one that holds what the owner saw.'

function broken({ code }: TrustCheck, what: string, remedy: string): TrustRoot {
  return { holds: false, code, message: `${what} ${remedy}` }
}

function describeChange({ path, step }: Change, fault: string): string {
  return `${path} was ${fault} (commit ${short(step.after)}).`
}

/** Each unforced step begins where the one before it ended, with the same guarded files. */
function isWithoutGap({ trusted, head, steps }: Walked): boolean {
  const walk = steps.filter(({ forced }) => !forced)
  const joined = walk.every((step, i) => {
    const previous = walk[i - 1]
    if (previous === undefined) return step.before === trusted
    const sameFiles = GUARDED_PATHS.every((path) =>
      sameFile(previous.files[path].after, step.files[path].before),
    )
    return step.before === previous.after && sameFiles
  })
  return joined && (walk.at(-1)?.after ?? trusted) === head
}

function changesOf(history: Walked): Change[] {
  return history.steps.flatMap((step) =>
    GUARDED_PATHS.map((path) => ({ path, step, history, ...step.files[path] })).filter(
      ({ before, after }) => !sameFile(before, after),
    ),
  )
}

/** The pull request has to show the change as well: an approval of something else is not one of this. */
function isByMerge({ path, step, history, explanation }: Change): boolean {
  if (explanation === undefined) return false
  const { merged, mergedAt, mergeSha, baseRepositoryId, baseBranch, files } = explanation.pull
  const here = baseRepositoryId === history.repositoryId && baseBranch === history.defaultBranch
  const shown = files.some((file) => file.path === path || file.previousPath === path)
  return merged && Number.isFinite(mergedAt) && mergeSha === step.after && here && shown
}

/** Where no pull request explains a change, that is what is wrong with it. */
function faultOf(check: ChangeCheck, change: Change): string | undefined {
  if (check.stage === 'merged') return check.fault(change)
  const { explanation, after } = change
  return explanation && check.fault({ ...explanation, after })
}

/** A change of one guarded file that an open pull request would bring. */
export interface OpenChange extends ChangeExplanation {
  readonly path: GuardedPath
  /** At the commit where the pull request left the default branch. */
  readonly forked: FileAt | 'missing'
  /** At the head of the default branch. */
  readonly before: FileAt | 'missing'
  /** At the head of the pull request. */
  readonly after: FileAt | 'missing'
}

/** Whether the trust root would hold over this change, were it merged now: the checks of the judgement, as far as they go. */
export function judgeOpenChange(change: OpenChange): OpenVerdict {
  const { path, forked, before, after } = change
  if (!sameFile(forked, before)) {
    return {
      outcome: 'rejected',
      code: 'guarded-file-changed-meanwhile',
      message: `${path} was changed on the default branch meanwhile: the merge would bring bytes that nobody has approved.`,
      fix: 'Update the branch of the pull request, and have it approved then.',
    }
  }
  for (const check of CHANGE_CHECKS) {
    const fault = check.stage === 'any' ? check.fault(change) : undefined
    if (fault === undefined) continue
    const message = `${path} would be ${fault}.`
    return { outcome: 'rejected', code: check.code, message, fix: OPEN_REMEDY }
  }
  return { outcome: 'would-hold', approvals: countApprovals({ ...change, file: after }).counted }
}

const OPEN_REMEDY = 'Merged like this, nothing new could be granted until the operator has looked at it.'

function short(sha: string): string {
  return sha.slice(0, 7)
}
