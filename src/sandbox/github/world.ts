/** The state of the sandbox's GitHub: everything that is not in git. */
import type { SandboxClock } from '../clock.ts'
import type { Git } from './git.ts'
import type { Lock } from './lock.ts'
import type { SeedApp, SeedProtection } from './seed.ts'

interface Organization {
  readonly kind: 'organization'
  readonly login: string
  readonly id: number
}

export interface User {
  readonly kind: 'user' | 'bot'
  login: string
  readonly id: number
  readonly name: string
  readonly email: string
  /** Undefined for bots, who sign in as an app. */
  readonly token: string | undefined
  organizationRole: 'admin' | 'member' | 'outside'
}

export type Account = User | Organization

export interface Team {
  readonly id: number
  readonly slug: string
  readonly members: Set<string>
  readonly parent: string | undefined
}

/** From least to most; each level includes the ones before it. */
export const LEVELS = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const
export type Level = (typeof LEVELS)[number]

export interface Label {
  readonly id: number
  readonly name: string
  readonly color: string
  readonly description: string | null
}

export interface Comment {
  readonly id: number
  readonly issue: Issue
  readonly user: User
  body: string
  readonly createdAt: number
  updatedAt: number
}

export interface Issue {
  readonly id: number
  readonly number: number
  title: string
  body: string | null
  readonly user: User
  state: 'open' | 'closed'
  stateReason: 'completed' | 'not_planned' | 'duplicate' | 'reopened' | null
  labels: Label[]
  assignees: User[]
  readonly createdAt: number
  updatedAt: number
  closedAt: number | undefined
  closedBy: User | undefined
  readonly events: IssueEvent[]
  /** Set when this issue is a pull request. */
  readonly pull: PullRequest | undefined
}

interface PullRequest {
  readonly id: number
  draft: boolean
  base: { ref: string; sha: string }
  /** `repository` is undefined once a fork was deleted. */
  readonly head: {
    readonly ref: string
    readonly owner: Account
    repository: Repository | undefined
    sha: string
  }
  readonly maintainerCanModify: boolean
  readonly reviews: Review[]
  readonly requestedReviewers: Set<User>
  readonly requestedTeams: Set<Team>
  merge: { readonly sha: string; readonly at: number; readonly by: User } | undefined
  autoMerge: AutoMerge | undefined
  /** GitHub's test merge, as of the two commits it was made from. */
  testMerge: { readonly base: string; readonly head: string; readonly sha: string | undefined } | undefined
}

/** A merge that was asked for beforehand. */
interface AutoMerge {
  readonly by: User
  readonly at: number
  readonly method: 'merge' | 'squash' | 'rebase'
  readonly title: string | null
  readonly message: string | null
}

/** A pull request together with the issue it is. */
export type PullIssue = Issue & { readonly pull: PullRequest }

export type ReviewState = 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED' | 'PENDING'

export interface Review {
  readonly id: number
  readonly user: User
  body: string
  state: ReviewState
  readonly commitSha: string
  readonly submittedAt: number | undefined
}

export interface IssueEvent {
  readonly id: number
  readonly event: string
  readonly actor: User
  readonly at: number
  readonly commitSha?: string
  readonly label?: Label
  readonly rename?: { readonly from: string; readonly to: string }
  readonly requestedReviewer?: User
  readonly requestedTeam?: Team
  readonly dismissed?: { readonly review: Review; readonly state: ReviewState; readonly message: string }
}

export interface Annotation {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  readonly startColumn: number | null
  readonly endColumn: number | null
  readonly level: 'notice' | 'warning' | 'failure'
  readonly message: string
  readonly title: string | null
  readonly rawDetails: string | null
}

export interface CheckAction {
  readonly label: string
  readonly description: string
  readonly identifier: string
}

export const CHECK_STATUSES = ['queued', 'in_progress', 'completed'] as const
export const CHECK_CONCLUSIONS = [
  'action_required',
  'cancelled',
  'failure',
  'neutral',
  'success',
  'skipped',
  'timed_out',
] as const

export interface CheckRun {
  readonly id: number
  readonly headSha: string
  readonly suite: CheckSuite
  name: string
  externalId: string
  detailsUrl: string | undefined
  status: (typeof CHECK_STATUSES)[number]
  conclusion: (typeof CHECK_CONCLUSIONS)[number] | null
  readonly startedAt: number
  completedAt: number | undefined
  output: { title: string | null; summary: string | null; text: string | null }
  readonly annotations: Annotation[]
  actions: readonly CheckAction[]
}

export interface CheckSuite {
  readonly id: number
  readonly headSha: string
  readonly headBranch: string | null
  readonly before: string
  readonly createdAt: number
  /** Asked for again, and nothing was written since. */
  rerequested?: boolean
}

export interface CommitStatus {
  readonly id: number
  readonly sha: string
  readonly state: 'error' | 'failure' | 'pending' | 'success'
  readonly context: string
  readonly description: string | null
  readonly targetUrl: string | null
  readonly creator: User
  readonly at: number
}

export const ACTIVITY_TYPES = [
  'push',
  'force_push',
  'branch_creation',
  'branch_deletion',
  'pr_merge',
  'merge_queue_merge',
] as const
export type ActivityType = (typeof ACTIVITY_TYPES)[number]

export interface Activity {
  readonly id: number
  readonly before: string
  readonly after: string
  readonly ref: string
  readonly type: ActivityType
  readonly actor: User
  readonly at: number
}

export interface Repository {
  readonly id: number
  readonly owner: Account
  name: string
  private: boolean
  readonly defaultBranch: string
  readonly parent: Repository | undefined
  readonly collaborators: Map<string, Level>
  readonly teams: Map<string, Level>
  readonly protection: SeedProtection | undefined
  /** Off unless an administrator switches it on. */
  allowAutoMerge: boolean
  git: Git
  /** Held by everything that moves refs, so that reading and moving are one step. */
  lock: Lock
  readonly issues: Map<number, Issue>
  readonly comments: Map<number, Comment>
  readonly labels: Map<string, Label>
  readonly checkRuns: Map<number, CheckRun>
  readonly checkSuites: Map<string, CheckSuite>
  readonly statuses: CommitStatus[]
  readonly activity: Activity[]
  readonly createdAt: number
  pushedAt: number
}

export type Permissions = Readonly<Record<string, 'read' | 'write'>>

export interface InstallationToken {
  readonly token: string
  /** By the machine's clock, as the JWT it was asked with. */
  readonly expiresAt: number
  readonly permissions: Permissions
  /** Ids, or undefined for all that the app is installed on. */
  readonly repositoryIds: ReadonlySet<number> | undefined
}

/** Everything that is taken up again with a world, besides what is in git: plain data, but for `Git` and `Lock`. */
export interface WorldData {
  readonly organization: Organization
  readonly users: Map<string, User>
  readonly teams: Map<string, Team>
  readonly app: SeedApp
  /** The account the app acts as: `<slug>[bot]`. */
  readonly bot: User
  readonly repositories: Map<string, Repository>
  /** Commits that GitHub itself signed. */
  readonly signedCommits: Set<string>
  readonly installationTokens: Map<string, InstallationToken>
  /** Names that repositories had before, as `repositoryKey`s, to their ids. */
  readonly formerNames: Map<string, number>
  /** While the app's installation is suspended. */
  suspension: { readonly by: User; readonly at: number } | undefined
  readonly startedAt: number
  /** The last of the ids given by `nextId`. */
  lastId: number
}

export interface World extends WorldData {
  /** Base of every page and of git over HTTP; known once the server listens. */
  readonly url: string
  readonly clock: SandboxClock
  readonly dataDir: string
  readonly hooksDir: string
  nextId(): number
  /** Tells the app, if it is subscribed and installed there. */
  emit(event: WebhookEvent): void
}

/** Without what the world lives in. */
export function dataOf(world: World): WorldData {
  const { url: _url, clock: _clock, dataDir: _dataDir, hooksDir: _hooksDir, nextId: _nextId, ...rest } = world
  const { emit: _emit, ...data } = rest
  return data
}

export interface WebhookEvent {
  readonly name: string
  /** Undefined for what happens to the whole installation. */
  readonly repository: Repository | undefined
  readonly sender: User
  readonly payload: Readonly<Record<string, unknown>>
}

export function repositoryKey(owner: string, name: string): string {
  return `${owner}/${name}`.toLowerCase()
}

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`
}

export function isPull(issue: Issue): issue is PullIssue {
  return issue.pull !== undefined
}

export function pullsOf(repository: Repository): PullIssue[] {
  return [...repository.issues.values()].filter(isPull)
}

/** Issues, comments, and pull requests count from one sequence in each repository. */
export function nextNumber(repository: Repository): number {
  return repository.issues.size + 1
}

export function userNamed(world: World, login: string): User | undefined {
  return world.users.get(login.toLowerCase())
}

/** The person a commit's e-mail belongs to, as GitHub maps it: it proves nothing about who made the commit. */
export function userOfEmail(world: World, email: string): User | undefined {
  const wanted = email.toLowerCase()
  for (const user of world.users.values()) {
    if (user.email.toLowerCase() === wanted || noReplyEmail(user).toLowerCase() === wanted) return user
  }
  return undefined
}

function noReplyEmail(user: User): string {
  return `${user.id}+${user.login}@users.noreply.github.com`
}
