/** `daypass who BUCKET`: who can read it now through Daypass, by git and the app's record, and by IAM where credentials allow. */
import { type OwnView, readOwnView } from '../aws/own-view.ts'
import { fewAtOnce } from '../core/few-at-once.ts'
import { identityHash, type StandingGrant } from '../core/grant.ts'
import { lengthOf, utc } from '../core/report-words.ts'
import { isRequestPath } from '../core/request.ts'
import { parseRules, RULES_PATH } from '../core/rules.ts'
import { formatInstant, phaseOf, type Window } from '../core/window.ts'
import { findClone } from './clone.ts'
import { EXIT, type ExitCode, Failure, reasonOf, withoutIam } from './failure.ts'
import { connect, type GitHubAs, type GitHubOptions } from './github.ts'
import { columns, type Output, shown, startProgress } from './output.ts'
import { accountsLending, notLent, readBucket } from './request-answers.ts'
import { roleOfStanding } from './role.ts'
import { AT_ONCE, type Standing, standingsOf, UNCLEAR_FIX } from './standing.ts'

export interface WhoOptions extends GitHubOptions {
  /** Alias, where two accounts have folders for buckets of one name. */
  readonly account?: string
}

/** One who can read, and who says so. */
interface Reader {
  /** Undefined where only IAM knows of it. */
  readonly who?: string
  readonly path: string
  readonly pull: number
  readonly window: Window
  readonly git: boolean
  /** Undefined where IAM gave no answer. */
  readonly iam?: boolean
  readonly roleArn?: string
}

type Iam =
  | { readonly asked: true; readonly view: OwnView }
  | { readonly asked: false; readonly why: string; readonly says: string }

export async function who(wanted: string, options: WhoOptions, output: Output): Promise<ExitCode> {
  const { bucket, account, prefix } = readBucket(wanted, options)
  const github = await connect(await findClone(), options)
  const { repository } = github
  const now = await github.now()
  const files = await filesOn(github, repository.defaultBranch)
  const paths = [...files.keys()].filter((path) => isRequestPath(path) && isFor(path, bucket, account))
  const progress = startProgress('Reading requests')
  const standings = (await fewAtOnce(paths, AT_ONCE, (path) => standingOf(github, path, now))).flat()
  progress.end()
  refuseUnclear(standings)
  const iam = await askIam(repository.id, standings)
  const readers = combine(repository.id, liveGrants(iam, bucket, account, now), standings, iam)
  if (readers.length === 0 && paths.length === 0)
    await refuseUnlent(github, files.get(RULES_PATH), bucket, account)
  output.json({
    bucket,
    now: formatInstant(now),
    iam: iam.asked ? { asked: true, account: iam.view.accountId } : { asked: false, why: iam.why },
    readers: readers.map(({ window, ...reader }) => ({
      ...reader,
      from: formatInstant(window.start),
      until: formatInstant(window.end),
    })),
  })
  print(bucket, readers, iam, now, output)
  if (prefix.length > 0) output.note(`note: That is for all of ${shown(bucket)}, and not of this part alone.`)
  return EXIT.done
}

/** The files on the branch, each with its blob: a grant exists for no other. */
async function filesOn({ octokit, at }: GitHubAs, branch: string): Promise<ReadonlyMap<string, string>> {
  const { data } = await octokit.git.getTree({ ...at, tree_sha: branch, recursive: '1' })
  if (data.truncated) {
    throw new Failure(
      'GitHub cuts the list of files off, as there are too many.',
      'Ask a clone instead: daypass audit --state open --bucket BUCKET.',
    )
  }
  return new Map(data.tree.flatMap(({ path, type, sha }) => (type === 'blob' ? [[path, sha]] : [])))
}

function isFor(path: string, bucket: string, account?: string): boolean {
  const [, alias, name] = path.split('/')
  return name === bucket && (account === undefined || alias === account)
}

/** A name that was mistyped would look like a bucket that nobody can read. */
async function refuseUnlent(
  { octokit, at }: GitHubAs,
  blob: string | undefined,
  bucket: string,
  account?: string,
): Promise<void> {
  if (blob === undefined) return
  const { data } = await octokit.git.getBlob({ ...at, file_sha: blob })
  const rules = parseRules(Buffer.from(data.content, 'base64').toString('utf8'))
  if (rules.ok && accountsLending(rules.value, bucket, account).length === 0)
    throw notLent(rules.value, bucket, account)
}

async function standingOf(github: GitHubAs, path: string, now: number): Promise<readonly Standing[]> {
  const { octokit, at, repository } = github
  const { data: commits } = await octokit.repos.listCommits({
    ...at,
    sha: repository.defaultBranch,
    path,
    per_page: 10,
  })
  for (const { sha } of commits) {
    const { data: pulls } = await octokit.repos.listPullRequestsAssociatedWithCommit({
      ...at,
      commit_sha: sha,
    })
    for (const pull of pulls.filter(({ merged_at }) => merged_at !== null)) {
      const found = await standingsOf(github, repository.id, pull, now)
      const own = found.filter((standing) => standing.path === path)
      if (own.length > 0) return own
    }
  }
  return []
}

/** Nobody is to hear that nobody can read, where the record can't be told. */
function refuseUnclear(standings: readonly Standing[]): void {
  const unclear = standings.find(({ state }) => state.kind === 'unclear')
  if (unclear === undefined) return
  throw new Failure(`#${unclear.pull} ${unclear.path}: ${unclear.says}.`, UNCLEAR_FIX)
}

/** With the credentials of whoever asks; having none is no mistake. */
async function askIam(repositoryId: number, standings: readonly Standing[]): Promise<Iam> {
  const expected = standings.flatMap((standing) => roleOfStanding(standing, repositoryId)?.accountId ?? [])[0]
  try {
    const view = await readOwnView(repositoryId, 'account')
    if (expected === undefined || expected === view.accountId) return { asked: true, view }
    const why = `your credentials are for account ${view.accountId}, the bucket is in ${expected}`
    return { asked: false, why, says: `IAM was not asked: ${why}` }
  } catch (error) {
    return { asked: false, why: reasonOf(error), says: withoutIam(error) }
  }
}

function combine(
  repositoryId: number,
  grants: readonly StandingGrant[],
  standings: readonly Standing[],
  iam: Iam,
): readonly Reader[] {
  const live = new Map(grants.map((grant) => [identityHash(grant.identity), grant]))
  const recorded = standings.flatMap((standing): Reader[] => {
    const { state, author, path, pull } = standing
    if (state.kind !== 'open') return []
    const hash = identityHash({ repositoryId, path, pull })
    const roleArn = roleOfStanding(standing, repositoryId)?.arn
    const inIam = iam.asked ? { iam: live.delete(hash) } : {}
    return [
      { who: author, path, pull, window: state.window, git: true, ...inIam, ...(roleArn && { roleArn }) },
    ]
  })
  const unrecorded = [...live.values()].map(
    ({ identity: { path, pull }, window, roleArn }): Reader => ({
      path,
      pull,
      window,
      git: false,
      iam: true,
      roleArn,
    }),
  )
  return [...recorded, ...unrecorded]
}

function liveGrants(
  iam: Iam,
  bucket: string,
  account: string | undefined,
  now: number,
): readonly StandingGrant[] {
  if (!iam.asked) return []
  return iam.view.roles.flatMap((reading) => {
    if (reading.kind !== 'standing') return []
    const { state, window, identity } = reading.standing
    return isFor(identity.path, bucket, account) && state.kind === 'live' && phaseOf(window, now) === 'open'
      ? [reading.standing]
      : []
  })
}

function print(bucket: string, readers: readonly Reader[], iam: Iam, now: number, output: Output): void {
  if (readers.length === 0) output.line(`Nobody can read ${shown(bucket)} through Daypass now.`)
  const rows = readers.map((reader) => [
    reader.who === undefined ? '?' : shown(reader.who),
    `${lengthOf(reader.window.end - now)} left, until ${utc(reader.window.end)}`,
    `#${reader.pull}`,
    sourcesOf(reader),
    shown(reader.path),
  ])
  for (const line of columns(rows)) output.line(line)
  const foreign = iam.asked ? iam.view.roles.filter(({ kind }) => kind === 'foreign') : []
  for (const reading of foreign) {
    if (reading.kind === 'foreign')
      output.note(`warning: ${shown(reading.role.roleArn)} is under Daypass's path, but ${reading.role.why}.`)
  }
  if (!iam.asked) output.note(`note: ${shown(iam.says)}.`)
  output.note("note: What the bucket's own policy and people's other roles allow is not Daypass's to know.")
}

function sourcesOf({ git, iam }: Reader): string {
  if (!git) return 'in IAM, without a request on the branch'
  if (iam === undefined) return 'on record'
  return iam ? 'on record and in IAM' : 'on record, not in IAM'
}
