/** What the two flows need of the outside: readers apart from writers, so that a preview can't write to IAM, by type. */
import type { Account } from './core/account.ts'
import type { RevertShown } from './core/comment.ts'
import type {
  ChangedFile,
  Evidence,
  Fallback,
  FileAt,
  PathOwners,
  Permission,
  Person,
} from './core/evidence.ts'
import type { EndReason, Grant, LastUse, RequestIdentity, StandingGrant, StrayRole } from './core/grant.ts'
import type { Stage } from './core/label.ts'
import type { CheckReport } from './core/report.ts'
import type { ApprovalReport } from './core/report-approval.ts'
import type { Reviewers } from './core/review-requests.ts'
import type { GuardedPath, OpenChange } from './core/trust.ts'

/** What keeps the app from doing something in AWS until somebody mends it, in words for those who wait for it. */
export class Obstacle extends Error {
  override readonly name: string = 'Obstacle'
  /** The message ends with the fix, so that it can't get lost on the way to a log. */
  constructor(
    readonly problem: string,
    readonly fix: string,
    cause?: unknown,
  ) {
    super(`${problem} ${fix}`, { cause })
  }
}

/** A read that failed; never to be taken for an empty one. `what` names the read, for the log. */
export class Unreadable extends Error {
  override readonly name: string = 'Unreadable'
  constructor(what: string, cause: unknown) {
    super(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** GitHub takes no more calls for a while; nothing is asked before then. */
export class RateLimited extends Error {
  override readonly name = 'RateLimited'
  /** `until`: seconds since the epoch. */
  constructor(
    what: string,
    readonly until: number,
    cause?: unknown,
  ) {
    const reset = new Date(until * 1000).toISOString()
    super(`${what}: GitHub's rate limit is used up; it is asked again from ${reset} on`, { cause })
  }
}

/** An answer that is not whole, and will not be until what was asked about is another: people have to be told. */
export class CutOff extends Unreadable {
  override readonly name = 'CutOff'
}

/** A file as it stands in one commit. */
export interface SourceFile {
  readonly path: string
  readonly mode: string
  readonly blob: string
  /** Undefined where the blob is too large to be a request or not UTF-8. */
  readonly text?: string
}

/** One commit of a branch, read whole and consistent. */
export interface Snapshot {
  readonly commit: string
  /** Everything below `access-requests/` except files that end in `.md` and files named `CODEOWNERS` or starting with a dot. */
  readonly requests: readonly SourceFile[]
  /** `.github/daypass.yml`. */
  readonly rules?: SourceFile
  /** The CODEOWNERS in force: the first of `.github/`, the root and `docs/`. */
  readonly codeowners?: SourceFile
}

export interface OpenPull {
  readonly number: number
  readonly headSha: string
  readonly baseBranch: string
  readonly draft: boolean
  /** As GitHub writes it; changes with every push, review, and change of the pull request itself. */
  readonly updatedAt: string
  /** Seconds since the epoch. */
  readonly createdAt: number
  /** Names of its labels, whoever set them. */
  readonly labels: readonly string[]
}

/** A pull request that a merge would be honoured of, when last looked at. */
export interface ApprovedHead {
  readonly headSha: string
  /** The request that it brings. */
  readonly path: string
}

export interface ClosedPull {
  readonly number: number
  readonly merged: boolean
  readonly baseBranch: string
}

/** The app's own record of a request, kept in the check run `Daypass / grant` on the merge commit. */
export interface GrantRecord extends RecordRun {
  readonly state: RecordState
  /** The check run's `output.text` as the app wrote it: it holds what was judged, for the receipt. */
  readonly text?: string
  /** What it shows above the text, so that it is not written again as it is. */
  readonly title?: string
  readonly summary?: string
  /** Check runs that another replica wrote of the same request; the next write closes them. */
  readonly doubled?: readonly RecordRun[]
}

export interface RecordRun {
  readonly checkRunId: number
  /** As GitHub shows it, which tells nothing of the request: it completes one itself that is open for two weeks. */
  readonly completed: boolean
}

/**
 * `pending`: the evidence can't be read yet. `approved`: judged, not yet in IAM. `granted`: was in IAM.
 * `rejected` and `ended` are final.
 */
export type RecordState = 'pending' | 'approved' | 'granted' | 'rejected' | 'ended'

/** How one pull request brought a file, with the app's own record of it. */
export interface Brought {
  readonly evidence: Evidence
  /** Missing where nothing was recorded yet, or no pull request brought the file. */
  readonly record?: GrantRecord
}

/** The evidence of one file on the branch as it is now. */
export interface Provenance extends Brought {
  /** Where its pull request changed a request that was there: how that one came, from the one that added it on. */
  readonly earlier: readonly Brought[]
}

export interface RecordedRequest {
  /** Missing where the pull request was never merged. */
  readonly mergeSha?: string
  readonly record?: GrantRecord
}

/** Reads one repository. Every method throws `Unreadable` where GitHub gave no clear answer. */
export interface RepositoryReader {
  /** The commit that the default branch is at. */
  branchHead(): Promise<string>
  /** The default branch at its head, or another commit. `texts`: the only requests whose text is read; left out: all. */
  snapshot(commit?: string, texts?: readonly string[]): Promise<Snapshot>
  /** Says that any of these may have been merged into the branch, which is at `head` now: a hint that saves time, and no more. */
  expectMerges(head: string, approved: readonly ApprovedHead[]): void
  openPulls(): Promise<readonly OpenPull[]>
  /** When anybody last did something about a pull request, in seconds since the epoch; nothing to judge by. */
  lastStirred(pull: number): Promise<number>
  /** Closed pull requests that bear the label `daypass: waiting`. */
  closedWaiting(): Promise<readonly ClosedPull[]>
  /** Merge queue groups waiting for their checks. */
  mergeGroups(): Promise<readonly { readonly headSha: string; readonly pull: number }[]>
  /**
   * Which paths a pull request (or merge group) changes against the default branch. Throws `CutOff` where the list is cut
   * off and what is left out could be a request, rules or CODEOWNERS.
   */
  changedFiles(headSha: string, pull?: number): Promise<readonly ChangedFile[]>
  /**
   * The evidence of an open pull request for one path, as far as it goes before the merge. `extended`: the file on the
   * branch, where the pull request is to extend it.
   */
  previewEvidence(pull: number, path: string, terms: EvidenceTerms, extended?: FileAt): Promise<Evidence>
  /** What an open pull request would change of one guarded file. */
  previewChange(pull: number, path: GuardedPath): Promise<OpenChange>
  /** Whose review of a pull request GitHub was ever told to ask for, whether or not it is still asked for. */
  askedReviewers(pull: number): Promise<Reviewers>
  /** The evidence of a file that is on the default branch at `snapshot`. */
  provenance(file: SourceFile, snapshot: Snapshot, terms: EvidenceTerms): Promise<Provenance>
  /** The number of the pull request that added a file on the branch at that commit; undefined where somebody pushed it. */
  originOf(path: string, commit: string): Promise<number | undefined>
  /** The pull request that takes the file of a request out of the branch; undefined where none was opened yet. */
  revertOf(identity: RequestIdentity): Promise<RevertShown | undefined>
  /** The record of a request whose pull request is known, whether or not its file is still on the branch. */
  recordOf(identity: RequestIdentity): Promise<RecordedRequest>
  /** The text of a blob; undefined where it is too large to be a request, not UTF-8, or not in this repository. */
  blobText(blob: string): Promise<string | undefined>
  /** Whether this is the branch as it was before the merge of a pull request, and nobody has set it back since. */
  isBehindMerge(pull: number, head: string): Promise<boolean>
  /** Whether the branch that ends in this commit held another file at the path, or none, at some time since the merge. */
  leftBranch(identity: RequestIdentity, head: string): Promise<boolean>
  /** Who may stand in for the owners of a path, and since when these have been asked in vain. `named`: as CODEOWNERS would. */
  fallback(
    pull: number,
    owners: PathOwners,
    named: readonly string[],
  ): Promise<Pick<Fallback, 'owners' | 'standsSince' | 'askedAt'>>
  /** What somebody may do in the repository now; `none` too where the login belongs to somebody else by now. */
  permissionOf(person: Person): Promise<Permission>
  /** Whether everybody can read the repository. */
  isPublic(): Promise<boolean>
  /** Who owns a path under the CODEOWNERS of a commit. */
  ownersOf(path: string, commit: string): Promise<PathOwners>
  /** Comments since then (seconds since the epoch) that ask for the end of the access on whose pull request they stand. */
  endCommands(since: number): Promise<readonly Command[]>
  /** A file as a commit holds it. */
  fileAt(commit: string, path: string): Promise<FileAt | 'missing'>
  /** External id of the newest `Daypass / request` check on a commit. */
  lastRequestCheck(headSha: string): Promise<string | undefined>
  /** The newest `Daypass / approval` check on a commit. */
  lastApprovalCheck(headSha: string): Promise<ApprovalCheck | undefined>
}

/** An approval check as it stands on a commit. */
export interface ApprovalCheck {
  readonly checkRunId: number
  readonly externalId: string | undefined
  /** One that is done is not opened again: a new one takes its place. */
  readonly completed: boolean
}

export interface Command {
  readonly pull: number
  readonly by: Person | null
  readonly edited: boolean
}

/** What the judgement needs to know from request and rules. */
export interface EvidenceTerms {
  readonly requester: string
  readonly approvalsNeeded: number
  readonly mergeBy: 'owners' | 'anyone'
}

/** Writes to one repository. */
export interface RepositoryWriter {
  writeRequestCheck(
    headSha: string,
    externalId: string,
    conclusion: 'success' | 'failure' | 'neutral',
    report: CheckReport,
  ): Promise<void>
  /** Brings the check `Daypass / approval` of a commit up to date: `last` is what stands there. */
  writeApprovalCheck(
    headSha: string,
    externalId: string,
    last: ApprovalCheck | undefined,
    report: ApprovalReport,
  ): Promise<void>
  /** Asks for reviews of a pull request; GitHub may refuse, and says why. */
  askReviewers(pull: number, reviewers: Reviewers): Promise<'asked' | { readonly refused: string }>
  /** Creates or updates the record; `rejected` concludes in failure, `granted` and `ended` are neutral, the others leave it open. */
  writeRecord(
    mergeSha: string,
    identity: RequestIdentity,
    existing: GrantRecord | undefined,
    state: RecordState,
    report: CheckReport,
  ): Promise<GrantRecord>
  /**
   * The one comment of the app on a pull request, and its label, created or brought up to date; writes nothing that stands
   * already. `keep`: a comment on what was decided after the merge stays as it is. `change`: where there is no comment, none is
   * written. `refused`: GitHub takes none there, as where the conversation is locked.
   */
  tell(pull: number, word: Word, mode?: 'keep' | 'change'): Promise<'told' | { readonly refused: string }>
  /**
   * Mentions somebody in a comment of its own, as a change of a comment notifies nobody: once for each end (seconds since
   * the epoch), also where it was written before a crash.
   */
  remind(pull: number, end: number, markdown: string): Promise<'told' | { readonly refused: string }>
  closePull(pull: number): Promise<void>
  /** The one open issue about roles that could not be removed; undefined closes it. `refused`: GitHub takes none. */
  tellAlarm(text: string | undefined): Promise<'told' | { readonly refused: string }>
  /** Opens (or finds) the pull request that takes the file out; nothing where the bytes on the branch are not `blob`. */
  openRevert(revert: Revert): Promise<RevertState>
  /** Merges it where the app may, after reading again that the bytes are the ended ones. */
  mergeRevert(state: RevertState & { kind: 'open' }, revert: Revert): Promise<'merged' | 'waiting'>
  /** Deletes the branches of merged revert pull requests that an interrupted run left. */
  tidyReverts(): Promise<void>
  /** Reports broken rules once on the commit that broke them. */
  reportBrokenRules(commit: string, report: CheckReport): Promise<void>
}

/** What people are told of a request on its pull request. */
export interface Word {
  readonly markdown: string
  /** What is said of an `open` pull request never takes the place of what was said of a `merged` one. */
  readonly of: 'open' | 'undecided' | 'merged'
  /** Its label; without one it bears none of the app's. */
  readonly stage?: Stage
  /** What people are to be notified of, once: a change of a comment notifies nobody. */
  readonly news?: 'held-up' | 'granted' | 'refused' | 'ended'
}

export interface Revert {
  readonly identity: RequestIdentity
  readonly blob: string
  readonly branch: string
  readonly title: string
  /** The receipt. */
  readonly commitMessage: string
  readonly body: string
}

export type RevertState =
  | { readonly kind: 'open'; readonly pull: number; readonly headSha: string }
  | { readonly kind: 'merged' | 'closed'; readonly pull: number }
  /** The file is not on the branch any more, or has other bytes: nothing to take out. */
  | { readonly kind: 'not-needed' }

/** Reads the grants that stand in one account for one repository. Throws `Unreadable`. */
export interface GrantReader {
  list(account: Account, repositoryId: number): Promise<ListedRoles>
  /** The last use of a role that AWS knows of; undefined where it knows none, or does not tell. Never throws. */
  lastUse(account: Account, standing: StandingGrant): Promise<LastUse | undefined>
  /** Whether the account can hold another role; undefined where AWS does not tell. Never throws. */
  hasRoom(account: Account, repositoryId: number): Promise<boolean | undefined>
  /** Whether the account's boundary lets a grant do what it is to do; undefined where AWS does not tell. Never throws. */
  isWithinBoundary(account: Account, grant: Grant): Promise<boolean | undefined>
}

/** What stands under the path of a repository in an account. */
export interface ListedRoles {
  readonly grants: readonly StandingGrant[]
  /** Those that let somebody in, and can't be tied to a request. */
  readonly strays: readonly StrayRole[]
}

/** Hears what others changed on a role, each as a sentence. `isMended`: whether any of it will be. */
export type TellFound = (found: readonly string[], isMended: boolean) => Promise<void>

export interface GrantWriter {
  /**
   * Writes the role, or completes, tightens or extends one that is there. Running it again changes nothing. `former`: what it
   * was before it was extended; left out where no such role is known yet, which alone lets one be made. `tell` hears, before
   * anything is mended, what will be mended of what others had changed, and what will be left.
   */
  write(account: Account, grant: Grant, former?: readonly Grant[], tell?: TellFound): Promise<void>
  /** Makes the role deny everything, sessions in use included, and mark why. Nothing is written where it stands ended and does. */
  deny(account: Account, standing: StandingGrant, at: number, because: EndReason): Promise<void>
  /** The same for a role under the path of the repository that is no request's. */
  denyStray(account: Account, repositoryId: number, stray: StrayRole, at: number): Promise<void>
  /** Deletes the role and reads back that it is gone. */
  remove(account: Account, standing: StandingGrant): Promise<void>
}
