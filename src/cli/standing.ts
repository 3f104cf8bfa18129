/** Where requests stand, as GitHub tells: their pull requests, and the app's own checks on them. */
import { fewAtOnce } from '../core/few-at-once.ts'
import { identityHash, type RequestIdentity } from '../core/grant.ts'
import { ofOneApp } from '../core/one-app.ts'
import { parseRecord, type RequestRecord } from '../core/record.ts'
import { ENDED_BECAUSE } from '../core/report-words.ts'
import { isRequestPath, parseLocation, type RequestLocation } from '../core/request.ts'
import { phaseOf, type Window } from '../core/window.ts'
import type { GitHubAs } from './github.ts'

export interface Standing {
  readonly path: string
  readonly location?: RequestLocation
  readonly pull: number
  readonly url: string
  /** Who opened the pull request. */
  readonly author: string
  readonly state: StandingState
  /** An open pull request that asks for more time for what stands, not for anything new. */
  readonly isExtension?: true
  /** The app's own sentence. */
  readonly says: string
  readonly record?: RequestRecord
  /** What the record's check shows; it names the role. */
  readonly summary?: string
}

export type StandingState =
  /** Its pull request is open. */
  | { readonly kind: 'asked' }
  /** Merged, and not judged yet. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'scheduled' | 'open' | 'over'; readonly window: Window }
  | { readonly kind: 'ended'; readonly at?: number; readonly because?: string }
  | { readonly kind: 'refused' }
  /** Closed without a merge. */
  | { readonly kind: 'withdrawn' }
  /** Several apps have written its record. */
  | { readonly kind: 'unclear' }

type Pull = Pick<
  Awaited<ReturnType<GitHubAs['octokit']['pulls']['list']>>['data'][number],
  'number' | 'state' | 'merged_at' | 'merge_commit_sha' | 'html_url' | 'updated_at'
> & {
  readonly head: { readonly sha: string }
  readonly user: { readonly login: string; readonly type: string } | null
}
type CheckRun = Awaited<ReturnType<GitHubAs['octokit']['checks']['listForRef']>>['data']['check_runs'][number]

const GRANT = 'Daypass / grant'
const APPROVAL = 'Daypass / approval'
const REQUEST = 'Daypass / request'
/** GitHub asks for no more at once. */
export const AT_ONCE = 8

export interface Wanted {
  /** Undefined: everybody's. */
  readonly author?: string
  /** Only what changed since, in seconds since the epoch. */
  readonly since: number
  readonly onProgress?: (done: number, of: number) => void
}

/** Newest first. */
export async function readStandings(
  github: GitHubAs,
  { author, since, onProgress }: Wanted,
): Promise<readonly Standing[]> {
  const now = await github.now()
  const pulls = (await recentPulls(github, since)).filter(
    ({ user }) =>
      user?.type !== 'Bot' && (author === undefined || user?.login.toLowerCase() === author.toLowerCase()),
  )
  return readEach(github, pulls, now, onProgress)
}

/** What one pull request asks for; nothing where there is no such one into the default branch. */
export async function readStanding(github: GitHubAs, pull: number): Promise<readonly Standing[]> {
  const { octokit, at, repository } = github
  const found = await octokit.pulls.get({ ...at, pull_number: pull }).catch((error: unknown) => {
    if (error instanceof Error && 'status' in error && error.status === 404) return undefined
    throw error
  })
  if (found === undefined || found.data.base.ref !== repository.defaultBranch) return []
  return readEach(github, [found.data], await github.now())
}

/** What somebody has asked for and still waits for. */
export async function readWaiting(github: GitHubAs, author: string): Promise<readonly Standing[]> {
  const { octokit, at, repository } = github
  const now = await github.now()
  const base = repository.defaultBranch
  const pulls = await octokit.paginate(octokit.pulls.list, { ...at, base, state: 'open', per_page: 100 })
  return readEach(
    github,
    pulls.filter(({ user }) => user?.login.toLowerCase() === author.toLowerCase()),
    now,
  )
}

async function readEach(
  github: GitHubAs,
  pulls: readonly Pull[],
  now: number,
  onProgress?: Wanted['onProgress'],
): Promise<readonly Standing[]> {
  let done = 0
  return (
    await fewAtOnce(pulls, AT_ONCE, async (pull) => {
      const standings = await standingsOf(github, github.repository.id, pull, now)
      onProgress?.(++done, pulls.length)
      return standings
    })
  ).flat()
}

async function recentPulls({ octokit, at, repository }: GitHubAs, since: number): Promise<readonly Pull[]> {
  const pages = octokit.paginate.iterator(octokit.pulls.list, {
    ...at,
    base: repository.defaultBranch,
    state: 'all',
    sort: 'updated',
    direction: 'desc',
    per_page: 100,
  })
  const found: Pull[] = []
  for await (const { data } of pages) {
    const recent = data.filter(({ updated_at }) => Date.parse(updated_at) / 1000 >= since)
    found.push(...recent)
    if (recent.length < data.length) break
  }
  return found
}

/** One for each request that the pull request adds, or, while it is open, changes; it should be one. */
export async function standingsOf(
  github: GitHubAs,
  repositoryId: number,
  pull: Pull,
  now: number,
): Promise<readonly Standing[]> {
  const { octokit, at } = github
  const { data: files } = await octokit.pulls.listFiles({ ...at, pull_number: pull.number, per_page: 100 })
  const kinds = pull.state === 'open' ? ['added', 'modified'] : ['added']
  const asking = files.filter(({ filename, status }) => kinds.includes(status) && isRequestPath(filename))
  if (asking.length === 0) return []
  const commit = pull.merged_at ? pull.merge_commit_sha : pull.head.sha
  // A record that was written twice hides behind the newer one, and it is the older one that counts.
  const which = pull.merged_at ? { check_name: GRANT, filter: 'all' as const } : { filter: 'latest' as const }
  const checks = commit ? await readChecks(github, commit, which) : []
  return asking.map(({ filename: path, status }) => {
    const location = parseLocation(path)
    const shared = {
      path,
      ...(location.ok && { location: location.value }),
      pull: pull.number,
      url: pull.html_url,
      author: pull.user?.login ?? 'somebody whose account is gone',
    }
    if (pull.merged_at)
      return { ...shared, ...merged(checks, { repositoryId, path, pull: pull.number }, now) }
    if (pull.state === 'closed')
      return { ...shared, state: { kind: 'withdrawn' as const }, says: 'Closed without a merge' }
    const isExtension = status === 'modified' && { isExtension: true as const }
    return { ...shared, ...isExtension, state: { kind: 'asked' as const }, says: whatIsMissing(checks) }
  })
}

async function readChecks(
  { octokit, at }: GitHubAs,
  ref: string,
  which: { readonly check_name?: string; readonly filter: 'latest' | 'all' },
): Promise<readonly CheckRun[]> {
  return octokit.paginate(octokit.checks.listForRef, { ...at, ...which, ref, per_page: 100 })
}

/** A problem in the request comes first; then what the approval still waits for. */
function whatIsMissing(checks: readonly CheckRun[]): string {
  const own = ofOneApp(checks.filter(({ name }) => name === REQUEST || name === APPROVAL))
  if (typeof own === 'string') return fromSeveral('Daypass', own)
  const request = own.find(({ name }) => name === REQUEST)
  const approval = own.find(({ name }) => name === APPROVAL)
  const said = request?.conclusion === 'failure' ? request : (approval ?? request)
  return said?.output.title ?? 'Not checked yet'
}

export const UNCLEAR_FIX =
  'Ask who administers the repository to take `checks: write` from every app but Daypass.'

function fromSeveral(name: string, apps: string): string {
  return `Checks of the name ${name} come from several apps (${apps}), so that none is believed`
}

function merged(
  checks: readonly CheckRun[],
  identity: RequestIdentity,
  now: number,
): Pick<Standing, 'state' | 'says' | 'record' | 'summary'> {
  const hash = identityHash(identity)
  const own = ofOneApp(
    checks.filter(({ name, external_id }) => name === GRANT && external_id?.endsWith(`:${hash}`)),
  )
  if (typeof own === 'string') return { state: { kind: 'unclear' }, says: fromSeveral(GRANT, own) }
  const [run] = own.toSorted((a, b) => a.id - b.id)
  const record = parseRecord(run?.output.text ?? undefined)
  const says = run?.output.title ?? 'Merged, and not judged yet'
  const summary = run?.output.summary ?? undefined
  return {
    says,
    ...(record && { record }),
    ...(summary !== undefined && { summary }),
    state: stateOf(run?.external_id?.split(':')[0], record, now),
  }
}

function stateOf(state: string | undefined, record: RequestRecord | undefined, now: number): StandingState {
  if (state === 'rejected') return { kind: 'refused' }
  if (state === 'ended') {
    const { ended } = record ?? {}
    return { kind: 'ended', ...(ended && { at: ended.at, because: ENDED_BECAUSE[ended.because] }) }
  }
  if (state !== 'granted' || record === undefined) return { kind: 'pending' }
  const phase = phaseOf(record.window, now)
  return { kind: phase === 'waiting' ? 'scheduled' : phase, window: record.window }
}
