/** The branch rules: which refs they cover, what they ask of a merge, who may merge past them. */
import { atLeast, levelOf } from './access.ts'
import type { NamedActor } from './auth.ts'
import { isOwner, ownersOf, readCodeowners } from './codeowners.ts'
import { pullDiff } from './pull-diff.ts'
import type { SeedProtection } from './seed.ts'
import type { CheckRun, PullIssue, Repository, Review, World } from './world.ts'

export const RULESET_NAME = 'Default branch'

export interface Rule {
  readonly type: string
  readonly parameters?: Readonly<Record<string, unknown>>
}

/** One ruleset per repository: its id follows from the repository's. */
export function rulesetId(repository: Repository): number {
  return repository.id
}

export function isProtected(repository: Repository, ref: string): boolean {
  return repository.protection !== undefined && ref === `refs/heads/${repository.defaultBranch}`
}

export function protectedRefs(repository: Repository): string[] {
  const ref = `refs/heads/${repository.defaultBranch}`
  return isProtected(repository, ref) ? [ref] : []
}

export function rulesOf(world: World, { protection }: Repository): Rule[] {
  if (!protection) return []
  const checks = protection.requiredChecks.map((context) => ({ context, integration_id: world.app.id }))
  return [
    { type: 'deletion' },
    { type: 'non_fast_forward' },
    ...(protection.linearHistory ? [{ type: 'required_linear_history' }] : []),
    {
      type: 'pull_request',
      parameters: {
        required_approving_review_count: protection.requiredApprovals,
        dismiss_stale_reviews_on_push: protection.dismissStaleReviews,
        require_code_owner_review: protection.codeOwnerReview,
        require_last_push_approval: false,
        required_review_thread_resolution: false,
        allowed_merge_methods: ['merge', 'squash', 'rebase'],
      },
    },
    ...(checks.length === 0
      ? []
      : [
          {
            type: 'required_status_checks',
            parameters: { strict_required_status_checks_policy: false, required_status_checks: checks },
          },
        ]),
  ]
}

export function mayBypass(world: World, repository: Repository, actor: NamedActor): boolean {
  const allowed = repository.protection?.bypassForPullRequests ?? []
  if (actor.kind === 'installation') return allowed.includes('app')
  return allowed.includes('admin') && levelOf(world, repository, actor.user) === 'admin'
}

/** What the rules still miss before this pull request may be merged, in GitHub's words; empty: nothing. */
export async function missingForMerge(
  world: World,
  repository: Repository,
  issue: PullIssue,
  method?: 'merge' | 'squash' | 'rebase',
): Promise<string[]> {
  const { protection } = repository
  if (!protection || !isProtected(repository, `refs/heads/${issue.pull.base.ref}`)) return []
  return [
    ...missingReviews(world, repository, issue, protection),
    ...(protection.codeOwnerReview ? await missingOwners(world, repository, issue) : []),
    ...missingChecks(repository, issue, protection),
    ...(protection.linearHistory && method === 'merge'
      ? ['This branch must not contain merge commits.']
      : []),
  ]
}

/**
 * What each person who can write says last, the author left out. Where a dismissal makes that doubtful the stricter
 * reading counts: it never brings an older approval back, but an older change request stands again.
 */
function standingReviews(world: World, repository: Repository, issue: PullIssue): Review[] {
  const said = issue.pull.reviews.filter(({ state }) => state !== 'COMMENTED' && state !== 'PENDING')
  const people = [...new Set(said.map(({ user }) => user))].filter(
    (user) => user !== issue.user && atLeast(levelOf(world, repository, user), 'write'),
  )
  return people.flatMap((person) => {
    const own = said.filter(({ user }) => user === person)
    const standing = own.findLast(({ state }) => state !== 'DISMISSED')
    return standing && (standing === own.at(-1) || standing.state === 'CHANGES_REQUESTED') ? [standing] : []
  })
}

function missingReviews(
  world: World,
  repository: Repository,
  issue: PullIssue,
  { requiredApprovals }: SeedProtection,
): string[] {
  const standing = standingReviews(world, repository, issue)
  const approvals = standing.filter(({ state }) => state === 'APPROVED').length
  const missing: string[] = []
  if (standing.some(({ state }) => state === 'CHANGES_REQUESTED'))
    missing.push('Changes have been requested.')
  if (approvals < requiredApprovals) {
    const noun = requiredApprovals === 1 ? 'approving review is' : 'approving reviews are'
    missing.push(`At least ${requiredApprovals} ${noun} required by reviewers with write access.`)
  }
  return missing
}

/** CODEOWNERS counts as it is on the base branch; each owned file needs one owner's approval. */
async function missingOwners(world: World, repository: Repository, issue: PullIssue): Promise<string[]> {
  const tip = await repository.git.refSha(`refs/heads/${issue.pull.base.ref}`)
  const owners = tip && (await readCodeowners(repository, tip))
  if (!owners) return []
  const approvers = standingReviews(world, repository, issue)
    .filter(({ state }) => state === 'APPROVED')
    .map(({ user }) => user)
  const files = await pullDiff(repository, issue)
  const paths = files.flatMap(({ path, previousPath }) =>
    previousPath === undefined ? [path] : [path, previousPath],
  )
  const open = paths.some((path) => {
    const owning = ownersOf(owners, path)
    return (
      owning.length > 0 &&
      !approvers.some((user) => owning.some((owner) => isOwner(world, repository, owner, user)))
    )
  })
  return open ? ['Waiting on code owner review.'] : []
}

/** Only the app makes check runs here, so a check run is pinned to it; a commit status never counts. */
function missingChecks(
  repository: Repository,
  issue: PullIssue,
  { requiredChecks }: SeedProtection,
): string[] {
  return requiredChecks
    .filter((name) => !hasPassed(latestRun(repository, issue.pull.head.sha, name)))
    .map((name) => `Required status check "${name}" is expected.`)
}

function latestRun(repository: Repository, sha: string, name: string): CheckRun | undefined {
  return [...repository.checkRuns.values()].findLast((run) => run.headSha === sha && run.name === name)
}

/** Whether any check on the head has failed or is not done, required or not. */
export function isUnstable(repository: Repository, issue: PullIssue): boolean {
  const runs = [...repository.checkRuns.values()].filter(({ headSha }) => headSha === issue.pull.head.sha)
  const latest = new Map(runs.map((run) => [run.name, run]))
  return [...latest.values()].some((run) => !hasPassed(run))
}

function hasPassed(run: CheckRun | undefined): boolean {
  return run?.status === 'completed' && ['success', 'neutral', 'skipped'].includes(run.conclusion ?? '')
}
