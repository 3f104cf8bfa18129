/** The app itself, its installation and tokens; the caller's own account; the rate limit. */
import { holds, isInstalled, isTeamMember } from './access.ts'
import { badCredentials, checkNotSuspended } from './auth.ts'
import { notAccessible, notFound, Refused } from './failure.ts'
import type { Input } from './input.ts'
import { choice, pageRequest, paginate } from './pages.ts'
import {
  apiUrl,
  presentApp,
  presentInstallation,
  presentPrivateUser,
  presentPublicUser,
  presentTeamFull,
  timestamp,
} from './present-account.ts'
import { presentRepository } from './present-repository.ts'
import { type Answer, type Call, named, type Route, route } from './router.ts'
import type { Delivery, Webhooks } from './webhooks.ts'
import { type Permissions, type Repository, repositoryKey, userNamed, type World } from './world.ts'

export function appRoutes(webhooks: Webhooks): Route[] {
  return [
    appRoute('GET', '/app', ({ world }) => ({
      status: 200,
      body: { ...presentApp(world), installations_count: 1 },
    })),
    appRoute('GET', '/app/installations', ({ world, query }) => {
      const { items, page } = paginate([presentInstallation(world)], query)
      return { status: 200, body: items, page }
    }),
    appRoute('GET', '/app/installations/:id', (call) => {
      checkInstallation(call)
      return { status: 200, body: presentInstallation(call.world) }
    }),
    appRoute('POST', '/app/installations/:id/access_tokens', mintToken),
    appRoute('PUT', '/app/installations/:id/suspended', (call) => {
      checkInstallation(call)
      const { world } = call
      world.suspension = { by: world.bot, at: world.clock.now() }
      emitInstallation(world, 'suspend')
      return { status: 204 }
    }),
    appRoute('DELETE', '/app/installations/:id/suspended', (call) => {
      checkInstallation(call)
      call.world.suspension = undefined
      emitInstallation(call.world, 'unsuspend')
      return { status: 204 }
    }),
    appRoute('GET', '/app/hook/deliveries', (call) => listDeliveries(call, webhooks)),
    appRoute('POST', '/app/hook/deliveries/:id/attempts', (call) => {
      const id = call.number('id')
      const delivery = webhooks.deliveries().find((candidate) => candidate.id === id)
      if (!delivery) throw notFound()
      webhooks.redeliver(delivery)
      return { status: 202, body: {} }
    }),
    appRoute('GET', '/orgs/:org/installation', (call) => {
      if (call.param('org').toLowerCase() !== call.world.organization.login.toLowerCase()) throw notFound()
      return { status: 200, body: presentInstallation(call.world) }
    }),
    appRoute('GET', '/repos/:owner/:repo/installation', (call) => {
      const repository = call.world.repositories.get(repositoryKey(call.param('owner'), call.param('repo')))
      if (!repository || !isInstalled(call.world, repository)) throw notFound()
      return { status: 200, body: presentInstallation(call.world) }
    }),
    route('GET', '/installation/repositories', installationRepositories),
    route('GET', '/user', (call) => {
      const actor = named(call.actor)
      if (actor.kind === 'installation') throw notAccessible()
      return { status: 200, body: presentPrivateUser(call.world, actor.user) }
    }),
    route('GET', '/user/teams', (call) => {
      const actor = named(call.actor)
      if (actor.kind === 'installation') throw notAccessible()
      const mine = [...call.world.teams.values()].filter((team) => isTeamMember(call.world, team, actor.user))
      const { items, page } = paginate(mine, call.query)
      return { status: 200, body: items.map((team) => presentTeamFull(call.world, team)), page }
    }),
    route('GET', '/users/:username', (call) => {
      const user = userNamed(call.world, call.param('username'))
      if (!user) throw notFound()
      return { status: 200, body: presentPublicUser(call.world, user) }
    }),
    route('GET', '/rate_limit', ({ rate }) => {
      const unused = { limit: 30, used: 0, remaining: 30, reset: rate.reset }
      return { status: 200, body: { resources: { core: rate, search: unused }, rate } }
    }),
  ]
}

/** Operations that only the app itself, by its JWT, may use. */
function appRoute(method: string, path: string, handle: Route['handle']): Route {
  return route(method, path, (call) => {
    if (call.actor.kind === 'anonymous') throw badCredentials()
    if (call.actor.kind !== 'app') throw new Refused(401, 'A JSON web token could not be decoded')
    return handle(call)
  })
}

function checkInstallation(call: Call): void {
  if (call.number('id') !== call.world.app.installationId) throw notFound()
}

/** Every app hears this of itself, whatever it subscribed to. */
function emitInstallation(world: World, action: 'suspend' | 'unsuspend'): void {
  const payload = { action, installation: presentInstallation(world) }
  world.emit({ name: 'installation', repository: undefined, sender: world.bot, payload })
}

function mintToken(call: Call) {
  checkInstallation(call)
  const { world, credentials } = call
  checkNotSuspended(world)
  const input = call.input('InstallationToken')
  const repositories = wishedRepositories(world, input)
  const permissions = wishedPermissions(world, input)
  const grant = credentials.mint(permissions, repositories)
  return {
    status: 201,
    body: {
      token: grant.token,
      // By the machine's clock, not the sandbox's: the JWT that asked for it is checked by that clock too.
      expires_at: timestamp(grant.expiresAt),
      permissions,
      repository_selection: 'selected',
      ...(repositories
        ? { repositories: repositories.map((repository) => presentRepository(world, repository)) }
        : {}),
    },
  }
}

function wishedRepositories(world: World, input: Input): Repository[] | undefined {
  const names = input.strings('repositories')
  const ids = input.items('repository_ids')
  if (!names && !ids) return undefined
  const installed = installedRepositories(world)
  const wanted = [...(names ?? []), ...(ids ?? [])]
  return wanted.map((wish) => {
    const found = installed.find(({ id, name }) => id === wish || name === wish)
    if (!found) {
      throw new Refused(
        422,
        'There is at least one repository that does not exist or is not accessible to the parent installation.',
      )
    }
    return found
  })
}

function wishedPermissions(world: World, input: Input): Permissions {
  const wish = input.object('permissions')
  if (!wish) return { metadata: 'read', ...world.app.permissions }
  const entries = wish.keys().map((name) => {
    const access = wish.oneOf(name, ['read', 'write'])
    if (!access || !holds(world.app.permissions, { name, access })) {
      throw new Refused(422, 'The permissions requested are not granted to this installation.')
    }
    return [name, access] as const
  })
  return { metadata: 'read', ...Object.fromEntries(entries) }
}

function installedRepositories(world: World): Repository[] {
  return [...world.repositories.values()].filter((repository) => isInstalled(world, repository))
}

function installationRepositories({ world, actor, query }: Call) {
  if (actor.kind === 'anonymous') throw badCredentials()
  if (actor.kind !== 'installation') throw notAccessible()
  const { repositoryIds } = actor.grant
  const reachable = installedRepositories(world).filter(({ id }) => repositoryIds?.has(id) ?? true)
  const { items, page } = paginate(reachable, query)
  const repositories = items.map((repository) => presentRepository(world, repository))
  return {
    status: 200,
    body: { total_count: reachable.length, repository_selection: 'selected', repositories },
    page,
  }
}

/** Newest first, in pages led by a cursor. */
function listDeliveries({ world, query }: Call, webhooks: Webhooks): Answer {
  const status = choice(query, 'status', ['success', 'failure'])
  const cursor = query.get('cursor')
  const wanted = webhooks.deliveries().filter(({ id, statusCode }) => {
    const isRight = status === undefined || statusCode >= 400 === (status === 'failure')
    return isRight && (cursor === null || id < Number(cursor))
  })
  const { size } = pageRequest(query)
  const shown = wanted.slice(0, size)
  const last = shown.at(-1)
  const next = new URL(apiUrl(world, '/app/hook/deliveries'))
  for (const [name, value] of query) next.searchParams.set(name, value)
  if (last !== undefined) next.searchParams.set('cursor', String(last.id))
  return {
    status: 200,
    body: shown.map((delivery) => presentDelivery(world, delivery)),
    ...(wanted.length > size && { headers: { link: `<${next.href}>; rel="next"` } }),
  }
}

function presentDelivery(world: World, { id, message, deliveredAt, durationSeconds, statusCode }: Delivery) {
  return {
    id,
    guid: message.guid,
    delivered_at: timestamp(deliveredAt),
    redelivery: message.redelivery,
    duration: durationSeconds,
    status: statusCode >= 200 && statusCode < 300 ? 'OK' : 'Failed to deliver',
    status_code: statusCode,
    event: message.event,
    action: message.action ?? null,
    installation_id: world.app.installationId,
    repository_id: message.repositoryId,
    throttled_at: null,
  }
}
