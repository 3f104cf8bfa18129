/** What every part of this folder works with: one repository, and the reads of it that are shared. */
import type { ProbotOctokit } from 'probot'
import type { Owner } from '../core/evidence.ts'
import { pagesBeside } from '../core/github-address.ts'
import type { Stage } from '../core/label.ts'
import { type BoundedCache, createBoundedCache, type Remember, rememberForever } from './bounded-cache.ts'
import { createForesight, type Foresight } from './foresight.ts'
import { createGitObjects, type GitObjects } from './git-objects.ts'
import type { Parents } from './history.ts'
import type { BranchLog } from './moves.ts'
import type { Merge } from './pulls.ts'
import { createReads, type Reads } from './reads.ts'
import { createShare, type Share } from './share.ts'

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
  readonly owners: Share<Owner>
  readonly heads: Share<string>
  /** What lies between two commits never changes. By `<sha>...<sha>`. */
  readonly between: Remember<Parents>
  /** Where the default branch stood when its line was last followed. */
  readonly line: { end?: string }
  /** By the head that it is asked for. */
  readonly moves: Share<BranchLog>
  /** Of merged pull requests, by number. */
  readonly merges: BoundedCache<Merge>
  readonly foresight: Foresight
  /** Labels that the repository is known to have by now. */
  readonly labelsMade: Set<Stage>
}

/** `github.com`, or where else that GitHub is: part of the addresses that it gives to accounts and to itself. */
export function hostOf({ octokit }: Pick<Context, 'octokit'>): string {
  return new URL(pagesBeside(new URL(octokit.request.endpoint.DEFAULTS.baseUrl))).hostname
}

const MERGES = 100_000
const COMMITS_BETWEEN = 100_000

/** What is cached lives as long as what is returned. */
export function createContext(octokit: Octokit, target: Target): Context {
  const reads = createReads(octokit)
  return {
    octokit,
    target,
    at: { owner: target.owner, repo: target.repo },
    reads,
    git: createGitObjects(octokit, target, reads),
    owners: createShare(),
    heads: createShare(),
    between: rememberForever(COMMITS_BETWEEN, (parents) => parents.size + 1),
    line: {},
    moves: createShare(),
    merges: createBoundedCache(MERGES),
    foresight: createForesight(),
    labelsMade: new Set(),
  }
}

/** Where the default branch is; for looks at pull requests, which are looked at again whenever it moves. */
export function branchHead({ git, target, heads }: Context): Promise<string> {
  return heads(target.defaultBranch, () => git.head(target.defaultBranch))
}
