/** Pull requests: list, open, read, change, their files and commits, and the merge. */
import { atLeast, levelOf, type Need, reads, writes } from './access.ts'
import type { NamedActor } from './auth.ts'
import { pullEvent } from './events.ts'
import { invalid, notFound, Refused } from './failure.ts'
import { MERGE_METHODS, mergePull, testMerge, updatedHead } from './merge.ts'
import { openPull, reopenPull } from './open-pull.ts'
import { choice, paginate } from './pages.ts'
import { apiUrl } from './present-account.ts'
import { presentCommit, presentFile } from './present-commit.ts'
import { presentPull, presentPullSimple } from './present-pull.ts'
import { isUnstable, missingForMerge } from './protection.ts'
import { pullCommits, pullDiff } from './pull-diff.ts'
import { closePull, dismissReviews, heedChange, record } from './pulls.ts'
import { moveRef } from './ref-moves.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import { isPull, type PullIssue, pullsOf, type Repository, type World } from './world.ts'

/** Everyone who can read may open one; what they may change after that depends on whose it is. */
const PROPOSE: Need = { app: [{ name: 'pull_requests', access: 'write' }], user: 'read' }

/** GitHub lists no more of one pull request. */
const LISTED_FILES = 3_000
const LISTED_COMMITS = 250

export const pullRoutes: Route[] = [
  repositoryRoute('GET', '/pulls', reads('pull_requests'), listPulls),
  repositoryRoute('POST', '/pulls', PROPOSE, async (call) => {
    const issue = await openPull(call)
    const answer = await showPull(call, issue, false)
    return { ...answer, status: 201 }
  }),
  repositoryRoute('GET', '/pulls/:number', reads('pull_requests'), (call) =>
    showPull(call, findPull(call), true),
  ),
  repositoryRoute('PATCH', '/pulls/:number', PROPOSE, updatePull),
  repositoryRoute('GET', '/pulls/:number/files', reads('pull_requests'), async (call) => {
    const { world, repository, query } = call
    const issue = findPull(call)
    const files = (await pullDiff(repository, issue)).slice(0, LISTED_FILES)
    const { items, page } = paginate(files, query)
    return {
      status: 200,
      body: items.map((file) => presentFile(world, repository, file, issue.pull.head.sha)),
      page,
    }
  }),
  repositoryRoute('GET', '/pulls/:number/commits', reads('pull_requests'), async (call) => {
    const { world, repository, query } = call
    const shas = (await pullCommits(repository, findPull(call))).slice(0, LISTED_COMMITS)
    const { items, page } = paginate(shas, query)
    const commits = await Promise.all(items.map((sha) => repository.git.commitOrFail(sha)))
    return { status: 200, body: commits.map((commit) => presentCommit(world, repository, commit)), page }
  }),
  repositoryRoute('GET', '/pulls/:number/merge', reads('pull_requests'), (call) => {
    if (!findPull(call).pull.merge) throw notFound()
    return { status: 204 }
  }),
  repositoryRoute('PUT', '/pulls/:number/merge', writes('contents'), merge),
  repositoryRoute('PUT', '/pulls/:number/update-branch', writes('pull_requests'), updateBranch),
]

export function findPull(call: RepositoryCall): PullIssue {
  const issue = call.repository.issues.get(call.number('number'))
  if (!issue || !isPull(issue)) throw notFound()
  return issue
}

function listPulls({ world, repository, query }: RepositoryCall): Answer {
  const state = choice(query, 'state', ['open', 'closed', 'all']) ?? 'open'
  const sort = choice(query, 'sort', ['created', 'updated']) ?? 'created'
  const direction = choice(query, 'direction', ['asc', 'desc']) ?? (query.has('sort') ? 'asc' : 'desc')
  const head = query.get('head')
  const base = query.get('base')
  const found = pullsOf(repository).filter(
    (issue) =>
      (state === 'all' || issue.state === state) &&
      (base === null || issue.pull.base.ref === base) &&
      // GitHub ignores a head without its owner.
      (head === null || !head.includes(':') || headLabel(issue) === head.toLowerCase()),
  )
  const key = (issue: PullIssue) => (sort === 'updated' ? issue.updatedAt : issue.createdAt)
  found.sort((a, b) => key(a) - key(b) || a.number - b.number)
  if (direction === 'desc') found.reverse()
  const { items, page } = paginate(found, query)
  return { status: 200, body: items.map((issue) => presentPullSimple(world, repository, issue)), page }
}

function headLabel({ pull: { head } }: PullIssue): string {
  return `${head.owner.login}:${head.ref}`.toLowerCase()
}

/** GitHub computes whether it can be merged in the background: an answer to a change does not know it yet. */
async function showPull(
  { world, repository }: RepositoryCall,
  issue: PullIssue,
  merges: boolean,
): Promise<Answer> {
  const [files, commits] = await Promise.all([pullDiff(repository, issue), pullCommits(repository, issue)])
  const open = issue.state === 'open' && merges
  const mergeable = open ? (await testMerge(world, repository, issue)) !== undefined : null
  const body = presentPull(world, repository, issue, {
    mergeable,
    mergeableState: await mergeableState(world, repository, issue, mergeable),
    commits: commits.length,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changedFiles: files.length,
  })
  return { status: 200, body, headers: merges ? {} : { location: String(body.url) } }
}

async function mergeableState(
  world: World,
  repository: Repository,
  issue: PullIssue,
  mergeable: boolean | null,
): Promise<string> {
  if (mergeable === null) return 'unknown'
  if (!mergeable) return 'dirty'
  if (issue.pull.draft) return 'draft'
  if ((await missingForMerge(world, repository, issue)).length > 0) return 'blocked'
  return isUnstable(repository, issue) ? 'unstable' : 'clean'
}

async function updatePull(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const issue = findPull(call)
  const actor = named(call.actor)
  demandAuthorOr(call, issue, actor)
  const input = call.input('PullRequest')
  const wish = {
    title: input.optionalString('title'),
    body: input.optionalString('body'),
    base: input.optionalString('base'),
    state: input.oneOf('state', ['open', 'closed']),
  }
  if (wish.title !== undefined && wish.title.trim() === '')
    throw invalid('PullRequest', 'title', 'missing_field')
  await repository.lock.run(async () => {
    const edited = editText(world, issue, actor, wish)
    const retargeted = wish.base === undefined ? {} : await retarget(call, issue, actor, wish.base)
    const changes = { ...edited, ...retargeted }
    if (Object.keys(changes).length > 0) {
      await pullEvent(world, repository, issue, actor.user, 'edited', { changes })
    }
    if (wish.state === 'closed' && issue.state === 'open')
      await closePull(world, repository, issue, actor.user)
    if (wish.state === 'open' && issue.state === 'closed') await reopenPull(call, issue, actor.user)
  })
  return { ...(await showPull(call, issue, true)), headers: {} }
}

/** One's own pull request, or anyone's with write access. */
function demandAuthorOr({ world, repository }: RepositoryCall, issue: PullIssue, actor: NamedActor): void {
  if (actor.kind === 'installation' || issue.user === actor.user) return
  if (!atLeast(levelOf(world, repository, actor.user), 'write'))
    throw new Refused(403, 'Must have write access to Repository.')
}

function editText(
  world: World,
  issue: PullIssue,
  actor: NamedActor,
  wish: { readonly title: string | undefined; readonly body: string | undefined },
) {
  const changes: Record<string, unknown> = {}
  if (wish.title !== undefined && wish.title !== issue.title) {
    changes.title = { from: issue.title }
    record(world, issue, {
      event: 'renamed',
      actor: actor.user,
      rename: { from: issue.title, to: wish.title },
    })
    issue.title = wish.title
  }
  if (wish.body !== undefined && wish.body !== issue.body) {
    changes.body = { from: issue.body ?? '' }
    issue.body = wish.body
    issue.updatedAt = world.clock.now()
  }
  return changes
}

async function retarget(
  { world, repository }: RepositoryCall,
  issue: PullIssue,
  actor: NamedActor,
  ref: string,
) {
  const { pull } = issue
  if (ref === pull.base.ref) return {}
  if (issue.state === 'closed')
    throw invalid('PullRequest', 'base', 'invalid', 'Cannot change the base of a closed pull request')
  const sha = await repository.git.refSha(`refs/heads/${ref}`)
  if (sha === undefined)
    throw invalid('PullRequest', 'base', 'invalid', `Proposed base branch '${ref}' was not found`)
  const from = pull.base
  pull.base = { ref, sha }
  await heedChange(world, repository, issue, actor.user)
  record(world, issue, { event: 'base_ref_changed', actor: actor.user })
  // What was approved was a change of another branch.
  if (repository.protection?.dismissStaleReviews) {
    dismissReviews(world, repository, issue, actor.user, 'The base branch was changed.')
  }
  return { base: { ref: { from: from.ref }, sha: { from: from.sha } } }
}

async function merge(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const issue = findPull(call)
  const input = call.input('PullRequest')
  const wish = {
    method: input.oneOf('merge_method', MERGE_METHODS) ?? 'merge',
    sha: input.optionalString('sha'),
    title: input.optionalString('commit_title'),
    message: input.optionalString('commit_message'),
  }
  const actor = named(call.actor)
  const sha = await repository.lock.run(() => mergePull(world, repository, issue, actor, wish))
  return { status: 200, body: { sha, merged: true, message: 'Pull Request successfully merged' } }
}

async function updateBranch(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const issue = findPull(call)
  const actor = named(call.actor)
  const expected = call.input('PullRequest').optionalString('expected_head_sha')
  const { head } = issue.pull
  if (expected !== undefined && expected !== head.sha)
    throw new Refused(422, 'expected head sha didn’t match current head ref.')
  if (head.repository !== repository)
    throw new Refused(403, 'The sandbox updates branches of this repository only.')
  await repository.lock.run(async () => {
    if (issue.state === 'closed') throw new Refused(422, 'Pull request is closed.')
    const after = await updatedHead(world, repository, issue, actor)
    if (after === undefined) throw new Refused(422, 'merge conflict between base and head')
    const move = { ref: `refs/heads/${head.ref}`, before: head.sha, after, actor: actor.user }
    if (!(await moveRef(world, repository, move))) throw new Refused(422, 'The head branch was modified.')
  })
  const url = apiUrl(world, `/repos/${call.param('owner')}/${call.param('repo')}/pulls/${issue.number}`)
  return { status: 202, body: { message: 'Updating pull request branch.', url } }
}
