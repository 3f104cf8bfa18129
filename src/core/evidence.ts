/** What GitHub says of how the bytes of one request came to be on the branch: plain data, gathered before anything is judged. */

/** A GitHub account. `null` where GitHub no longer knows whose it was, or could not tie an e-mail to one. */
export interface Person {
  readonly id: number
  readonly login: string
  readonly kind: 'person' | 'bot'
}

export type Permission = 'none' | 'read' | 'triage' | 'write' | 'maintain' | 'admin'

/** A file as a commit holds it. */
export interface FileAt {
  /** Git's blob id (SHA-1 in hex). */
  readonly blob: string
  /** Git's mode, such as `100644`. */
  readonly mode: string
}

export interface ChangedFile {
  readonly path: string
  readonly status: 'added' | 'modified' | 'removed' | 'renamed' | 'copied' | 'changed' | 'unchanged'
  readonly previousPath?: string
}

export interface Commit {
  readonly sha: string
  readonly author: Person | null
  readonly committer: Person | null
  /** Accounts of the `Co-authored-by` trailers; `null` for one that could not be tied to an account. */
  readonly coAuthors: readonly (Person | null)[]
  /** E-mail addresses of the above that GitHub ties to no account, so that the verdict can name them. */
  readonly unknownEmails?: readonly string[]
  /** Whether the file differs between this commit and its first parent. */
  readonly touchesFile: boolean
}

export interface Review {
  readonly id: number
  readonly person: Person | null
  readonly state: 'approved' | 'changes-requested' | 'commented' | 'dismissed'
  /** The commit that was looked at; missing where GitHub no longer says. */
  readonly commit?: string
  /** Seconds since the epoch. */
  readonly submittedAt: number
  /** The file at that commit; `missing` where it is not there. Read for approvals only. */
  readonly file?: FileAt | 'missing'
}

/** One owner of the CODEOWNERS line in force for the path, resolved. */
export type Owner =
  | {
      readonly kind: 'user'
      readonly text: string
      readonly person: Person | null
      readonly permission: Permission
    }
  | {
      readonly kind: 'team'
      readonly text: string
      /** Whether the team itself has write access; GitHub counts a team's members only then. */
      readonly canWrite: boolean
      readonly members: readonly Person[]
    }
  /** An e-mail address can't be tied to a reviewer safely: said, never counted. */
  | { readonly kind: 'email'; readonly text: string }
  /** GitHub does not know it (or not us): said, never counted. */
  | { readonly kind: 'unresolved'; readonly text: string; readonly why: string }

export interface PathOwners {
  /** Which CODEOWNERS file, and which of its lines; missing where no line matches. */
  readonly file?: string
  readonly line?: number
  readonly owners: readonly Owner[]
}

/** Owners whom the rules name to stand in for those of a path that do not answer. */
export interface Fallback {
  readonly owners: readonly Owner[]
  /** How long the owners of the path have, in seconds. */
  readonly after: number
  /** Whether they count as owners then; otherwise they are asked, and no more. */
  readonly counts: boolean
  /**
   * Since when the pull request has stood as it is (opened, pushed to, retargeted, reopened or marked ready), in seconds
   * since the epoch, by GitHub's clock; missing where GitHub does not tell, as of a fork.
   */
  readonly standsSince?: number
  /** When an owner of the path was first asked for a review; missing where none was. */
  readonly askedAt?: number
}

export interface MergedPull {
  readonly number: number
  readonly author: Person | null
  readonly baseRepositoryId: number
  readonly baseBranch: string
  /**
   * When the pull request was last pointed at another base branch, or its base was last force-pushed, in seconds since
   * the epoch; missing where neither happened. Reviews given before then were of another difference.
   */
  readonly baseChangedAt?: number
  readonly headSha: string
  readonly merged: boolean
  /** Seconds since the epoch; missing while unmerged. */
  readonly mergedAt?: number
  readonly mergedBy: Person | null
  /** The merge commit, the squash commit, or the last rebased commit; missing while unmerged. */
  readonly mergeSha?: string
  readonly files: readonly ChangedFile[]
  readonly commits: readonly Commit[]
  readonly reviews: readonly Review[]
  /** Why GitHub lists only a part of its files or commits, where it does, and always will. */
  readonly cutOff?: string
}

/** Whether every change of CODEOWNERS and rules since the operator's trusted commit was approved by an owner. */
export type TrustRoot =
  | { readonly holds: true }
  | { readonly holds: false; readonly code: string; readonly message: string }

/** All that is needed to judge the pull request that brought one file; nothing in it is decided yet. */
export interface Evidence {
  readonly repositoryId: number
  readonly defaultBranch: string
  readonly path: string
  /** The file at the head of the default branch now; at preview: `missing`. */
  readonly onBranch: FileAt | 'missing'
  /** The pull request that brought these bytes; missing where they came by a push. */
  readonly pull?: MergedPull
  /** The file at the merge commit; before the merge: at the pull request's head. */
  readonly atMerge: FileAt | 'missing'
  /**
   * The file as the branch had it before the merge: at the merge commit's first parent, or where several commits were
   * rebased, at the first parent of the first of them. Before the merge: at the base branch.
   */
  readonly beforeMerge: FileAt | 'missing'
  /** Where the pull request changes a request that was there already: that request's file as it was merged. */
  readonly extended?: FileAt | 'missing'
  /**
   * Whether the commit before the merge lies between the operator's trusted commit and the head on the first-parent line
   * of the branch, where every CODEOWNERS was looked at. Before the merge: true.
   */
  readonly mergedInView: boolean
  /** Whether the branch held another file, or none, at some time since the merge. Before the merge: false. */
  readonly takenOutSince: boolean
  /** The login that the request names. */
  readonly requester: string
  /** What the pull request's author may do in the repository now. */
  readonly authorPermission: Permission
  readonly owners: PathOwners
  readonly fallback?: Fallback
  readonly approvalsNeeded: number
  readonly mergeBy: 'owners' | 'anyone'
  readonly trustRoot: TrustRoot
}
