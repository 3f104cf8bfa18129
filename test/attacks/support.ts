/** What all attacks share: how a request is opened and reviewed, git done by hand, and the end that every attack has to come to. */
import type { Octokit } from '@octokit/rest'
import { expect } from 'vitest'
import { CHECKS } from '../../src/core/approval-checks.ts'
import { UNCOUNTED_REASONS } from '../../src/core/approvals.ts'
import { named, type OpenedRequest, type Outcome } from '../../src/sandbox/tour-people.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'

export const FOLDER = 'access-requests/prod/customer-exports'
export const PROD = '111122223333'
export const CODEOWNERS = '.github/CODEOWNERS'
export const RULES = '.github/daypass.yml'

const BUCKET = 'customer-exports'
const KEY = 'exports/2026/11/orders.csv'

export function pathOf(name: string): string {
  return `${FOLDER}/${name}.yaml`
}

interface Ask {
  /** Of the request's file and branch; the attacks of one world must not share one. */
  readonly name: string
  readonly login?: string
  readonly repository?: string
  readonly yaml?: string
}

/** Opens a request, in the unprotected repository unless told otherwise. */
export function ask(
  world: TestWorld,
  { name, login = 'alice', repository, yaml }: Ask,
): Promise<OpenedRequest> {
  const text = yaml ?? requestYaml({ requester: login })
  return world.openRequest(login, repository ?? world.repositories.unprotected, pathOf(name), text)
}

export async function review(
  world: TestWorld,
  login: string,
  { repository, pull, head }: OpenedRequest,
  event: 'APPROVE' | 'COMMENT' | 'REQUEST_CHANGES',
): Promise<number> {
  const at = { ...named(repository), pull_number: pull, commit_id: head, event, body: `I say: ${event}` }
  return (await world.github(login).pulls.createReview(at)).data.id
}

/** Another commit on the request's branch. */
export async function push(
  world: TestWorld,
  login: string,
  request: OpenedRequest,
  yaml: string,
): Promise<OpenedRequest> {
  const { repository, branch, path } = request
  return { ...request, head: await world.commit(login, repository, branch, { [path]: yaml }) }
}

/** What the attacker would rather have: longer, and more of the bucket. */
export const GREEDY = requestYaml({ prefixes: ['internal/'], duration: '12h' })

export interface Refused {
  readonly repository: string
  readonly path: string
  /** 0 where there is none: the refusal is then told in the pull request that takes the file out. */
  readonly pull: number
}

/**
 * The end of every attack: the app says why, by the code of the check that stopped it, or by the code of why an approval
 * does not count; no role of the request stands in
 * IAM; and whoever attacks asks S3, with the keys in hand and through every role of that name, and is denied.
 */
export async function expectRefusal(
  world: TestWorld,
  request: Refused,
  code: string,
  attacker = 'alice',
): Promise<void> {
  await expectTold(world, request, code)
  await expectDenied(world, request.path, attacker)
}

/** Where a role of that name stands, from an access that is over. */
export async function expectTold(world: TestWorld, request: Refused, code: string): Promise<void> {
  await world.settled()
  const told = await toldOf(world, request)
  for (const words of wordsOf(code)) expect(told, `what is said of ${request.path}`).toContain(words)
}

function wordsOf(code: string): readonly string[] {
  const why = Object.entries(UNCOUNTED_REASONS).find(([reason]) => reason === code)?.[1]
  const isCheck = CHECKS.some((check) => check.code === code)
  return why === undefined || isCheck ? [`(\`${code}\`)`] : ['(`approvals-missing`)', why]
}

/** Where nothing can be told: there is no pull request, or nothing that Daypass would look at. */
export async function expectDenied(world: TestWorld, path: string, attacker = 'alice'): Promise<void> {
  await world.settled()
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.yaml$/, '')
  const roles = (await world.roles()).filter((arn) => arn.includes(`/${stem}-`))
  expect(roles, `roles of ${path}`).toEqual([])
  expect(await readAs(world, attacker)).toMatchObject({ kind: 'denied' })
}

/** With nobody's role but the keys in hand; the SDK learns from a first refusal that the sandbox's clock was moved. */
function readAs(world: TestWorld, attacker: string): Promise<Outcome<string>> {
  const read = () => world.read(world.keys(attacker), BUCKET, KEY)
  return read().catch(read)
}

/** A role may stand, as one that denies everything until its window is over. */
export async function expectEnded(world: TestWorld, role: string, attacker = 'alice'): Promise<void> {
  await world.settled()
  const assumed = await world.assume(attacker, role)
  expect(assumed.kind === 'denied' ? assumed : await world.read(assumed.value, BUCKET, KEY)).toMatchObject({
    kind: 'denied',
  })
}

/** What the app says on the pull request, or in the one that takes the file out. */
async function toldOf(world: TestWorld, { repository, path, pull }: Refused): Promise<string> {
  if (pull > 0) {
    const request = { repository, path, pull, branch: '', head: '', url: '' }
    return (await world.comment(request)) ?? 'nothing'
  }
  const told = (await world.reverts(repository)).map(({ body }) => body ?? '')
  return told.find((body) => body.includes(`\`${path}\``)) ?? 'nothing'
}

/** Reading works: without it a denial would prove nothing. */
export async function expectReading(world: TestWorld, login: string, request: OpenedRequest): Promise<void> {
  await world.settled()
  expect(await world.readAs(login, request, BUCKET, KEY)).toMatchObject({ kind: 'allowed' })
}

export interface Entry {
  readonly path: string
  readonly mode: '100644' | '100755' | '120000' | '160000'
  /** Text, or for a submodule the commit. */
  readonly content?: string
  readonly sha?: string | null
}

interface Forged {
  readonly branch: string
  readonly message?: string
  readonly entries: readonly Entry[]
  /** The first one's tree is what the entries change; if left out: the branch, or main. */
  readonly parents?: readonly string[]
  readonly author?: Signature
  readonly committer?: Signature
}

export interface Signature {
  readonly name: string
  readonly email: string
  readonly date?: string
}

/** A commit of any shape by anybody's name, put on a branch by force; on main it is a direct push. */
export async function forge(
  { git }: Octokit,
  repository: string,
  { branch, message = 'Tidy up', entries, parents, author, committer }: Forged,
): Promise<string> {
  const at = named(repository)
  const tip = await git.getRef({ ...at, ref: `heads/${branch}` }).catch(() => undefined)
  const from = parents ?? [tip?.data.object.sha ?? (await tipOf({ git }, repository, 'main'))]
  const [first = ''] = from
  const base = (await git.getCommit({ ...at, commit_sha: first })).data.tree.sha
  const tree =
    entries.length === 0
      ? base
      : (
          await git.createTree({
            ...at,
            base_tree: base,
            tree: [...entries].map((entry) => ({ type: typeOf(entry), ...entry })),
          })
        ).data.sha
  const made = await git.createCommit({
    ...at,
    message,
    tree,
    parents: [...from],
    ...(author && { author }),
    ...(committer && { committer }),
  })
  const { sha } = made.data
  if (tip) await git.updateRef({ ...at, ref: `heads/${branch}`, sha, force: true })
  else await git.createRef({ ...at, ref: `refs/heads/${branch}`, sha })
  return sha
}

function typeOf({ mode }: Entry): 'blob' | 'commit' {
  return mode === '160000' ? 'commit' : 'blob'
}

export async function tipOf(
  { git }: Pick<Octokit, 'git'>,
  repository: string,
  branch: string,
): Promise<string> {
  return (await git.getRef({ ...named(repository), ref: `heads/${branch}` })).data.object.sha
}

export async function moveBranch(
  { git }: Octokit,
  repository: string,
  branch: string,
  sha: string,
): Promise<void> {
  await git.updateRef({ ...named(repository), ref: `heads/${branch}`, sha, force: true })
}

export async function openPull(
  { pulls }: Octokit,
  repository: string,
  {
    branch,
    path,
    base = 'main',
    head = branch,
  }: { branch: string; path: string; base?: string; head?: string },
): Promise<OpenedRequest> {
  const { data } = await pulls.create({ ...named(repository), title: `Merge ${branch}`, head, base })
  return { repository, path, branch, pull: data.number, head: data.head.sha, url: data.html_url }
}

/** The status with which GitHub refused; undefined where it did not. */
export async function refusalOf(call: Promise<unknown>): Promise<number | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (error instanceof Error && 'status' in error) return Number(error.status)
    throw error
  }
}
