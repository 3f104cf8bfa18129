/** Teams and members of the organization. */
import { atLeast, isTeamMember, levelOf, teamLevel, teamMembers } from './access.ts'
import type { Actor } from './auth.ts'
import { badCredentials } from './auth.ts'
import { notFound, Refused } from './failure.ts'
import { paginate } from './pages.ts'
import {
  apiUrl,
  presentAccount,
  presentLevel,
  presentOrganizationMembership,
  presentTeam,
  presentTeamFull,
} from './present-account.ts'
import { presentRepository } from './present-repository.ts'
import { type Answer, type Call, type Route, route } from './router.ts'
import { repositoryKey, type Team, type User, userNamed, type World } from './world.ts'

export const organizationRoutes: Route[] = [
  teamRoute('GET', '', ({ world, team }) => ({ status: 200, body: presentTeamFull(world, team) })),
  teamRoute('GET', '/members', ({ world, team, query }) => {
    const { items, page } = paginate(teamMembers(world, team), query)
    return { status: 200, body: items.map((user) => presentAccount(world, user)), page }
  }),
  teamRoute('GET', '/teams', ({ world, team, query }) => {
    const children = [...world.teams.values()].filter(({ parent }) => parent === team.slug)
    const { items, page } = paginate(children, query)
    return { status: 200, body: items.map((child) => presentTeam(world, child)), page }
  }),
  teamRoute('GET', '/memberships/:username', (call) => membership(call, findUser(call))),
  teamRoute('PUT', '/memberships/:username', (call) => {
    demandOwner(call)
    const user = findUser(call)
    call.team.members.add(user.login)
    return membership(call, user)
  }),
  teamRoute('DELETE', '/memberships/:username', (call) => {
    demandOwner(call)
    call.team.members.delete(findUser(call).login)
    return { status: 204 }
  }),
  teamRoute('GET', '/repos/:owner/:repo', teamRepository),
  route('GET', '/orgs/:org/memberships/:username', (call) => {
    if (!maySeeMembers(call)) throw new Refused(403, 'You must be a member of this organization.')
    const user = findUser(call)
    if (user.organizationRole === 'outside') throw notFound()
    return { status: 200, body: presentOrganizationMembership(call.world, user) }
  }),
  route('GET', '/orgs/:org/members/:username', (call) => {
    if (!maySeeMembers(call) || findUser(call).organizationRole === 'outside') throw notFound()
    return { status: 204 }
  }),
  route('DELETE', '/orgs/:org/members/:username', (call) => {
    if (!maySeeMembers(call)) throw notFound()
    demandOwner(call)
    const user = findUser(call)
    user.organizationRole = 'outside'
    for (const team of call.world.teams.values()) team.members.delete(user.login)
    return { status: 204 }
  }),
]

interface TeamCall extends Call {
  readonly team: Team
}

/** Teams are hidden from everybody who may not read the organization's members. */
function teamRoute(method: string, path: string, handle: (call: TeamCall) => Answer): Route {
  return route(method, `/orgs/:org/teams/:slug${path}`, (call) => {
    const team = call.world.teams.get(call.param('slug'))
    if (!team || !maySeeMembers(call)) throw notFound()
    return handle({ ...call, team })
  })
}

function maySeeMembers({ world, actor, param }: Call): boolean {
  if (actor.kind === 'anonymous') throw badCredentials()
  if (param('org').toLowerCase() !== world.organization.login.toLowerCase()) throw notFound()
  return isMember(actor)
}

function isMember(actor: Actor): boolean {
  if (actor.kind === 'installation') return actor.grant.permissions.members !== undefined
  return actor.kind === 'user' && actor.user.organizationRole !== 'outside'
}

function demandOwner({ actor }: Call): void {
  if (actor.kind !== 'user' || actor.user.organizationRole !== 'admin') {
    throw new Refused(403, 'Must be an organization owner.')
  }
}

function findUser({ world, param }: Call): User {
  const user = userNamed(world, param('username'))
  if (!user) throw notFound()
  return user
}

function membership({ world, team }: TeamCall, user: User): Answer {
  if (!isTeamMember(world, team, user)) throw notFound()
  const path = `/organizations/${world.organization.id}/team/${team.id}/memberships/${user.login}`
  return { status: 200, body: { url: apiUrl(world, path), role: teamRole(user), state: 'active' } }
}

/** Owners of the organization maintain each team they are in. */
function teamRole(user: User): string {
  return user.organizationRole === 'admin' ? 'maintainer' : 'member'
}

const WITH_PERMISSIONS = 'application/vnd.github.v3.repository+json'

function teamRepository(call: TeamCall): Answer {
  const { world, team, accept } = call
  const repository = world.repositories.get(repositoryKey(call.param('owner'), call.param('repo')))
  if (!repository || repository.owner !== world.organization || !knowsRepository(call, world))
    throw notFound()
  const level = teamLevel(world, repository, team)
  if (level === 'none') throw notFound()
  if (!accept.includes(WITH_PERMISSIONS)) return { status: 204 }
  const body = { ...presentRepository(world, repository), permissions: presentLevel(level), role_name: level }
  return { status: 200, body }
}

function knowsRepository({ actor, param }: Call, world: World): boolean {
  const repository = world.repositories.get(repositoryKey(param('owner'), param('repo')))
  if (!repository) return false
  if (actor.kind === 'user') return atLeast(levelOf(world, repository, actor.user), 'read')
  return actor.kind === 'installation' && (actor.grant.repositoryIds?.has(repository.id) ?? true)
}
