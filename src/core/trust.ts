/** The trust root: every change of CODEOWNERS and rules since the operator's trusted commit was approved by an owner. */
import { CODEOWNERS_PLACES } from './codeowners.ts'
import type { FileAt, MergedPull, PathOwners } from './evidence.ts'

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
 * rebase merge are one step. Forced: from the head that a force push threw away to the head it put in its place.
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
       * in between; one whose `after` is the trusted commit or before it is left out, as the operator has seen it.
       */
      readonly steps: readonly TrustStep[]
    }
  /** The trusted commit does not exist, or is not among the first parents of the head. */
  | { readonly kind: 'trusted-commit-not-in-history'; readonly trusted: string; readonly head: string }
