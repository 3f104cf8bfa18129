/** Pull requests and merge groups: which are open, what they change, and which one brought a commit in. */
import type { ChangedFile, Person } from '../core/evidence.ts'
import { LABELS } from '../core/label.ts'
import { type ClosedPull, CutOff, type OpenPull } from '../ports.ts'
import type { Context } from './context.ts'
import { write } from './failures.ts'
import { personOf } from './people.ts'
import { secondsOf } from './times.ts'

/** GitHub lists no more, and doesn't say that it cut the list off. */
export const MOST_PULL_FILES = 3000

export async function openPulls({ octokit, at, reads }: Context): Promise<OpenPull[]> {
  const what = `the open pull requests of ${at.owner}/${at.repo}`
  return reads.all(what, octokit.rest.pulls.list, { ...at, state: 'open', per_page: 100 }, (page) =>
    page.map((pull) => ({
      number: pull.number,
      headSha: pull.head.sha,
      baseBranch: pull.base.ref,
      draft: pull.draft === true,
      updatedAt: pull.updated_at,
      createdAt: secondsOf(pull.created_at),
      labels: pull.labels.map(({ name }) => name),
    })),
  )
}

/** By the label, which anybody may set or take away: so people are only told what GitHub says of the pull request itself. */
export async function closedWaiting(context: Context): Promise<ClosedPull[]> {
  const { octokit, at, reads } = context
  const what = `the closed pull requests of ${at.owner}/${at.repo} that bear a label`
  const parameters = { ...at, state: 'closed' as const, labels: LABELS.waiting.name, per_page: 100 }
  const numbers = await reads.all(what, octokit.rest.issues.listForRepo, parameters, (page) =>
    page.flatMap(({ number, pull_request }) => (pull_request ? [number] : [])),
  )
  return Promise.all(
    numbers.map(async (number) => {
      const { merged, base } = await readPull(context, number)
      return { number, merged, baseBranch: base.ref }
    }),
  )
}

export async function mergeGroups({ octokit, target, at, reads }: Context) {
  const prefix = `heads/gh-readonly-queue/${target.defaultBranch}/pr-`
  const what = `the merge groups of ${at.owner}/${at.repo}`
  const refs = await reads.all(
    what,
    octokit.rest.git.listMatchingRefs,
    { ...at, ref: prefix },
    (page) => page,
  )
  return refs.flatMap(({ ref, object }) => {
    const [, pull] = /^(\d+)-[0-9a-f]+$/.exec(ref.slice(`refs/${prefix}`.length)) ?? []
    return pull === undefined ? [] : [{ headSha: object.sha, pull: Number(pull) }]
  })
}

export async function closePull({ octokit, at }: Context, number: number): Promise<void> {
  await write(`closing pull request #${number} of ${at.owner}/${at.repo}`, () =>
    octokit.rest.pulls.update({ ...at, pull_number: number, state: 'closed' }),
  )
}

export function readPull({ octokit, at, reads }: Context, number: number) {
  const what = `pull request #${number} of ${at.owner}/${at.repo}`
  return reads.one(what, octokit.rest.pulls.get, { ...at, pull_number: number })
}

/** A merge, as nothing can change it any more. */
export interface Merge {
  readonly mergeSha: string
  /** Seconds since the epoch. */
  readonly mergedAt: number
}

/** Undefined while it is not merged, and where there is none of that number. */
export async function mergeOf(context: Context, number: number): Promise<Merge | undefined> {
  const known = context.merges.get(String(number))
  if (known) return known
  const { octokit, at, reads } = context
  const what = `pull request #${number} of ${at.owner}/${at.repo}`
  const pull = await reads.maybe(what, octokit.rest.pulls.get, { ...at, pull_number: number })
  if (!pull?.merged || !pull.merge_commit_sha || !pull.merged_at) return undefined
  const merge = { mergeSha: pull.merge_commit_sha, mergedAt: secondsOf(pull.merged_at) }
  context.merges.set(String(number), merge, 1)
  return merge
}

export function pullFiles({ octokit, at, reads }: Context, number: number): Promise<ChangedFile[]> {
  const what = `the files of pull request #${number} of ${at.owner}/${at.repo}`
  const parameters = { ...at, pull_number: number, per_page: 100 }
  return reads.all(what, octokit.rest.pulls.listFiles, parameters, (page) => page.map(toChangedFile))
}

/** The same files, once it is sure that none is left out. */
export function wholeList(number: number, count: number, files: ChangedFile[]): ChangedFile[] {
  if (!isWhole(count, files)) {
    const cause = `it changes ${count} files, and GitHub lists ${files.length} (${MOST_PULL_FILES} at most); split it`
    throw new CutOff(`the files of pull request #${number}`, cause)
  }
  return files
}

/** `count` as GitHub tells it of the pull request itself. */
export function isWhole(count: number, files: readonly ChangedFile[]): boolean {
  return count <= MOST_PULL_FILES && files.length >= count
}

/** As GitHub lists them, the oldest first. */
export async function pullCommits({ octokit, at, reads, git }: Context, number: number) {
  const what = `the commits of pull request #${number} of ${at.owner}/${at.repo}`
  const parameters = { ...at, pull_number: number, per_page: 100 }
  const commits = await reads.all(what, octokit.rest.pulls.listCommits, parameters, (page) => page)
  for (const commit of commits) git.learn(commit)
  return commits
}

/** What was done to it, the oldest first. */
export function pullEvents({ octokit, at, reads }: Context, number: number) {
  const what = `the events of pull request #${number} of ${at.owner}/${at.repo}`
  const parameters = { ...at, issue_number: number, per_page: 100 }
  return reads.all(what, octokit.rest.issues.listEvents, parameters, (page) => page)
}

export type PullEvents = Awaited<ReturnType<typeof pullEvents>>

/** When the last event of such a kind was, in seconds since the epoch; undefined where there was none. */
export function lastOf(events: PullEvents, kinds: ReadonlySet<string>): number | undefined {
  const times = events.flatMap(({ event, created_at }) => (kinds.has(event) ? [secondsOf(created_at)] : []))
  return times.length === 0 ? undefined : Math.max(...times)
}

/** Events after which it stands on another base than before. */
export const BASE_CHANGES: ReadonlySet<string> = new Set([
  'base_ref_changed',
  'base_ref_force_pushed',
  // GitHub itself pointed it elsewhere, as its base was merged and deleted.
  'automatic_base_change_succeeded',
])

/** Also those that were begun and not given yet. */
export function pullReviews({ octokit, at, reads }: Context, number: number) {
  const what = reviewsOf(at, number)
  const parameters = { ...at, pull_number: number, per_page: 100 }
  return reads.all(what, octokit.rest.pulls.listReviews, parameters, (page) => page)
}

/** As errors name them. */
export function reviewsOf({ owner, repo }: Context['at'], number: number): string {
  return `the reviews of pull request #${number} of ${owner}/${repo}`
}

export type PullCommits = Awaited<ReturnType<typeof pullCommits>>

export interface LandedPull {
  readonly number: number
  readonly headSha: string
  readonly mergeSha: string
  /** As GitHub writes it. */
  readonly mergedAt: string
  readonly author: Person | null
}

/** The pull requests merged into the default branch of this repository that hold a commit, the earliest merged first. */
export async function landedPulls(context: Context, commit: string): Promise<LandedPull[]> {
  const { octokit, at, reads } = context
  const what = `the pull requests of commit ${commit} of ${at.owner}/${at.repo}`
  const parameters = { ...at, commit_sha: commit, per_page: 100 }
  const pulls = await reads.all(
    what,
    octokit.rest.repos.listPullRequestsAssociatedWithCommit,
    parameters,
    (page) => page,
  )
  return pulls
    .flatMap((pull) => landedOf(context, pull))
    .sort((a, b) => Date.parse(a.mergedAt) - Date.parse(b.mergedAt) || a.number - b.number)
}

/**
 * The hundred that changed last, of those merged into the default branch. GitHub works out which pull requests hold a
 * commit some seconds after the merge, but knows at once what it merged.
 */
export async function lastLandedPulls(context: Context): Promise<LandedPull[]> {
  const { octokit, target, at, reads } = context
  const what = `the last closed pull requests of ${at.owner}/${at.repo}`
  const newest = { state: 'closed', sort: 'updated', direction: 'desc', per_page: 100 } as const
  const parameters = { ...at, ...newest, base: target.defaultBranch }
  const pulls = await reads.one(what, octokit.rest.pulls.list, parameters)
  return pulls.flatMap((pull) => landedOf(context, pull))
}

type ListedPull = Awaited<ReturnType<Context['octokit']['rest']['pulls']['list']>>['data'][number]

function landedOf(
  { target }: Context,
  { number, head, base, user, merged_at, merge_commit_sha }: ListedPull,
): LandedPull[] {
  const here = base.repo.id === target.id && base.ref === target.defaultBranch
  if (!here || !merged_at || !merge_commit_sha) return []
  return [
    { number, headSha: head.sha, mergeSha: merge_commit_sha, mergedAt: merged_at, author: personOf(user) },
  ]
}

interface DiffEntry {
  readonly filename: string
  readonly status: ChangedFile['status']
  readonly previous_filename?: string
}

export function toChangedFile({ filename, status, previous_filename }: DiffEntry): ChangedFile {
  return {
    path: filename,
    status,
    ...(previous_filename === undefined ? {} : { previousPath: previous_filename }),
  }
}
