/** What happens to a pull request: opened, closed, reopened, reviews dismissed. */
import { atLeast, levelOf } from './access.ts'
import { pullEvent, reviewEvent } from './events.ts'
import type { Issue, IssueEvent, PullIssue, Repository, Review, User, World } from './world.ts'

export function record(world: World, issue: Issue, event: Omit<IssueEvent, 'id' | 'at'>): void {
  const at = world.clock.now()
  issue.events.push({ id: world.nextId(), at, ...event })
  issue.updatedAt = at
}

/** Closes an issue or a pull request without merging it, or finishes one that was just merged. */
export function closeIssue(world: World, issue: Issue, actor: User, reason: Issue['stateReason']): void {
  issue.state = 'closed'
  issue.stateReason = issue.pull ? null : reason
  issue.closedAt = world.clock.now()
  issue.closedBy = actor
  record(world, issue, { event: 'closed', actor })
}

export function reopenIssue(world: World, issue: Issue, actor: User): void {
  issue.state = 'open'
  issue.stateReason = issue.pull ? null : 'reopened'
  issue.closedAt = undefined
  issue.closedBy = undefined
  record(world, issue, { event: 'reopened', actor })
}

export async function closePull(
  world: World,
  repository: Repository,
  issue: PullIssue,
  actor: User,
): Promise<void> {
  closeIssue(world, issue, actor, null)
  await pullEvent(world, repository, issue, actor, 'closed')
  if (!issue.pull.merge) await disableAutoMerge(world, repository, issue, actor)
}

export async function disableAutoMerge(
  world: World,
  repository: Repository,
  issue: PullIssue,
  actor: User,
): Promise<void> {
  if (!issue.pull.autoMerge) return
  issue.pull.autoMerge = undefined
  await pullEvent(world, repository, issue, actor, 'auto_merge_disabled')
}

/** Auto-merge ends with a change of the head or the base by somebody who may not write; a writer's leaves it on. */
export async function heedChange(
  world: World,
  repository: Repository,
  issue: PullIssue,
  actor: User,
): Promise<void> {
  // An app that could push or retarget has the permission to write.
  const mayWrite = actor.kind === 'bot' || atLeast(levelOf(world, repository, actor), 'write')
  if (!mayWrite) await disableAutoMerge(world, repository, issue, actor)
}

/** Takes back all approvals, as the rules say of a change after them. */
export function dismissReviews(
  world: World,
  repository: Repository,
  issue: PullIssue,
  actor: User,
  message: string,
): void {
  for (const review of issue.pull.reviews) {
    if (review.state === 'APPROVED') dismissReview(world, repository, issue, review, actor, message)
  }
}

export function dismissReview(
  world: World,
  repository: Repository,
  issue: PullIssue,
  review: Review,
  actor: User,
  message: string,
): void {
  const dismissed = { review, state: review.state, message }
  review.state = 'DISMISSED'
  record(world, issue, { event: 'review_dismissed', actor, dismissed })
  reviewEvent(world, repository, issue, review, actor, 'dismissed')
}
