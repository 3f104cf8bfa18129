/** A fresh world on the sandbox's GitHub for one test, people who act in it, and the product's view of one repository. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { ProbotOctokit } from 'probot'
import { openRepository, type Repository } from '../../src/github/repository.ts'
import { type Call, createCallLog } from '../../src/sandbox/calls.ts'
import { createClock, type SandboxClock } from '../../src/sandbox/clock.ts'
import type { SeedProtection, SeedTeam } from '../../src/sandbox/github/seed.ts'
import { startGitHub } from '../../src/sandbox/github/server.ts'
import { type Login, newSecrets, REPOSITORIES, type Secrets } from '../../src/sandbox/seed.ts'
import { APP_ID, gitHubSeed } from '../../src/sandbox/seed-github.ts'

type RepositoryName = 'access' | 'access-open'

export interface World {
  readonly people: Readonly<Record<Login, Octokit>>
  readonly at: { readonly owner: 'acme'; readonly repo: RepositoryName }
  readonly trustedCommit: string
  readonly clock: SandboxClock
  /** Of GitHub's pages. */
  readonly url: string
  /** As Probot's `auth`. */
  authenticate(installationId?: number): Promise<ProbotOctokit>
  /** The product's view, with nothing remembered yet. */
  open(trustedCommit?: string): Repository
  /** Makes of an answer what GitHub gives at times; `url` is the template that it was asked by. */
  bend: ((url: string, data: unknown) => unknown) | undefined
  /** What the app asked since the last time, as `GET /repos/…  304`. */
  callsOfApp(): string[]
  close(): Promise<void>
}

const PERMISSIONS = {
  checks: 'write',
  contents: 'write',
  members: 'read',
  merge_queues: 'read',
  metadata: 'read',
  pull_requests: 'write',
} as const

const TestOctokit = ProbotOctokit.defaults((options: object) => ({
  ...options,
  throttle: { enabled: false },
  retry: { enabled: false },
}))

const nothing = () => {}
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing }

let secrets: Promise<Secrets> | undefined

export interface WorldOptions {
  readonly repo?: RepositoryName
  readonly permissions?: Readonly<Record<string, 'read' | 'write'>>
  /** Below the team of the owners, besides those who are in it. */
  readonly teamsBelow?: readonly SeedTeam[]
  /** Instead of some of those of the protected repository. */
  readonly rules?: Partial<SeedProtection>
}

export async function newWorld({
  repo = 'access-open',
  permissions = PERMISSIONS,
  teamsBelow = [],
  rules = {},
}: WorldOptions = {}): Promise<World> {
  secrets ??= newSecrets()
  const { tokens, app, ...others } = await secrets
  const alone = gitHubSeed({ tokens, app, ...others }, { permissions, events: [] })
  const repositories = alone.repositories.map((one) =>
    one.protection ? { ...one, protection: { ...one.protection, ...rules } } : one,
  )
  const seed = { ...alone, repositories, teams: [...alone.teams, ...teamsBelow] }
  const calls = createCallLog()
  const dataDir = await mkdtemp(join(tmpdir(), 'daypass-github-'))
  const clock = createClock()
  const github = await startGitHub({
    seed,
    clock,
    calls,
    dataDir,
    webhookUrl: () => undefined,
  })
  const baseUrl = `${github.url}/api/v3`
  const at = { owner: 'acme', repo } as const
  const person = (login: Login) => new Octokit({ auth: tokens[login], baseUrl, log: SILENT })
  const people = {
    alice: person('alice'),
    bob: person('bob'),
    olivia: person('olivia'),
    oscar: person('oscar'),
    mallory: person('mallory'),
    root: person('root'),
  }
  const trusted = await people.root.git.getRef({ ...at, ref: 'heads/main' })
  const auth = { appId: APP_ID, privateKey: app.privateKey }
  const authenticate = async (installationId?: number) =>
    new TestOctokit({ baseUrl, log: SILENT, auth: { ...auth, ...(installationId && { installationId }) } })
  const id = Object.values(REPOSITORIES).find(({ name }) => name === repo)?.id ?? 0
  const asApp = await authenticate(seed.app.installationId)

  asApp.hook.wrap('request', async (request, options) => {
    const answer = await request(options)
    return world.bend ? { ...answer, data: world.bend(options.url, answer.data) } : answer
  })

  const world: World = {
    bend: undefined,
    people,
    at,
    trustedCommit: trusted.data.object.sha,
    clock,
    url: github.url,
    authenticate,
    open: (trustedCommit = trusted.data.object.sha) =>
      openRepository(asApp, {
        ...at,
        id,
        defaultBranch: 'main',
        trustedCommit,
        appId: APP_ID,
        appSlug: 'daypass',
      }),
    callsOfApp() {
      const told = calls.list().filter(({ caller }) => caller === 'app')
      calls.clear()
      return told.map(
        ({ method, target, status }: Call) => `${method} ${target.replace('/api/v3', '')} ${status}`,
      )
    },
    async close() {
      await github.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  return world
}

export const PATH = 'access-requests/prod/customer-exports/alice.yaml'
export const TEXT =
  'requester: alice\nreason: Find the corrupt rows\nprefixes: [exports/2026/11/]\nduration: 4h\n'
export const TERMS = { requester: 'alice', approvalsNeeded: 1, mergeBy: 'owners' } as const

/** Content of each path; null takes a file out. */
type Files = Readonly<Record<string, string | null>>

/** One commit on a branch, made as that person; the branch begins at main where it is not there. */
export async function commit(
  { people, at }: World,
  login: Login,
  branch: string,
  files: Files,
  message = `Change ${branch}`,
): Promise<string> {
  const { git } = people[login]
  const tip = await git.getRef({ ...at, ref: `heads/${branch}` }).catch(() => undefined)
  const parent = (tip ?? (await git.getRef({ ...at, ref: 'heads/main' }))).data.object.sha
  const tree = await git.createTree({
    ...at,
    base_tree: (await git.getCommit({ ...at, commit_sha: parent })).data.tree.sha,
    tree: Object.entries(files).map(([path, content]) => ({
      path,
      mode: '100644',
      ...(content === null ? { sha: null } : { content }),
    })),
  })
  const made = await git.createCommit({ ...at, message, tree: tree.data.sha, parents: [parent] })
  const { sha } = made.data
  if (tip) await git.updateRef({ ...at, ref: `heads/${branch}`, sha })
  else await git.createRef({ ...at, ref: `refs/heads/${branch}`, sha })
  return sha
}

/**
 * A branch whose first commit says of itself what the newest one on main says, but is a merge commit, which a rebase
 * drops; the files come in a second one.
 */
export async function disguised(world: World, login: Login, branch: string, files: Files): Promise<void> {
  const { people, at } = world
  const { git } = people[login]
  const tip = (await git.getRef({ ...at, ref: 'heads/main' })).data.object.sha
  const { data: copied } = await git.getCommit({ ...at, commit_sha: tip })
  const made = await git.createCommit({
    ...at,
    message: copied.message,
    author: copied.author,
    tree: copied.tree.sha,
    parents: [tip, ...copied.parents.map(({ sha }) => sha)],
  })
  await git.createRef({ ...at, ref: `refs/heads/${branch}`, sha: made.data.sha })
  await commit(world, login, branch, files)
}

/** Opens a pull request from a branch, by its last committer. */
export async function propose({ people, at }: World, login: Login, head: string): Promise<number> {
  const { data } = await people[login].pulls.create({ ...at, head, base: 'main', title: `Merge ${head}` })
  return data.number
}

export async function review(
  { people, at }: World,
  login: Login,
  pull: number,
  event: 'APPROVE' | 'REQUEST_CHANGES' | 'COMMENT' = 'APPROVE',
): Promise<void> {
  await people[login].pulls.createReview({ ...at, pull_number: pull, event, body: 'I looked at it.' })
}

export async function merge(
  { people, at }: World,
  login: Login,
  pull: number,
  method: 'merge' | 'squash' | 'rebase' = 'merge',
): Promise<string> {
  const { data } = await people[login].pulls.merge({ ...at, pull_number: pull, merge_method: method })
  return data.sha
}

/** Alice's request, approved by Olivia and merged by Oscar. */
export async function grantedRequest(world: World, method: 'merge' | 'squash' | 'rebase' = 'merge') {
  await commit(world, 'alice', 'ask', { [PATH]: TEXT }, 'Ask for the exports')
  const pull = await propose(world, 'alice', 'ask')
  await review(world, 'olivia', pull)
  const mergeSha = await merge(world, 'oscar', pull, method)
  return { pull, mergeSha }
}
