/** What attackers do, and those they deceive: requests opened and reviewed, and git done by hand. */
import type { Octokit } from '@octokit/rest'
import { expect } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { withTip } from '../support/branches.ts'
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

/** The request as it was granted. */
export interface Granted extends OpenedRequest {
  /** The merge commit. */
  readonly sha: string
}

export interface Told {
  readonly repository: string
  readonly path: string
  readonly pull: number
}

/** Approved by an uninvolved owner and merged by the same. */
export async function grant(world: TestWorld, asked: Ask): Promise<Granted> {
  const request = await ask(world, asked)
  await world.approve('olivia', request)
  return { ...request, sha: (await world.merge('olivia', request)).sha }
}

/** Reading works: without it a denial would prove nothing. */
export async function expectReading(world: TestWorld, login: string, request: OpenedRequest): Promise<void> {
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
  /** The first one's tree is what the entries change; if left out: the branch alone. */
  readonly parents?: (tip: string) => readonly string[]
  readonly author?: Signature
  readonly committer?: Signature
}

export interface Signature {
  readonly name: string
  readonly email: string
  readonly date?: string
}

/** A commit of any shape by anybody's name, put on a branch; on main it is a direct push. */
export async function forge(octokit: Octokit, repository: string, forged: Forged): Promise<string> {
  const { git } = octokit
  const { branch, message = 'Tidy up', entries, parents, author, committer } = forged
  const at = named(repository)
  return withTip(octokit, repository, branch, async (tip) => {
    const from = parents?.(tip) ?? [tip]
    const [first = tip] = from
    const base = (await git.getCommit({ ...at, commit_sha: first })).data.tree.sha
    const wanted = entries.map((entry) => ({ type: typeOf(entry), ...entry }))
    const tree =
      wanted.length === 0 ? base : (await git.createTree({ ...at, base_tree: base, tree: wanted })).data.sha
    const signed = { ...(author && { author }), ...(committer && { committer }) }
    const { data } = await git.createCommit({ ...at, message, tree, parents: [...from], ...signed })
    return data.sha
  })
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
