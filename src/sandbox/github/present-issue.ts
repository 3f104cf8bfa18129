/** JSON shapes of issues, comments, labels and their events. */
import { levelOf } from './access.ts'
import {
  type Json,
  nodeId,
  optionalTimestamp,
  presentAccount,
  presentAppOf,
  presentTeam,
  presentUserOrNull,
  timestamp,
} from './present-account.ts'
import { repositoryPage, repositoryUrl } from './present-repository.ts'
import type { Comment, Issue, IssueEvent, Label, Repository, User, World } from './world.ts'

export function presentIssue(world: World, repository: Repository, issue: Issue): Json {
  const url = repositoryUrl(world, repository, `/issues/${issue.number}`)
  const pull = issue.pull && repositoryUrl(world, repository, `/pulls/${issue.number}`)
  const page = issuePage(world, repository, issue)
  return {
    id: issue.id,
    node_id: nodeId('Issue', issue.id),
    url,
    repository_url: repositoryUrl(world, repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    timeline_url: `${url}/timeline`,
    html_url: page,
    number: issue.number,
    state: issue.state,
    state_reason: issue.stateReason,
    title: issue.title,
    body: issue.body,
    user: presentAccount(world, issue.user),
    labels: issue.labels.map((label) => presentLabel(world, repository, label)),
    assignee: presentUserOrNull(world, issue.assignees[0]),
    assignees: issue.assignees.map((user) => presentAccount(world, user)),
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: commentsOf(repository, issue).length,
    created_at: timestamp(issue.createdAt),
    updated_at: timestamp(issue.updatedAt),
    closed_at: optionalTimestamp(issue.closedAt),
    closed_by: presentUserOrNull(world, issue.closedBy),
    author_association: association(world, repository, issue.user),
    performed_via_github_app: presentAppOf(world, issue.user),
    reactions: presentReactions(url),
    ...(issue.pull
      ? {
          draft: issue.pull.draft,
          pull_request: {
            url: pull,
            html_url: page,
            diff_url: `${page}.diff`,
            patch_url: `${page}.patch`,
            merged_at: optionalTimestamp(issue.pull.merge?.at),
          },
        }
      : {}),
  }
}

export function issuePage(world: World, repository: Repository, issue: Issue): string {
  return repositoryPage(world, repository, `/${issue.pull ? 'pull' : 'issues'}/${issue.number}`)
}

export function commentsOf(repository: Repository, issue: Issue): Comment[] {
  return [...repository.comments.values()].filter((comment) => comment.issue === issue)
}

/** GitHub's word for how a person relates to the repository; it is no authorisation. */
export function association(world: World, repository: Repository, user: User): string {
  if (repository.owner.id === user.id) return 'OWNER'
  if (repository.owner.kind === 'organization' && user.organizationRole !== 'outside') return 'MEMBER'
  if (repository.collaborators.has(user.login)) return 'COLLABORATOR'
  return levelOf(world, repository, user) === 'none' ? 'NONE' : 'CONTRIBUTOR'
}

export function presentComment(world: World, repository: Repository, comment: Comment): Json {
  const url = repositoryUrl(world, repository, `/issues/comments/${comment.id}`)
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url,
    html_url: `${issuePage(world, repository, comment.issue)}#issuecomment-${comment.id}`,
    issue_url: repositoryUrl(world, repository, `/issues/${comment.issue.number}`),
    user: presentAccount(world, comment.user),
    body: comment.body,
    created_at: timestamp(comment.createdAt),
    updated_at: timestamp(comment.updatedAt),
    author_association: association(world, repository, comment.user),
    performed_via_github_app: presentAppOf(world, comment.user),
    reactions: presentReactions(url),
  }
}

function presentReactions(url: string): Json {
  return {
    url: `${url}/reactions`,
    total_count: 0,
    '+1': 0,
    '-1': 0,
    laugh: 0,
    hooray: 0,
    confused: 0,
    heart: 0,
    rocket: 0,
    eyes: 0,
  }
}

export function presentLabel(world: World, repository: Repository, label: Label): Json {
  return {
    id: label.id,
    node_id: nodeId('Label', label.id),
    url: repositoryUrl(world, repository, `/labels/${encodeURIComponent(label.name)}`),
    name: label.name,
    description: label.description,
    color: label.color,
    default: false,
  }
}

export function presentEvent(world: World, repository: Repository, event: IssueEvent): Json {
  const { commitSha, label, rename, requestedReviewer, requestedTeam, dismissed } = event
  return {
    id: event.id,
    node_id: nodeId('IssueEvent', event.id),
    url: repositoryUrl(world, repository, `/issues/events/${event.id}`),
    actor: presentAccount(world, event.actor),
    event: event.event,
    commit_id: commitSha ?? null,
    commit_url: commitSha === undefined ? null : repositoryUrl(world, repository, `/commits/${commitSha}`),
    created_at: timestamp(event.at),
    performed_via_github_app: presentAppOf(world, event.actor),
    ...(label ? { label: { name: label.name, color: label.color } } : {}),
    ...(rename ? { rename } : {}),
    ...(requestedReviewer || requestedTeam ? { review_requester: presentAccount(world, event.actor) } : {}),
    ...(requestedReviewer ? { requested_reviewer: presentAccount(world, requestedReviewer) } : {}),
    ...(requestedTeam ? { requested_team: presentTeam(world, requestedTeam) } : {}),
    ...(dismissed
      ? {
          dismissed_review: {
            state: dismissed.state.toLowerCase(),
            review_id: dismissed.review.id,
            dismissal_message: dismissed.message,
          },
        }
      : {}),
    ...STATE_FIELDS[event.event],
  }
}

/** Fields that GitHub's schema asks of events that change the state. */
const STATE_FIELDS: Readonly<Record<string, Json>> = {
  closed: { state_reason: null, lock_reason: null },
  reopened: { state_reason: null, lock_reason: null },
  merged: { state_reason: null, lock_reason: null },
}
