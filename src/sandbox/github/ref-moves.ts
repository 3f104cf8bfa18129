/** Everything that follows when a ref moves: the activity log, pull requests brought up to date, events. */
import { checkSuiteEvent, pullEvent, pushEvent, refEvent } from './events.ts'
import { NO_OBJECT } from './git.ts'
import { isProtected } from './protection.ts'
import { closePull, dismissReviews, heedChange, record } from './pulls.ts'
import {
  type ActivityType,
  type CheckSuite,
  type PullIssue,
  pullsOf,
  type Repository,
  type User,
  type World,
} from './world.ts'

export interface RefMove {
  readonly ref: string
  readonly before: string
  readonly after: string
  readonly actor: User
  /** Given where it can't be told from the two commits. */
  readonly type?: ActivityType
}

/** Moves a ref and lets everything follow; false when it was no longer at `before`. The caller holds the lock. */
export async function moveRef(world: World, repository: Repository, move: RefMove): Promise<boolean> {
  if (!(await repository.git.updateRefs([move]))) return false
  await refMoved(world, repository, move)
  return true
}

/** For a ref that has moved already, such as by a push. The caller holds the lock. */
export async function refMoved(world: World, repository: Repository, move: RefMove): Promise<void> {
  const { ref, before, after, actor } = move
  const type = move.type ?? (await activityType(repository, move))
  repository.pushedAt = world.clock.now()
  const branch = branchOf(ref)
  if (branch !== undefined) {
    const at = world.clock.now()
    repository.activity.push({ id: world.nextId(), before, after, ref, type, actor, at })
  }
  if (before === NO_OBJECT) refEvent(world, repository, 'create', ref, actor)
  if (after === NO_OBJECT) refEvent(world, repository, 'delete', ref, actor)
  await pushEvent(world, repository, { ref, before, after, forced: type === 'force_push' }, actor)
  if (branch === undefined) return
  if (after !== NO_OBJECT) await requestSuite(world, repository, branch, move)
  await followBase(world, repository, branch, move)
  await followHead(world, repository, branch, move, type)
}

function branchOf(ref: string): string | undefined {
  return ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined
}

async function activityType(repository: Repository, { before, after }: RefMove): Promise<ActivityType> {
  if (before === NO_OBJECT) return 'branch_creation'
  if (after === NO_OBJECT) return 'branch_deletion'
  return (await repository.git.isAncestor(before, after)) ? 'push' : 'force_push'
}

async function requestSuite(
  world: World,
  repository: Repository,
  branch: string,
  move: RefMove,
): Promise<void> {
  if (repository.checkSuites.has(move.after)) return
  const suite = suiteAt(world, repository, move.after, branch, move.before)
  await checkSuiteEvent(world, repository, suite, move.actor, 'requested')
}

/** One suite per commit, as the app makes all of the check runs. */
export function suiteAt(
  world: World,
  repository: Repository,
  headSha: string,
  headBranch: string | null = null,
  before = NO_OBJECT,
): CheckSuite {
  const known = repository.checkSuites.get(headSha)
  if (known) return known
  const suite = { id: world.nextId(), headSha, headBranch, before, createdAt: world.clock.now() }
  repository.checkSuites.set(headSha, suite)
  return suite
}

/** A branch that now contains a pull request's head has merged it, whoever pushed and whatever anyone approved. */
async function followBase(
  world: World,
  repository: Repository,
  branch: string,
  move: RefMove,
): Promise<void> {
  const aimed = pullsOf(repository).filter(({ state, pull }) => state === 'open' && pull.base.ref === branch)
  if (aimed.length === 0) return
  if (move.after === NO_OBJECT) {
    const into = mergedInto(repository, branch)
    for (const issue of aimed) {
      if (into === undefined) await closePull(world, repository, issue, move.actor)
      else await aimAt(world, repository, issue, into, move.actor)
    }
    return
  }
  const { git } = repository
  const { before, after } = move
  const brought = new Set(
    before === NO_OBJECT ? await git.history([after]) : await git.between(before, after),
  )
  for (const issue of aimed.filter(({ pull }) => brought.has(pull.head.sha))) {
    const sha = await mergeCommitOf(repository, issue, brought)
    await markMerged(world, repository, issue, sha, move.actor)
  }
}

/** Where a branch went that was merged before it was deleted: its own pull requests follow it there. */
function mergedInto(repository: Repository, branch: string): string | undefined {
  const merged = pullsOf(repository).findLast(
    ({ pull }) => pull.merge && pull.head.repository === repository && pull.head.ref === branch,
  )
  return merged?.pull.base.ref
}

async function aimAt(
  world: World,
  repository: Repository,
  issue: PullIssue,
  ref: string,
  actor: User,
): Promise<void> {
  const from = issue.pull.base
  const sha = await repository.git.refSha(`refs/heads/${ref}`)
  if (sha === undefined) return closePull(world, repository, issue, actor)
  issue.pull.base = { ref, sha }
  record(world, issue, { event: 'automatic_base_change_succeeded', actor })
  const changes = { base: { ref: { from: from.ref }, sha: { from: from.sha } } }
  await pullEvent(world, repository, issue, actor, 'edited', { changes })
}

/** The merge commit that has the head as a parent, or the head itself when the branch was moved onto it. */
async function mergeCommitOf(
  repository: Repository,
  issue: PullIssue,
  brought: ReadonlySet<string>,
): Promise<string> {
  for (const sha of brought) {
    const { parents } = await repository.git.commitOrFail(sha)
    if (parents.slice(1).includes(issue.pull.head.sha)) return sha
  }
  return issue.pull.head.sha
}

export async function markMerged(
  world: World,
  repository: Repository,
  issue: PullIssue,
  sha: string,
  by: User,
): Promise<void> {
  const at = world.clock.now()
  issue.pull.merge = { sha, at, by }
  record(world, issue, { event: 'merged', actor: by, commitSha: sha })
  await closePull(world, repository, issue, by)
}

/** Open pull requests from this branch, into whichever repository, get the new head. */
async function followHead(
  world: World,
  source: Repository,
  branch: string,
  move: RefMove,
  type: ActivityType,
): Promise<void> {
  for (const target of world.repositories.values()) {
    const from = pullsOf(target).filter(
      ({ state, pull }) => state === 'open' && pull.head.repository === source && pull.head.ref === branch,
    )
    if (from.length === 0) continue
    const follow = async () => {
      for (const issue of from) await updateHead(world, target, issue, move, type)
    }
    // A push into a fork holds the fork's lock only; a push into the repository itself holds this one already.
    await (target === source ? follow() : target.lock.run(follow))
  }
}

async function updateHead(
  world: World,
  repository: Repository,
  issue: PullIssue,
  move: RefMove,
  type: ActivityType,
): Promise<void> {
  const { pull } = issue
  if (move.after === NO_OBJECT) {
    record(world, issue, { event: 'head_ref_deleted', actor: move.actor })
    await closePull(world, repository, issue, move.actor)
    return
  }
  await takeHead(repository, issue, move.after)
  await heedChange(world, repository, issue, move.actor)
  if (type === 'force_push')
    record(world, issue, { event: 'head_ref_force_pushed', actor: move.actor, commitSha: move.after })
  issue.updatedAt = world.clock.now()
  if (isProtected(repository, `refs/heads/${pull.base.ref}`) && repository.protection?.dismissStaleReviews) {
    dismissReviews(world, repository, issue, move.actor, 'The pull request was changed after this review.')
  }
  const payload = { before: move.before, after: move.after }
  await pullEvent(world, repository, issue, move.actor, 'synchronize', payload)
  const tip = await repository.git.refSha(`refs/heads/${pull.base.ref}`)
  // Nothing is left to merge: GitHub closes it.
  if (tip && (await repository.git.isAncestor(move.after, tip)))
    await closePull(world, repository, issue, move.actor)
}

/** Records the head and keeps it reachable in the base repository as `refs/pull/<n>/head`. */
export async function takeHead(repository: Repository, issue: PullIssue, sha: string): Promise<void> {
  const { pull } = issue
  const ref = `refs/pull/${issue.number}/head`
  const git = pull.head.repository?.git ?? repository.git
  if (git !== repository.git) await repository.git.fetch(git, sha, ref)
  else {
    const before = (await repository.git.refSha(ref)) ?? NO_OBJECT
    await repository.git.updateRefs([{ ref, before, after: sha }])
  }
  pull.head.sha = sha
  pull.base.sha = (await repository.git.refSha(`refs/heads/${pull.base.ref}`)) ?? pull.base.sha
}
