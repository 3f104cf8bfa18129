/** Everything GitHub says of one pull request, told of one path. */
import { WEB_FLOW } from '../core/approvers.ts'
import type { Commit, FileAt, MergedPull, Person, Review } from '../core/evidence.ts'
import { Unreadable } from '../ports.ts'
import { coAuthorsOf, type FindByEmail } from './co-authors.ts'
import { type Context, hostOf } from './context.ts'
import { personOf } from './people.ts'
import {
  BASE_CHANGES,
  lastOf,
  MOST_PULL_FILES,
  type PullCommits,
  pullCommits,
  pullEvents,
  pullFiles,
  pullReviews,
  readPull,
  reviewsOf,
  wholeList,
} from './pulls.ts'
import { secondsOf } from './times.ts'

const MOST_PULL_COMMITS = 250

/** What is being read of the pull request already. */
interface Underway {
  readonly told?: ReturnType<typeof readPull>
  readonly listed?: Promise<PullCommits>
}

export async function readMergedPull(
  context: Context,
  number: number,
  path: string,
  { told = readPull(context, number), listed = pullCommits(context, number) }: Underway = {},
): Promise<MergedPull> {
  const [pull, files, commits, reviews, baseChangedAt] = await Promise.all([
    told,
    pullFiles(context, number),
    listed.then((commits) => commitsTold(context, commits, path)),
    readReviews(context, number, path),
    pullEvents(context, number).then((events) => lastOf(events, BASE_CHANGES)),
  ])
  const cutOff = whyCutOff(pull, commits.length, files.length)
  if (cutOff === undefined && commits.length < pull.commits) {
    const cause = `it has ${pull.commits} commits, and GitHub lists ${commits.length}`
    throw new Unreadable(`the commits of pull request #${number}`, cause)
  }
  const merge =
    pull.merged && pull.merged_at && pull.merge_commit_sha
      ? { mergedAt: secondsOf(pull.merged_at), mergeSha: pull.merge_commit_sha }
      : {}
  return {
    number,
    author: personOf(pull.user),
    baseRepositoryId: pull.base.repo.id,
    baseBranch: pull.base.ref,
    ...(baseChangedAt === undefined ? {} : { baseChangedAt }),
    headSha: pull.head.sha,
    merged: pull.merged,
    ...merge,
    mergedBy: personOf(pull.merged_by),
    files: cutOff === undefined ? wholeList(number, pull.changed_files, files) : files,
    commits,
    reviews,
    ...(cutOff !== undefined && { cutOff }),
  }
}

/** What a full list leaves out today it will leave out tomorrow. A count that a list contradicts says nothing. */
function whyCutOff(
  { commits, changed_files: files }: Awaited<ReturnType<typeof readPull>>,
  listedCommits: number,
  listedFiles: number,
): string | undefined {
  if (commits > MOST_PULL_COMMITS && listedCommits >= MOST_PULL_COMMITS)
    return `it has ${commits} commits, and GitHub lists ${MOST_PULL_COMMITS} at most`
  if (files > MOST_PULL_FILES && listedFiles >= MOST_PULL_FILES)
    return `it changes ${files} files, and GitHub lists ${MOST_PULL_FILES} at most`
  return undefined
}

function commitsTold(context: Context, listed: PullCommits, path: string): Promise<Commit[]> {
  const findByEmail = accountsByEmail(listed)
  const host = hostOf(context)
  return Promise.all(
    listed.map(async ({ sha, parents, author, committer, commit }) => ({
      sha,
      author: personOf(author),
      committer: personOf(committer) ?? webCommitter(commit.committer?.email, host),
      coAuthors: coAuthorsOf(commit.message, findByEmail, host),
      touchesFile: await touches(context, sha, parents[0]?.sha, path),
    })),
  )
}

/**
 * What a GitHub Enterprise Server commits itself bears an address of its own, and no account has that: on github.com it is
 * the account `web-flow`.
 */
function webCommitter(email: string | undefined, host: string): Person | null {
  return email?.toLowerCase() === `noreply@${host}` ? { id: 0, login: WEB_FLOW, kind: 'bot' } : null
}

/** GitHub itself tied these addresses to accounts, for other commits of the same pull request. */
function accountsByEmail(commits: PullCommits): FindByEmail {
  const known = new Map<string, Person>()
  for (const { author, committer, commit } of commits) {
    for (const [account, email] of [
      [author, commit.author?.email],
      [committer, commit.committer?.email],
    ] as const) {
      const person = personOf(account)
      if (person && email !== undefined) known.set(email.toLowerCase(), person)
    }
  }
  return (email) => known.get(email) ?? null
}

async function touches(
  { git }: Context,
  commit: string,
  parent: string | undefined,
  path: string,
): Promise<boolean> {
  const [after, before] = await Promise.all([
    git.fileAt(commit, path),
    parent === undefined ? ('missing' as const) : git.fileAt(parent, path),
  ])
  return !sameFile(before, after)
}

export function sameFile(a: FileAt | 'missing', b: FileAt | 'missing'): boolean {
  if (a === 'missing' || b === 'missing') return a === b
  return a.blob === b.blob && a.mode === b.mode
}

async function readReviews(context: Context, number: number, path: string): Promise<Review[]> {
  const what = reviewsOf(context.at, number)
  const submitted = (await pullReviews(context, number)).filter(({ state }) => state !== 'PENDING')
  return Promise.all(
    submitted.map(async ({ id, user, state, commit_id, submitted_at }) => {
      if (!submitted_at) throw new Unreadable(what, `GitHub does not say when review ${id} was given`)
      const review = {
        id,
        person: personOf(user),
        state: reviewState(what, state),
        submittedAt: secondsOf(submitted_at),
      }
      if (!commit_id) return review
      if (review.state !== 'approved') return { ...review, commit: commit_id }
      return { ...review, commit: commit_id, file: await reviewedFile(context, commit_id, path) }
    }),
  )
}

function reviewState(what: string, state: string): Review['state'] {
  switch (state) {
    case 'APPROVED':
      return 'approved'
    case 'CHANGES_REQUESTED':
      return 'changes-requested'
    case 'COMMENTED':
      return 'commented'
    case 'DISMISSED':
      return 'dismissed'
    default:
      throw new Unreadable(what, `a review has the state ${state}, which Daypass does not know`)
  }
}

/** A commit that was pushed over and is gone holds no bytes that the approval could be compared with. */
async function reviewedFile({ git }: Context, commit: string, path: string): Promise<FileAt | 'missing'> {
  return (await git.knows(commit)) ? git.fileAt(commit, path) : 'missing'
}
