/** What every part of this folder works with: one repository, and the reads of it that are shared. */
import type { ProbotOctokit } from 'probot'
import type { Stage } from '../core/label.ts'
import type { GitObjects } from './git-objects.ts'
import type { Reads } from './reads.ts'

/** Signed in as an installation, as Probot gives it. */
export type Octokit = ProbotOctokit

/** One repository, and what the operator said of it. */
export interface Target {
  readonly owner: string
  readonly repo: string
  readonly id: number
  readonly defaultBranch: string
  /** Sha of the commit whose CODEOWNERS and rules the operator has looked at. */
  readonly trustedCommit: string
  readonly appId: number
  /** The app's name in addresses; its account is `<slug>[bot]`. */
  readonly appSlug: string
}

export interface Context {
  readonly octokit: Octokit
  readonly target: Target
  /** `owner` and `repo`, as every call wants them. */
  readonly at: { readonly owner: string; readonly repo: string }
  readonly reads: Reads
  readonly git: GitObjects
  /** Labels that the repository is known to have by now. */
  readonly labelsMade: Set<Stage>
}
