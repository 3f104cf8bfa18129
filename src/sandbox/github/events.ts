/** Builds the payloads of webhook events and sends them on their way. */

import { NO_OBJECT } from './git.ts'
import { diffTrees } from './git-diff.ts'
import type { Commit } from './git-objects.ts'
import { type Json, presentOrganization, timestamp } from './present-account.ts'
import { presentCheckRun, presentCheckSuite } from './present-check.ts'
import { presentSimpleCommit } from './present-commit.ts'
import { presentComment, presentIssue, presentLabel } from './present-issue.ts'
import { presentPull, presentPullSimple, presentReview } from './present-pull.ts'
import { repositoryPage, repositoryUrl } from './present-repository.ts'
import { pullCommits, pullDiff } from './pull-diff.ts'
import type {
  CheckRun,
  CheckSuite,
  Comment,
  Label,
  PullIssue,
  Repository,
  Review,
  User,
  World,
} from './world.ts'

/** Commits listed in one push event. */
const LISTED_COMMITS = 20

export async function pullEvent(
  world: World,
  repository: Repository,
  issue: PullIssue,
  sender: User,
  action: string,
  more: Json = {},
): Promise<void> {
  const [files, commits] = await Promise.all([pullDiff(repository, issue), pullCommits(repository, issue)])
  const pull = presentPull(world, repository, issue, {
    // GitHub computes these later, in the background.
    mergeable: null,
    mergeableState: 'unknown',
    commits: commits.length,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changedFiles: files.length,
  })
  const payload = { action, number: issue.number, pull_request: pull, ...more }
  world.emit({ name: 'pull_request', repository, sender, payload })
}

export function labelEvent(
  world: World,
  repository: Repository,
  issue: PullIssue,
  sender: User,
  label: Label,
): Promise<void> {
  return pullEvent(world, repository, issue, sender, 'labeled', {
    label: presentLabel(world, repository, label),
  })
}

export function reviewEvent(
  world: World,
  repository: Repository,
  issue: PullIssue,
  review: Review,
  sender: User,
  action: 'submitted' | 'dismissed',
): void {
  const shown = presentReview(world, repository, issue, review)
  const payload = {
    action,
    review: { ...shown, state: review.state.toLowerCase() },
    pull_request: presentPullSimple(world, repository, issue),
  }
  world.emit({ name: 'pull_request_review', repository, sender, payload })
}

export function commentEvent(
  world: World,
  repository: Repository,
  comment: Comment,
  sender: User,
  action: 'created' | 'edited' | 'deleted',
  more: Json = {},
): void {
  const payload = {
    action,
    issue: presentIssue(world, repository, comment.issue),
    comment: presentComment(world, repository, comment),
    ...more,
  }
  world.emit({ name: 'issue_comment', repository, sender, payload })
}

export function checkRunEvent(
  world: World,
  repository: Repository,
  run: CheckRun,
  sender: User,
  action: 'created' | 'completed' | 'rerequested' | 'requested_action',
  more: Json = {},
): void {
  const check_run = {
    ...presentCheckRun(world, repository, run),
    check_suite: presentCheckSuite(world, repository, run.suite),
  }
  world.emit({ name: 'check_run', repository, sender, payload: { action, check_run, ...more } })
}

export async function checkSuiteEvent(
  world: World,
  repository: Repository,
  suite: CheckSuite,
  sender: User,
  action: 'requested' | 'rerequested',
): Promise<void> {
  const head = await repository.git.commitOrFail(suite.headSha)
  const check_suite = {
    ...presentCheckSuite(world, repository, suite),
    head_commit: presentSimpleCommit(head),
  }
  world.emit({ name: 'check_suite', repository, sender, payload: { action, check_suite } })
}

export function refEvent(
  world: World,
  repository: Repository,
  name: 'create' | 'delete',
  ref: string,
  sender: User,
): void {
  const [, kind, short = ''] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? []
  const payload = {
    ref: short,
    ref_type: kind === 'tags' ? 'tag' : 'branch',
    pusher_type: 'user',
    ...(name === 'create' ? { master_branch: repository.defaultBranch, description: null } : {}),
  }
  world.emit({ name, repository, sender, payload })
}

export interface Push {
  readonly ref: string
  readonly before: string
  readonly after: string
  readonly forced: boolean
}

export async function pushEvent(
  world: World,
  repository: Repository,
  push: Push,
  sender: User,
): Promise<void> {
  const gone = push.after === NO_OBJECT
  const fresh = push.before === NO_OBJECT
  const shas = gone ? [] : await pushedShas(repository, push)
  const commits = await Promise.all(shas.map((sha) => pushedCommit(world, repository, sha)))
  const headCommit = gone ? null : (commits.at(-1) ?? (await pushedCommit(world, repository, push.after)))
  const payload = {
    ref: push.ref,
    before: push.before,
    after: push.after,
    created: fresh,
    deleted: gone,
    forced: push.forced,
    base_ref: null,
    compare: repositoryPage(
      world,
      repository,
      `/compare/${push.before.slice(0, 12)}...${push.after.slice(0, 12)}`,
    ),
    commits,
    head_commit: headCommit,
    pusher: { name: sender.login, email: sender.email },
    repository: pushedRepository(world, repository),
  }
  world.emit({ name: 'push', repository, sender, payload })
}

/** What the branch gained, oldest first; for a new branch, what no other branch has. */
async function pushedShas({ git }: Repository, { ref, before, after }: Push): Promise<string[]> {
  const branch = ref.replace(/^refs\/heads\//, '')
  const gained = before === NO_OBJECT ? await git.newTo(branch, after) : await git.between(before, after)
  return gained.slice(0, LISTED_COMMITS).reverse()
}

/** In push events GitHub writes these as numbers, and names the owner as a pusher. */
function pushedRepository(world: World, repository: Repository): Json {
  return {
    url: repositoryPage(world, repository),
    created_at: Math.floor(repository.createdAt / 1000),
    pushed_at: Math.floor(repository.pushedAt / 1000),
    master_branch: repository.defaultBranch,
    stargazers: 0,
    organization: presentOrganization(world).login,
  }
}

async function pushedCommit(world: World, repository: Repository, sha: string): Promise<Json> {
  const commit = await repository.git.commitOrFail(sha)
  const files = await diffTrees(repository.git, commit.parents[0], sha)
  const paths = (status: string) => files.filter((file) => file.status === status).map(({ path }) => path)
  return {
    ...presentSimpleCommit(commit),
    distinct: true,
    url: repositoryUrl(world, repository, `/commits/${sha}`),
    timestamp: timestamp(commit.committer.seconds * 1000),
    author: person(commit.author),
    committer: person(commit.committer),
    added: [...paths('added'), ...paths('renamed')],
    removed: [...paths('removed'), ...files.flatMap(({ previousPath }) => previousPath ?? [])],
    modified: [...paths('modified'), ...paths('changed')],
  }
}

function person({ name, email }: Commit['author']): Json {
  return { name, email }
}
