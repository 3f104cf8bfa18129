/** Makes a fresh world out of its seed: accounts, teams, and repositories with their first commit. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SandboxClock } from '../clock.ts'
import { initRepository, NO_OBJECT } from './git.ts'
import { writeFiles } from './git-tree.ts'
import { identityOf } from './identity.ts'
import { Lock } from './lock.ts'
import { PRE_RECEIVE_HOOK } from './pre-receive.ts'
import type { GitHubSeed, SeedRepository, SeedUser } from './seed.ts'
import {
  type Level,
  type Repository,
  repositoryKey,
  type Team,
  type User,
  userNamed,
  type World,
  type WorldData,
} from './world.ts'

/** GitHub's own account: the committer of what it commits for people. */
const WEB_FLOW: User = {
  kind: 'user',
  login: 'web-flow',
  id: 19864447,
  name: 'GitHub',
  email: 'noreply@github.com',
  token: undefined,
  organizationRole: 'outside',
}

/** Ids of what the sandbox makes start well above those of any seed. */
const FIRST_ID = 1_000_000_000

const TEAM_LEVEL = {
  pull: 'read',
  triage: 'triage',
  push: 'write',
  maintain: 'maintain',
  admin: 'admin',
} as const

/** What a world's data lives in: not the same at another start. */
export interface Surroundings {
  readonly clock: SandboxClock
  readonly dataDir: string
  readonly url: () => string
  readonly emit: World['emit']
}

export async function createWorld(seed: GitHubSeed, around: Surroundings): Promise<World> {
  const bot = botOf(seed)
  const data: WorldData = {
    organization: { kind: 'organization', ...seed.organization },
    users: new Map(
      [...seed.users.map(toUser), WEB_FLOW, bot].map((user) => [user.login.toLowerCase(), user]),
    ),
    teams: new Map(seed.teams.map((team) => [team.slug, toTeam(team)])),
    app: seed.app,
    bot,
    repositories: new Map(),
    signedCommits: new Set(),
    installationTokens: new Map(),
    formerNames: new Map(),
    suspension: undefined,
    startedAt: around.clock.now(),
    lastId: FIRST_ID,
  }
  const world = await worldAround(data, around)
  await Promise.all(seed.repositories.map((repository) => seedRepository(world, repository)))
  return world
}

export async function worldAround(
  data: WorldData,
  { clock, dataDir, url, emit }: Surroundings,
): Promise<World> {
  const hooksDir = await writeHook(dataDir)
  const world: World = {
    ...data,
    get url() {
      return url()
    },
    clock,
    dataDir,
    hooksDir,
    nextId() {
      world.lastId += 1
      return world.lastId
    },
    emit,
  }
  return world
}

function toUser(user: SeedUser): User {
  return { kind: 'user', ...user }
}

function toTeam(team: GitHubSeed['teams'][number]): Team {
  return { id: team.id, slug: team.slug, parent: team.parent, members: new Set(team.members) }
}

function botOf({ app }: GitHubSeed): User {
  const login = `${app.slug}[bot]`
  const id = 200_000_000 + app.id
  return {
    kind: 'bot',
    login,
    id,
    name: login,
    email: `${id}+${login}@users.noreply.github.com`,
    token: undefined,
    organizationRole: 'outside',
  }
}

async function seedRepository(world: World, seed: SeedRepository): Promise<void> {
  const author = userNamed(world, seed.author)
  if (!author) throw new Error(`the author of ${seed.name}, ${seed.author}, is not among the users`)
  const directory = repositoryDirectory(world.dataDir, seed)
  const git = await initRepository(directory, seed.defaultBranch, world.hooksDir)
  const repository = addRepository(world, {
    ...seed,
    owner: world.organization,
    git,
    parent: undefined,
    protection: seed.protection,
    collaborators: new Map(Object.entries(seed.collaborators)),
    teams: new Map(Object.entries(seed.teams).map(([slug, permission]) => [slug, TEAM_LEVEL[permission]])),
  })
  const identity = identityOf(author, world.clock.now())
  const tree = await writeFiles(git, seed.files)
  const first = { tree, parents: [], author: identity, committer: identity, message: 'Initial commit' }
  const after = await git.writeCommit(first)
  const ref = `refs/heads/${seed.defaultBranch}`
  await git.plantRef(ref, after)
  const at = world.clock.now()
  const id = world.nextId()
  repository.activity.push({ id, before: NO_OBJECT, after, ref, type: 'branch_creation', actor: author, at })
}

type NewRepository = Pick<
  Repository,
  'id' | 'owner' | 'name' | 'private' | 'defaultBranch' | 'parent' | 'git' | 'protection'
> & { readonly collaborators: Map<string, Level>; readonly teams: Map<string, Level> }

export function addRepository(world: World, given: NewRepository): Repository {
  const now = world.clock.now()
  const repository: Repository = {
    id: given.id,
    owner: given.owner,
    name: given.name,
    private: given.private,
    defaultBranch: given.defaultBranch,
    parent: given.parent,
    protection: given.protection,
    allowAutoMerge: false,
    collaborators: given.collaborators,
    teams: given.teams,
    git: given.git,
    lock: new Lock(),
    issues: new Map(),
    comments: new Map(),
    labels: new Map(),
    checkRuns: new Map(),
    checkSuites: new Map(),
    statuses: [],
    activity: [],
    createdAt: now,
    pushedAt: now,
  }
  world.repositories.set(repositoryKey(given.owner.login, given.name), repository)
  return repository
}

/** By id, which stays when a repository is renamed. */
export function repositoryDirectory(dataDir: string, { id }: { readonly id: number }): string {
  return join(dataDir, 'repositories', `${id}.git`)
}

/** The folder of the hooks that every push runs through. */
async function writeHook(dataDir: string): Promise<string> {
  const hooksDir = join(dataDir, 'hooks')
  await mkdir(hooksDir, { recursive: true })
  const file = join(hooksDir, 'pre-receive')
  await writeFile(file, PRE_RECEIVE_HOOK)
  await chmod(file, 0o755)
  return hooksDir
}
