/** The story of an issue or pull request in order: commits, reviews, comments, and what was done. */
import { presentAccount, timestamp } from './present-account.ts'
import { presentGitCommit } from './present-commit.ts'
import { commentsOf, presentComment, presentEvent } from './present-issue.ts'
import { presentReview } from './present-pull.ts'
import { pullCommits } from './pull-diff.ts'
import { type Issue, isPull, type PullIssue, type Repository, type World } from './world.ts'

interface Moment {
  readonly at: number
  readonly body: Record<string, unknown>
}

export async function timeline(
  world: World,
  repository: Repository,
  issue: Issue,
): Promise<Record<string, unknown>[]> {
  const moments: Moment[] = [
    ...(isPull(issue) ? await commits(world, repository, issue) : []),
    ...(isPull(issue) ? reviews(world, repository, issue) : []),
    ...commentsOf(repository, issue).map((comment) => ({
      at: comment.createdAt,
      body: {
        ...presentComment(world, repository, comment),
        event: 'commented',
        actor: presentAccount(world, comment.user),
      },
    })),
    ...issue.events.map((event) => ({ at: event.at, body: presentEvent(world, repository, event) })),
  ]
  return moments.sort((a, b) => a.at - b.at).map(({ body }) => body)
}

async function commits(world: World, repository: Repository, issue: PullIssue): Promise<Moment[]> {
  const shas = await pullCommits(repository, issue)
  const found = await Promise.all(shas.map((sha) => repository.git.commitOrFail(sha)))
  return found.map((commit) => ({
    at: commit.committer.seconds * 1000,
    body: { ...presentGitCommit(world, repository, commit), event: 'committed' },
  }))
}

function reviews(world: World, repository: Repository, issue: PullIssue): Moment[] {
  return issue.pull.reviews.flatMap((review) =>
    review.submittedAt === undefined
      ? []
      : [
          {
            at: review.submittedAt,
            body: {
              ...presentReview(world, repository, issue, review),
              state: review.state.toLowerCase(),
              event: 'reviewed',
              submitted_at: timestamp(review.submittedAt),
            },
          },
        ],
  )
}
