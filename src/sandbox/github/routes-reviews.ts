/** Reviews: who said what of which commit, and whose review is asked for. */
import { atLeast, levelOf, type Need, reads, teamLevel, teamMembers, writes } from './access.ts'
import { reviewEvent } from './events.ts'
import { invalid, notFound, Refused } from './failure.ts'
import type { Input } from './input.ts'
import { paginate } from './pages.ts'
import { presentAccount, presentTeam } from './present-account.ts'
import { presentPullSimple, presentReview } from './present-pull.ts'
import { pullCommits } from './pull-diff.ts'
import { dismissReview, record } from './pulls.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import { findPull } from './routes-pulls.ts'
import {
  fullName,
  type PullIssue,
  type Repository,
  type Review,
  type ReviewState,
  type Team,
  type User,
  userNamed,
  type World,
} from './world.ts'

const REVIEW: Need = { app: [{ name: 'pull_requests', access: 'write' }], user: 'read' }

const STATES = { APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const
const EVENTS = ['APPROVE', 'REQUEST_CHANGES', 'COMMENT'] as const

export const reviewRoutes: Route[] = [
  repositoryRoute('GET', '/pulls/:number/reviews', reads('pull_requests'), (call) => {
    const issue = findPull(call)
    const { items, page } = paginate(visibleReviews(call, issue), call.query)
    return {
      status: 200,
      body: items.map((review) => presentReview(call.world, call.repository, issue, review)),
      page,
    }
  }),
  repositoryRoute('POST', '/pulls/:number/reviews', REVIEW, createReview),
  repositoryRoute('GET', '/pulls/:number/reviews/:id', reads('pull_requests'), (call) => {
    const issue = findPull(call)
    return { status: 200, body: presentReview(call.world, call.repository, issue, findReview(call, issue)) }
  }),
  repositoryRoute('PUT', '/pulls/:number/reviews/:id/dismissals', writes('pull_requests'), dismiss),
  repositoryRoute('GET', '/pulls/:number/requested_reviewers', reads('pull_requests'), (call) => {
    const { world, repository } = call
    const { requestedReviewers, requestedTeams } = findPull(call).pull
    const users = [...requestedReviewers].map((user) => presentAccount(world, user))
    const teams = [...requestedTeams].map((team) => presentTeam(world, team, repository))
    return { status: 200, body: { users, teams } }
  }),
  repositoryRoute('POST', '/pulls/:number/requested_reviewers', writes('pull_requests'), requestReviewers),
]

/** A pending review is its author's alone. */
function visibleReviews({ actor }: RepositoryCall, { pull }: PullIssue): Review[] {
  const self = actor.kind === 'user' || actor.kind === 'installation' ? actor.user : undefined
  return pull.reviews.filter(({ state, user }) => state !== 'PENDING' || user === self)
}

function findReview(call: RepositoryCall, issue: PullIssue): Review {
  const id = call.number('id')
  const review = visibleReviews(call, issue).find((candidate) => candidate.id === id)
  if (!review) throw notFound()
  return review
}

async function createReview(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const issue = findPull(call)
  const { user } = named(call.actor)
  const input = call.input('PullRequestReview')
  const event = input.oneOf('event', EVENTS)
  const state: ReviewState = event ? STATES[event] : 'PENDING'
  const body = input.optionalString('body') ?? ''
  if ((input.items('comments') ?? []).length > 0)
    throw unprocessable('The sandbox has no review comments on lines')
  checkReview(issue, user, state, body)
  const review: Review = {
    id: world.nextId(),
    user,
    body,
    state,
    commitSha: await reviewedCommit(call, issue, input),
    submittedAt: state === 'PENDING' ? undefined : world.clock.now(),
  }
  issue.pull.reviews.push(review)
  if (state !== 'PENDING') {
    fulfilRequests(world, issue, user)
    issue.updatedAt = world.clock.now()
    reviewEvent(world, repository, issue, review, user, 'submitted')
  }
  return { status: 200, body: presentReview(world, repository, issue, review) }
}

/** A review of one member is what was asked of the team. */
function fulfilRequests(world: World, { pull }: PullIssue, user: User): void {
  pull.requestedReviewers.delete(user)
  for (const team of pull.requestedTeams) {
    if (teamMembers(world, team).includes(user)) pull.requestedTeams.delete(team)
  }
}

function checkReview(issue: PullIssue, user: User, state: ReviewState, body: string): void {
  if (user === issue.user && state === 'APPROVED')
    throw unprocessable('Can not approve your own pull request')
  if (user === issue.user && state === 'CHANGES_REQUESTED') {
    throw unprocessable('Can not request changes on your own pull request')
  }
  if ((state === 'CHANGES_REQUESTED' || state === 'COMMENTED') && body.trim() === '') {
    throw unprocessable('Body cannot be blank')
  }
  if (
    state === 'PENDING' &&
    issue.pull.reviews.some((other) => other.user === user && other.state === 'PENDING')
  ) {
    throw unprocessable('User can only have one pending review per pull request')
  }
}

/** The head, or an earlier commit of the pull request: whoever reviews may have read older bytes. */
async function reviewedCommit(
  { repository }: RepositoryCall,
  issue: PullIssue,
  input: Input,
): Promise<string> {
  const wanted = input.optionalString('commit_id')
  if (wanted === undefined || wanted === issue.pull.head.sha) return issue.pull.head.sha
  const known = await pullCommits(repository, issue)
  if (!known.includes(wanted)) throw unprocessable('The commit_id is not part of the pull request')
  return wanted
}

async function dismiss(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const issue = findPull(call)
  const review = findReview(call, issue)
  const input = call.input('PullRequestReview')
  const message = input.string('message')
  if (message.trim() === '') throw unprocessable('Message cannot be blank')
  input.oneOf('event', ['DISMISS'])
  if (review.state !== 'APPROVED' && review.state !== 'CHANGES_REQUESTED') {
    throw unprocessable(`Can not dismiss a ${review.state.toLowerCase()} pull request review`)
  }
  dismissReview(world, repository, issue, review, named(call.actor).user, message)
  return { status: 200, body: presentReview(world, repository, issue, review) }
}

function requestReviewers(call: RepositoryCall): Answer {
  const { world, repository } = call
  const issue = findPull(call)
  const actor = named(call.actor).user
  const input = call.input('ReviewRequest')
  const users = (input.strings('reviewers') ?? []).map((login) => reviewer(call, issue, login))
  const teams = (input.strings('team_reviewers') ?? []).map((slug) => reviewingTeam(call, slug))
  for (const requestedReviewer of users) {
    if (issue.pull.requestedReviewers.has(requestedReviewer)) continue
    issue.pull.requestedReviewers.add(requestedReviewer)
    record(world, issue, { event: 'review_requested', actor, requestedReviewer })
  }
  for (const requestedTeam of teams) {
    if (issue.pull.requestedTeams.has(requestedTeam)) continue
    issue.pull.requestedTeams.add(requestedTeam)
    record(world, issue, { event: 'review_requested', actor, requestedTeam })
  }
  return { status: 201, body: presentPullSimple(world, repository, issue) }
}

function reviewer({ world, repository }: RepositoryCall, issue: PullIssue, login: string): User {
  const user = userNamed(world, login)
  if (user === issue.user) throw unprocessable('Review cannot be requested from pull request author.')
  if (!user || user.kind === 'bot' || !atLeast(levelOf(world, repository, user), 'read')) {
    throw notACollaborator(repository)
  }
  return user
}

function reviewingTeam({ world, repository }: RepositoryCall, slug: string): Team {
  const team = world.teams.get(slug)
  if (!team) throw invalid('ReviewRequest', 'team_reviewers', 'invalid')
  if (teamLevel(world, repository, team) === 'none') throw notACollaborator(repository)
  return team
}

function notACollaborator(repository: Repository): Refused {
  return unprocessable(
    `Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the ${fullName(repository)} repository.`,
  )
}

/** The reviews' operations name what is wrong in plain sentences. */
function unprocessable(sentence: string): Refused {
  return new Refused(422, 'Unprocessable Entity', [sentence])
}
