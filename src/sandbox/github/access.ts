/** Who may do what: levels of people on repositories, permissions of installation tokens. */
import type { Actor } from './auth.ts'
import { badCredentials } from './auth.ts'
import { notAccessible, notFound, Refused } from './failure.ts'
import { LEVELS, type Level, type Repository, type Team, type User, userNamed, type World } from './world.ts'

export interface Permission {
  readonly name: string
  readonly access: 'read' | 'write'
}

/** What an operation asks for: any one of the app's permissions, or the person's level. */
export interface Need {
  readonly app: readonly Permission[]
  readonly user: Exclude<Level, 'none'>
  /** GitHub hides some operations from those who may not use them instead of refusing. */
  readonly hidden?: boolean
  /** Only an app may do this at all. */
  readonly appOnly?: boolean
}

export function reads(...names: string[]): Need {
  return { app: names.map((name) => ({ name, access: 'read' })), user: 'read' }
}

export function writes(...names: string[]): Need {
  return { app: names.map((name) => ({ name, access: 'write' })), user: 'write' }
}

export function atLeast(level: Level, wanted: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(wanted)
}

/** The highest of what a person has: as owner, as collaborator, through teams, as an organization's admin. */
export function levelOf(world: World, repository: Repository, user: User): Level {
  if (user.kind === 'bot') return 'none'
  if (repository.owner.id === user.id) return 'admin'
  const organizational = repository.owner.kind === 'organization'
  if (organizational && user.organizationRole === 'admin') return 'admin'
  return highest([
    repository.private ? 'none' : 'read',
    repository.collaborators.get(user.login) ?? 'none',
    ...(organizational
      ? [...world.teams.values()].map((team) => levelThrough(world, repository, team, user))
      : []),
  ])
}

function levelThrough(world: World, repository: Repository, team: Team, user: User): Level {
  return isTeamMember(world, team, user) ? teamLevel(world, repository, team) : 'none'
}

/** A child team has what its parents have. */
export function teamLevel(world: World, repository: Repository, team: Team): Level {
  return highest(withParents(world, team).map(({ slug }) => repository.teams.get(slug) ?? 'none'))
}

/** Members of a team: its own and those of the teams below it. */
export function isTeamMember(world: World, team: Team, user: User): boolean {
  return teamMembers(world, team).some(({ login }) => login === user.login)
}

export function teamMembers(world: World, team: Team): User[] {
  const below = [...world.teams.values()].filter((other) => withParents(world, other).includes(team))
  const logins = new Set(below.flatMap(({ members }) => [...members]))
  return [...logins].flatMap((login) => userNamed(world, login) ?? [])
}

/** The team itself, then its parents upwards. */
function withParents(world: World, team: Team): Team[] {
  const chain: Team[] = []
  for (let next: Team | undefined = team; next && !chain.includes(next); ) {
    chain.push(next)
    next = next.parent === undefined ? undefined : world.teams.get(next.parent)
  }
  return chain
}

/** Forks under people are not part of the organization's installation. */
export function isInstalled(world: World, repository: Repository): boolean {
  return repository.owner === world.organization
}

export function canSee(world: World, repository: Repository, actor: Actor): boolean {
  switch (actor.kind) {
    case 'user':
      return levelOf(world, repository, actor.user) !== 'none'
    case 'installation':
      return reaches(world, repository, actor) || !repository.private
    default:
      return !repository.private
  }
}

function reaches(
  world: World,
  repository: Repository,
  actor: Extract<Actor, { kind: 'installation' }>,
): boolean {
  const { repositoryIds } = actor.grant
  return isInstalled(world, repository) && (repositoryIds?.has(repository.id) ?? true)
}

/** Throws GitHub's refusal unless the actor may do what the operation needs in this repository. */
export function demand(world: World, repository: Repository, actor: Actor, need: Need): void {
  if (!canSee(world, repository, actor)) throw notFound()
  switch (actor.kind) {
    case 'installation':
      if (!mayAppDo(world, repository, actor, need)) throw notAccessible()
      return
    case 'app':
      throw notAccessible()
    case 'user':
      if (need.appOnly) throw new Refused(403, 'You must authenticate via a GitHub App.')
      if (!atLeast(levelOf(world, repository, actor.user), need.user)) throw refusedPerson(need)
      return
    case 'anonymous':
      if (need.appOnly || need.user !== 'read') throw badCredentials()
  }
}

function mayAppDo(
  world: World,
  repository: Repository,
  actor: Extract<Actor, { kind: 'installation' }>,
  need: Need,
): boolean {
  const readsOnly = need.app.every(({ access }) => access === 'read')
  if (!reaches(world, repository, actor)) return readsOnly && !repository.private
  return need.app.length === 0 || need.app.some((permission) => holds(actor.grant.permissions, permission))
}

export function holds(permissions: Readonly<Record<string, string>>, { name, access }: Permission): boolean {
  if (name === 'metadata' && access === 'read') return true
  return permissions[name] === 'write' || (access === 'read' && permissions[name] === 'read')
}

function refusedPerson(need: Need): Refused {
  if (need.hidden) return notFound()
  return new Refused(403, `Must have ${need.user} access to Repository.`)
}

function highest(levels: readonly Level[]): Level {
  return levels.reduce((best, level) => (atLeast(level, best) ? level : best), 'none')
}
