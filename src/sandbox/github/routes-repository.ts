/** The repository itself: branches, rules, people, teams, activity, forks. */
import { atLeast, levelOf, reads, teamLevel } from './access.ts'
import { parseCodeowners, readCodeowners, unknownOwners } from './codeowners.ts'
import { invalid, notFound, Refused } from './failure.ts'
import { forkRepository } from './git.ts'
import { findPath } from './git-tree.ts'
import { addRepository, repositoryDirectory } from './new-world.ts'
import { paginate } from './pages.ts'
import { presentAccount, presentLevel, presentTeam } from './present-account.ts'
import { presentCommit } from './present-commit.ts'
import {
  presentBranch,
  presentFullRepository,
  presentRuleOnBranch,
  presentRuleset,
  presentRulesetInFull,
} from './present-repository.ts'
import { rulesetId, rulesOf } from './protection.ts'
import { commitOrNotFound } from './revisions.ts'
import { named, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import { type Level, repositoryKey, type User, userNamed } from './world.ts'

const METADATA = reads('metadata')

export const repositoryRoutes: Route[] = [
  repositoryRoute('GET', '', METADATA, ({ world, repository, actor }) => ({
    status: 200,
    body: presentFullRepository(world, repository, actor),
  })),
  repositoryRoute('POST', '/forks', METADATA, fork),

  repositoryRoute(
    'GET',
    '/branches/*branch/protection',
    { app: [{ name: 'administration', access: 'read' }], user: 'admin', hidden: true },
    () => {
      // The rules are a ruleset; there is no classic protection.
      throw new Refused(404, 'Branch not protected')
    },
  ),
  repositoryRoute('GET', '/branches/*branch', reads('contents'), async ({ world, repository, param }) => {
    const branch = param('branch')
    const sha = await repository.git.refSha(`refs/heads/${branch}`)
    if (sha === undefined) throw new Refused(404, 'Branch not found')
    const commit = presentCommit(world, repository, await repository.git.commitOrFail(sha))
    return { status: 200, body: presentBranch(world, repository, branch, commit) }
  }),
  repositoryRoute('GET', '/rules/branches/*branch', METADATA, ({ world, repository, param, query }) => {
    const rules = param('branch') === repository.defaultBranch ? rulesOf(world, repository) : []
    const { items, page } = paginate(rules, query)
    return { status: 200, body: items.map((rule) => presentRuleOnBranch(repository, rule)), page }
  }),
  repositoryRoute('GET', '/rulesets', METADATA, ({ world, repository, query }) => {
    const { items, page } = paginate(repository.protection ? [repository] : [], query)
    return { status: 200, body: items.map((item) => presentRuleset(world, item)), page }
  }),
  repositoryRoute('GET', '/rulesets/:id', METADATA, (call) => {
    const { world, repository } = call
    if (!repository.protection || call.number('id') !== rulesetId(repository)) throw notFound()
    const body = presentRulesetInFull(world, repository, rulesOf(world, repository), administers(call))
    return { status: 200, body }
  }),
  repositoryRoute('GET', '/codeowners/errors', reads('contents'), codeownersErrors),

  repositoryRoute('GET', '/collaborators/:username/permission', METADATA, (call) => {
    demandPush(call)
    const user = pathUser(call)
    const level = levelOf(call.world, call.repository, user)
    return {
      status: 200,
      body: { permission: legacyPermission(level), role_name: level, user: presentCollaborator(call, user) },
    }
  }),
  repositoryRoute('GET', '/collaborators/:username', METADATA, (call) => {
    demandPush(call)
    if (!isCollaborator(call, pathUser(call))) throw notFound()
    return { status: 204 }
  }),
  repositoryRoute(
    'PUT',
    '/collaborators/:username',
    { app: [{ name: 'administration', access: 'write' }], user: 'admin' },
    (call) => {
      const permission = call
        .input('Collaborator')
        .oneOf('permission', ['pull', 'triage', 'push', 'maintain', 'admin'])
      call.repository.collaborators.set(pathUser(call).login, LEVEL_OF_PERMISSION[permission ?? 'push'])
      return { status: 204 }
    },
  ),
  repositoryRoute(
    'DELETE',
    '/collaborators/:username',
    { app: [{ name: 'administration', access: 'write' }], user: 'admin' },
    (call) => {
      call.repository.collaborators.delete(pathUser(call).login)
      return { status: 204 }
    },
  ),
  repositoryRoute('GET', '/collaborators', METADATA, (call) => {
    demandPush(call)
    const { world, query } = call
    if (query.has('affiliation') || query.has('permission')) {
      throw invalid('Collaborator', 'affiliation', 'invalid', 'the sandbox lists all collaborators only')
    }
    const people = [...world.users.values()].filter((user) => isCollaborator(call, user))
    const { items, page } = paginate(people, query)
    return { status: 200, body: items.map((user) => presentCollaborator(call, user)), page }
  }),
  repositoryRoute(
    'GET',
    '/teams',
    { app: [{ name: 'administration', access: 'read' }], user: 'admin', hidden: true },
    ({ world, repository, query }) => {
      const teams = [...world.teams.values()].filter((team) => teamLevel(world, repository, team) !== 'none')
      const { items, page } = paginate(teams, query)
      return { status: 200, body: items.map((team) => presentTeam(world, team, repository)), page }
    },
  ),
]

const LEVEL_OF_PERMISSION = {
  pull: 'read',
  triage: 'triage',
  push: 'write',
  maintain: 'maintain',
  admin: 'admin',
} as const

/** GitHub's older word for a level knows only four. */
function legacyPermission(level: Level): string {
  return { none: 'none', read: 'read', triage: 'read', write: 'write', maintain: 'write', admin: 'admin' }[
    level
  ]
}

function presentCollaborator({ world, repository }: RepositoryCall, user: User) {
  const level = levelOf(world, repository, user)
  return { ...presentAccount(world, user), permissions: presentLevel(level), role_name: level }
}

/** Everyone with access of their own; that a repository is public makes nobody a collaborator. */
function isCollaborator({ world, repository }: RepositoryCall, user: User): boolean {
  return levelOf(world, { ...repository, private: true }, user) !== 'none'
}

function administers({ world, repository, actor }: RepositoryCall): boolean {
  if (actor.kind === 'user') return levelOf(world, repository, actor.user) === 'admin'
  return actor.kind === 'installation' && actor.grant.permissions.administration === 'write'
}

function demandPush({ world, repository, actor }: RepositoryCall): void {
  const { user, kind } = named(actor)
  if (kind === 'user' && !atLeast(levelOf(world, repository, user), 'write')) {
    throw new Refused(403, 'Must have push access to view repository collaborators.')
  }
}

function pathUser({ world, param }: RepositoryCall): User {
  const user = userNamed(world, param('username'))
  if (!user) throw notFound()
  return user
}

async function codeownersErrors({ world, repository, query }: RepositoryCall) {
  const commit = await commitOrNotFound(repository, query.get('ref') ?? repository.defaultBranch)
  const file = await readCodeowners(repository, commit.sha)
  const entry = file && (await findPath(repository.git, commit.tree, file.path))
  const content = entry && (await repository.git.blob(entry.sha))
  if (!content) throw notFound()
  const parsed = parseCodeowners(file.path, content.toString())
  const errors = [...parsed.errors, ...unknownOwners(world, repository, parsed, content.toString())]
  return { status: 200, body: { errors: errors.sort((a, b) => a.line - b.line || a.column - b.column) } }
}

async function fork({ world, repository, actor }: RepositoryCall) {
  const caller = named(actor)
  if (caller.kind !== 'user') throw new Refused(403, 'Resource not accessible by integration')
  const owner = caller.user
  const known = world.repositories.get(repositoryKey(owner.login, repository.name))
  const made = known ?? (await makeFork({ world, repository, owner }))
  return { status: 202, body: presentFullRepository(world, made, actor) }
}

async function makeFork({
  world,
  repository,
  owner,
}: Pick<RepositoryCall, 'world' | 'repository'> & { owner: User }) {
  const id = world.nextId()
  const directory = repositoryDirectory(world.dataDir, { id })
  const git = await forkRepository(repository.git, directory, world.hooksDir)
  const forked: Parameters<typeof addRepository>[1] = {
    id,
    owner,
    name: repository.name,
    private: repository.private,
    defaultBranch: repository.defaultBranch,
    parent: repository,
    protection: undefined,
    collaborators: new Map(),
    teams: new Map(),
    git,
  }
  return addRepository(world, forked)
}
