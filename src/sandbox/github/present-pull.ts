/** JSON shapes of pull requests and reviews. */
import {
  type Json,
  nodeId,
  optionalTimestamp,
  presentAccount,
  presentTeam,
  presentTeamSimple,
  presentUserOrNull,
  timestamp,
} from './present-account.ts'
import { association, commentsOf, issuePage, presentLabel } from './present-issue.ts'
import { presentRepository, repositoryUrl } from './present-repository.ts'
import type { Account, PullIssue, Repository, Review, World } from './world.ts'

/** What GitHub shows of a pull request in lists. */
export function presentPullSimple(world: World, repository: Repository, issue: PullIssue): Json {
  const { pull } = issue
  const links = pullLinks(world, repository, issue)
  return {
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    url: links.self,
    html_url: links.html,
    diff_url: `${links.html}.diff`,
    patch_url: `${links.html}.patch`,
    issue_url: links.issue,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: links.statuses,
    number: issue.number,
    state: issue.state,
    locked: false,
    title: issue.title,
    user: presentAccount(world, issue.user),
    body: issue.body,
    labels: issue.labels.map((label) => ({
      ...presentLabel(world, repository, label),
      // In lists of pull requests the schema wants text here.
      description: label.description ?? '',
    })),
    milestone: null,
    active_lock_reason: null,
    created_at: timestamp(issue.createdAt),
    updated_at: timestamp(issue.updatedAt),
    closed_at: optionalTimestamp(issue.closedAt),
    merged_at: optionalTimestamp(pull.merge?.at),
    merge_commit_sha: pull.merge?.sha ?? pull.testMerge?.sha ?? null,
    assignee: presentUserOrNull(world, issue.assignees[0]),
    assignees: issue.assignees.map((user) => presentAccount(world, user)),
    requested_reviewers: [...pull.requestedReviewers].map((user) => presentAccount(world, user)),
    requested_teams: [...pull.requestedTeams].map((team) => presentTeam(world, team, repository)),
    head: presentEnd(world, pull.head.owner, pull.head.repository, pull.head),
    base: presentEnd(world, repository.owner, repository, pull.base),
    author_association: association(world, repository, issue.user),
    auto_merge: presentAutoMerge(world, issue),
    draft: pull.draft,
    _links: Object.fromEntries(Object.entries(links).map(([rel, href]) => [rel, { href }])),
  }
}

/** What only a question for one pull request computes. */
export interface PullDetails {
  readonly mergeable: boolean | null
  readonly mergeableState: string
  readonly commits: number
  readonly additions: number
  readonly deletions: number
  readonly changedFiles: number
}

export function presentPull(
  world: World,
  repository: Repository,
  issue: PullIssue,
  details: PullDetails,
): Json {
  const { pull } = issue
  return {
    ...presentPullSimple(world, repository, issue),
    requested_teams: [...pull.requestedTeams].map((team) => presentTeamSimple(world, team)),
    merged: pull.merge !== undefined,
    mergeable: details.mergeable,
    rebaseable: details.mergeable,
    mergeable_state: details.mergeableState,
    merged_by: presentUserOrNull(world, pull.merge?.by),
    comments: commentsOf(repository, issue).length,
    review_comments: 0,
    maintainer_can_modify: pull.maintainerCanModify,
    commits: details.commits,
    additions: details.additions,
    deletions: details.deletions,
    changed_files: details.changedFiles,
  }
}

function pullLinks(world: World, repository: Repository, issue: PullIssue) {
  const self = repositoryUrl(world, repository, `/pulls/${issue.number}`)
  const issueUrl = repositoryUrl(world, repository, `/issues/${issue.number}`)
  return {
    self,
    html: issuePage(world, repository, issue),
    issue: issueUrl,
    comments: `${issueUrl}/comments`,
    review_comments: `${self}/comments`,
    review_comment: repositoryUrl(world, repository, '/pulls/comments{/number}'),
    commits: `${self}/commits`,
    statuses: repositoryUrl(world, repository, `/statuses/${issue.pull.head.sha}`),
  }
}

function presentAutoMerge(world: World, { title, pull: { autoMerge } }: PullIssue): Json | null {
  return (
    (autoMerge && {
      enabled_by: presentAccount(world, autoMerge.by),
      merge_method: autoMerge.method,
      commit_title: autoMerge.title ?? title,
      commit_message: autoMerge.message ?? '',
    }) ??
    null
  )
}

/** Where a fork was deleted, its owner is still named. */
function presentEnd(
  world: World,
  owner: Account,
  repository: Repository | undefined,
  { ref, sha }: { readonly ref: string; readonly sha: string },
): Json {
  return {
    label: `${owner.login}:${ref}`,
    ref,
    sha,
    user: presentAccount(world, owner),
    repo: repository ? presentRepository(world, repository) : null,
  }
}

export function presentReview(world: World, repository: Repository, issue: PullIssue, review: Review): Json {
  const html = `${issuePage(world, repository, issue)}#pullrequestreview-${review.id}`
  const pull = repositoryUrl(world, repository, `/pulls/${issue.number}`)
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: presentAccount(world, review.user),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: pull,
    author_association: association(world, repository, review.user),
    _links: { html: { href: html }, pull_request: { href: pull } },
    ...(review.submittedAt === undefined ? {} : { submitted_at: timestamp(review.submittedAt) }),
    commit_id: review.commitSha,
  }
}

/** A pull request as check runs mention it. */
export function presentPullMinimal(world: World, repository: Repository, issue: PullIssue): Json {
  const repo = (mentioned: Repository) => ({
    id: mentioned.id,
    url: repositoryUrl(world, mentioned),
    name: mentioned.name,
  })
  const { id, head, base } = issue.pull
  // Only those from the repository itself are ever mentioned there.
  const from = head.repository ?? repository
  return {
    id,
    number: issue.number,
    url: repositoryUrl(world, repository, `/pulls/${issue.number}`),
    head: { ref: head.ref, sha: head.sha, repo: repo(from) },
    base: { ref: base.ref, sha: base.sha, repo: repo(repository) },
  }
}
