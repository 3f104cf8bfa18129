/** Comments on issues and pull requests. */
import { atLeast, levelOf, reads } from './access.ts'
import { commentEvent } from './events.ts'
import { invalid, notFound, Refused } from './failure.ts'
import type { Input } from './input.ts'
import { choice, dateParameter, paginate } from './pages.ts'
import { commentsOf, presentComment } from './present-issue.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import { demandIssueAccess, findIssue, issueNeed } from './routes-issues.ts'
import type { Comment } from './world.ts'

const LONGEST_COMMENT = 65_536

export const commentRoutes: Route[] = [
  repositoryRoute('GET', '/issues/comments', reads('issues', 'pull_requests'), (call) => {
    const { query, repository } = call
    const key = choice(query, 'sort', ['created', 'updated']) === 'updated' ? 'updatedAt' : 'createdAt'
    const sorted = changedSince(call, [...repository.comments.values()])
    // Without `sort` GitHub ignores `direction`.
    if (query.has('sort')) sorted.sort((a, b) => a[key] - b[key] || a.id - b.id)
    if (query.has('sort') && choice(query, 'direction', ['asc', 'desc']) !== 'asc') sorted.reverse()
    return listed(call, sorted)
  }),
  repositoryRoute('GET', '/issues/comments/:id', issueNeed('read', 'read'), (call) => {
    const comment = findComment(call, 'read')
    return { status: 200, body: presentComment(call.world, call.repository, comment) }
  }),
  repositoryRoute('PATCH', '/issues/comments/:id', issueNeed('write', 'read'), (call) => {
    const { world, repository } = call
    const comment = findComment(call, 'write')
    demandAuthorOrWriter(call, comment)
    const from = comment.body
    comment.body = commentBody(call.input('IssueComment'))
    comment.updatedAt = world.clock.now()
    commentEvent(world, repository, comment, named(call.actor).user, 'edited', {
      changes: { body: { from } },
    })
    return { status: 200, body: presentComment(world, repository, comment) }
  }),
  repositoryRoute('DELETE', '/issues/comments/:id', issueNeed('write', 'read'), (call) => {
    const comment = findComment(call, 'write')
    demandAuthorOrWriter(call, comment)
    call.repository.comments.delete(comment.id)
    commentEvent(call.world, call.repository, comment, named(call.actor).user, 'deleted')
    return { status: 204 }
  }),
  repositoryRoute('GET', '/issues/:number/comments', issueNeed('read', 'read'), (call) =>
    listed(call, changedSince(call, commentsOf(call.repository, findIssue(call, 'read')))),
  ),
  repositoryRoute('POST', '/issues/:number/comments', issueNeed('write', 'read'), createComment),
]

function listed({ world, repository, query }: RepositoryCall, comments: readonly Comment[]): Answer {
  const { items, page } = paginate(comments, query)
  return { status: 200, body: items.map((comment) => presentComment(world, repository, comment)), page }
}

/** `since` counts changes; GitHub's times have whole seconds, so the second itself is in. */
function changedSince(call: RepositoryCall, comments: Comment[]): Comment[] {
  const since = dateParameter(call.query, 'since')
  const visible = comments.filter(({ issue }) => maySee(call, issue.pull !== undefined))
  return since === undefined
    ? visible
    : visible.filter(({ updatedAt }) => Math.floor(updatedAt / 1000) * 1000 >= since)
}

function maySee({ actor }: RepositoryCall, onPull: boolean): boolean {
  if (actor.kind !== 'installation') return true
  const { issues, pull_requests } = actor.grant.permissions
  return issues !== undefined || (onPull && pull_requests !== undefined)
}

function findComment(call: RepositoryCall, access: 'read' | 'write'): Comment {
  const comment = call.repository.comments.get(call.number('id'))
  if (!comment) throw notFound()
  demandIssueAccess(call, comment.issue, access)
  return comment
}

/** People with write access may change anybody's comment; an app may too, where it may write at all. */
function demandAuthorOrWriter({ world, repository, actor }: RepositoryCall, comment: Comment): void {
  const { user, kind } = named(actor)
  if (kind === 'user' && user !== comment.user && !atLeast(levelOf(world, repository, user), 'write')) {
    throw new Refused(403, 'Must have admin rights to Repository.')
  }
}

function createComment(call: RepositoryCall): Answer {
  const { world, repository } = call
  const issue = findIssue(call, 'write')
  const { user } = named(call.actor)
  const at = world.clock.now()
  const body = commentBody(call.input('IssueComment'))
  const comment: Comment = { id: world.nextId(), issue, user, body, createdAt: at, updatedAt: at }
  repository.comments.set(comment.id, comment)
  issue.updatedAt = at
  commentEvent(world, repository, comment, user, 'created')
  const shown = presentComment(world, repository, comment)
  return { status: 201, body: shown, headers: { location: String(shown.url) } }
}

function commentBody(input: Input): string {
  const body = input.text('body')
  if ([...body].length > LONGEST_COMMENT) {
    throw invalid(
      'IssueComment',
      'data',
      'unprocessable',
      `Body is too long (maximum is ${LONGEST_COMMENT} characters)`,
    )
  }
  return body
}
