/** Finds the operation a request means, checks that its actor may use it, and runs it. */
import { canSee, demand, type Need } from './access.ts'
import type { Actor, Credentials, NamedActor } from './auth.ts'
import { badCredentials } from './auth.ts'
import { notFound, Refused } from './failure.ts'
import type { Input } from './input.ts'
import type { Page } from './pages.ts'
import { type Repository, repositoryKey, type World } from './world.ts'

export interface Call {
  readonly world: World
  readonly credentials: Credentials
  readonly actor: Actor
  readonly query: URLSearchParams
  readonly accept: string
  readonly rate: RateView
  /** The body as it was parsed; undefined where there was none. */
  readonly body: unknown
  /** The body, read as fields of the given kind of resource. */
  input(resource: string): Input
  param(name: string): string
  /** A numeric path parameter; anything else is not found. */
  number(name: string): number
}

export interface RateView {
  readonly limit: number
  readonly used: number
  readonly remaining: number
  readonly reset: number
}

export interface RepositoryCall extends Call {
  readonly repository: Repository
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Of a text body; everything else is JSON. */
  readonly contentType?: string
  readonly page?: Page
}

export interface Route {
  readonly method: string
  readonly pattern: RegExp
  readonly names: readonly string[]
  handle(call: Call): Promise<Answer> | Answer
}

export function route(method: string, path: string, handle: Route['handle']): Route {
  const { pattern, names } = compile(path)
  return { method, pattern, names, handle }
}

/** An operation on one repository: it exists only for those who can see the repository. */
export function repositoryRoute(
  method: string,
  path: string,
  need: Need,
  handle: (call: RepositoryCall) => Promise<Answer> | Answer,
): Route {
  return route(method, `/repos/:owner/:repo${path}`, (call) => {
    const key = repositoryKey(call.param('owner'), call.param('repo'))
    const repository = call.world.repositories.get(key)
    const moved = repository ? undefined : formerlyNamed(call.world, key)
    if (moved && canSee(call.world, moved, call.actor)) throw new Moved(moved)
    if (!repository || !canSee(call.world, repository, call.actor)) throw notFound()
    demand(call.world, repository, call.actor, need)
    return handle({ ...call, repository })
  })
}

/** Thrown where a repository is asked for by a name that it had before. */
export class Moved extends Error {
  readonly repository: Repository

  constructor(repository: Repository) {
    super('Moved Permanently')
    this.repository = repository
  }
}

export function formerlyNamed(world: World, key: string): Repository | undefined {
  const id = world.formerNames.get(key)
  return id === undefined ? undefined : repositoryWithId(world, id)
}

export function repositoryWithId(world: World, id: number): Repository | undefined {
  return [...world.repositories.values()].find((repository) => repository.id === id)
}

/** `:name` takes one segment, `*name` takes the rest, slashes included. */
function compile(path: string): { pattern: RegExp; names: string[] } {
  const names: string[] = []
  const source = path.replace(/\./g, '\\.').replace(/([:*])(\w+)/g, (_, kind: string, name: string) => {
    names.push(name)
    return kind === ':' ? '([^/]+)' : '(.+)'
  })
  return { pattern: new RegExp(`^${source}$`), names }
}

export interface Found {
  readonly route: Route
  readonly params: ReadonlyMap<string, string>
}

/** The first route that matches wins, so the more special ones stand first in the tables. */
export function findRoute(routes: readonly Route[], method: string, path: string): Found | undefined {
  for (const candidate of routes) {
    if (candidate.method !== method) continue
    const match = candidate.pattern.exec(path)
    if (!match) continue
    return {
      route: candidate,
      params: new Map(candidate.names.map((name, i) => [name, decode(match[i + 1] ?? '')])),
    }
  }
  return undefined
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch (cause) {
    throw new Refused(400, 'Bad Request', [String(cause)])
  }
}

/** Whether the Accept header names one of GitHub's special formats, as in `application/vnd.github.v3.raw+json`. */
export function wantsMedia(accept: string, format: string): boolean {
  return new RegExp(`application/vnd\\.github\\.(v3\\.)?${format}(\\+json)?($|[,; ])`).test(accept)
}

/** The person or bot behind the call; one who did not sign in can't do it. */
export function named(actor: Actor): NamedActor {
  if (actor.kind === 'user' || actor.kind === 'installation') return actor
  throw badCredentials()
}
