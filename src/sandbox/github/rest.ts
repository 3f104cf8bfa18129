/** Serves one request of the REST API: who calls, what is meant, the answer with GitHub's headers. */
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BodyTooLarge, readBody } from '../http.ts'
import { Gone, type Reply } from '../reply.ts'
import type { Actor, Credentials } from './auth.ts'
import { mergeWhatIsDue } from './auto-merge.ts'
import type { Exchange } from './exchange.ts'
import { notFound, PRIMARY_LIMIT, Refused, RefusedByOrder, refusalBody } from './failure.ts'
import type { Gate } from './gate.ts'
import { Input } from './input.ts'
import { linkHeader } from './pages.ts'
import type { RateLimiter } from './rate-limit.ts'
import {
  type Answer,
  type Call,
  findRoute,
  Moved,
  type Route,
  repositoryWithId,
  wantsMedia,
} from './router.ts'
import { fullName, type Repository, type World } from './world.ts'

const LARGEST_BODY = 40 * 1024 * 1024

export interface RestServer {
  readonly world: World
  readonly gate: Gate
  readonly credentials: Credentials
  readonly routes: readonly Route[]
  readonly rates: RateLimiter
  /** Where a repository is found whatever its name, for those who ask by an old one. */
  readonly home: (repository: Repository) => string
  readonly onExchange: ((exchange: Exchange) => void) | undefined
}

/** What is known of a request before it is understood. */
interface Incoming {
  readonly request: IncomingMessage
  /** As the router sees it: without `/api/v3`. */
  readonly path: string
  readonly url: URL
}

/** Answers; `admitCaller` learns who called as soon as it is known, and may refuse. */
export async function serveRest(
  server: RestServer,
  incoming: Incoming,
  reply: Reply,
  admitCaller: (actor: Actor) => Promise<void>,
): Promise<void> {
  const { request } = incoming
  let actor: Actor = { kind: 'anonymous' }
  let body: unknown
  let answer: Answer
  let isOrdered = false
  try {
    const raw = await readBody(request, LARGEST_BODY)
    actor = server.credentials.identify(request.headers.authorization)
    await admitCaller(actor)
    body = parseBody(raw)
    checkRate(server, actor)
    checkMedia(request.headers.accept ?? '')
    answer = await server.gate.pass(async () => {
      const given = await run(server, incoming, actor, body)
      if (request.method !== 'GET') await mergeWhatIsDue(server.world)
      return given
    })
  } catch (error) {
    if (error instanceof Gone) throw error
    answer = error instanceof Moved ? moved(server, incoming, error.repository) : refusal(error)
    isOrdered = error instanceof RefusedByOrder
  }
  const bytes = bodyBytes(answer)
  const sent = send(server, incoming, actor, { answer, bytes }, reply)
  if (!isOrdered) server.onExchange?.(restExchange(incoming, body, { answer, bytes }, sent))
}

function parseBody(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  try {
    return JSON.parse(raw.toString())
  } catch {
    throw new Refused(400, 'Problems parsing JSON')
  }
}

function checkRate({ rates }: RestServer, actor: Actor): void {
  if (rates.view(actor).remaining > 0) return
  throw new Refused(403, PRIMARY_LIMIT)
}

/** Formats that GitHub has and the sandbox has not are refused rather than answered with something else. */
function checkMedia(accept: string): void {
  const missing = ['diff', 'patch', 'html', 'text', 'full'].find((format) => wantsMedia(accept, format))
  if (missing) throw new Refused(415, `The sandbox does not answer in the format ${missing}.`)
}

async function run(
  server: RestServer,
  { request, path, url }: Incoming,
  actor: Actor,
  body: unknown,
): Promise<Answer> {
  const found = findRoute(server.routes, request.method ?? 'GET', byName(server.world, path))
  if (!found) throw notFound()
  const param = (name: string) => {
    const value = found.params.get(name)
    if (value === undefined) throw new Error(`the route has no parameter ${name}`)
    return value
  }
  const call: Call = {
    world: server.world,
    credentials: server.credentials,
    actor,
    query: url.searchParams,
    accept: request.headers.accept ?? '',
    rate: server.rates.view(actor),
    body,
    input: (resource) => new Input(body ?? {}, resource),
    param,
    number(name) {
      const text = param(name)
      if (!/^[0-9]{1,15}$/.test(text)) throw notFound()
      return Number(text)
    },
  }
  return found.route.handle(call)
}

/** A repository can be asked for by its id too. */
function byName(world: World, path: string): string {
  return path.replace(/^\/repositories\/(\d{1,15})(?=\/|$)/, (asked, id: string) => {
    const repository = repositoryWithId(world, Number(id))
    return repository ? `/repos/${fullName(repository)}` : asked
  })
}

/** Only a GET may be repeated as it is by anyone; other methods are told to keep theirs. */
function moved({ home }: RestServer, { request, path, url }: Incoming, repository: Repository): Answer {
  const below = path.replace(/^\/repos\/[^/]+\/[^/]+/, '')
  const location = home(repository) + below + url.search
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const message = isRead ? 'Moved Permanently' : 'Temporary Redirect'
  const body = { message, url: location, documentation_url: 'https://docs.github.com/rest' }
  return { status: isRead ? 301 : 307, body, headers: { location } }
}

/** What was not foreseen is the sandbox's own fault, and says so. */
function refusal(error: unknown): Answer {
  if (error instanceof Refused)
    return { status: error.status, body: refusalBody(error), headers: error.headers }
  if (error instanceof BodyTooLarge) return { status: 413, body: { message: 'Payload Too Large' } }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { status: 500, body: { message: `The sandbox failed: ${message}` } }
}

interface Given {
  readonly answer: Answer
  readonly bytes: Buffer
}

interface Sent {
  readonly status: number
  /** Empty where there is no body. */
  readonly contentType: string
}

function send(
  server: RestServer,
  { request, path, url }: Incoming,
  actor: Actor,
  { answer, bytes }: Given,
  reply: Reply,
): Sent {
  const etag = `W/"${createHash('sha256').update(tokenOf(actor)).update('\0').update(bytes).digest('hex')}"`
  const cacheable = request.method === 'GET' && answer.status === 200
  const unchanged = cacheable && matches(request.headers['if-none-match'], etag)
  const status = unchanged ? 304 : answer.status
  if (!unchanged && path !== '/rate_limit') server.rates.spend(actor)
  const contentType = bytes.length === 0 || unchanged ? '' : mediaType(answer)
  const headers: Record<string, string> = {
    ...commonHeaders(server, actor),
    ...(cacheable
      ? { etag, 'cache-control': 'private, max-age=60, s-maxage=60', vary: 'Accept, Authorization' }
      : {}),
    ...answer.headers,
    ...pageLink(url, answer),
    ...(contentType ? { 'content-type': `${contentType}; charset=utf-8` } : {}),
  }
  reply.send(status, headers, unchanged ? undefined : bytes)
  return { status, contentType }
}

function restExchange(
  { request, path, url }: Incoming,
  requestBody: unknown,
  { answer, bytes }: Given,
  { status, contentType }: Sent,
): Exchange {
  const isText = answer.contentType !== undefined
  return {
    kind: 'rest',
    method: request.method ?? 'GET',
    path,
    query: Object.fromEntries(url.searchParams),
    requestBody,
    status,
    contentType,
    /** As it went over the wire: what JSON drops is not in it. Most are never looked at. */
    get responseBody(): unknown {
      if (contentType === '') return undefined
      return isText ? bytes.toString() : JSON.parse(bytes.toString())
    },
  }
}

function bodyBytes({ body }: Answer): Buffer {
  if (Buffer.isBuffer(body)) return body
  if (body === undefined) return Buffer.alloc(0)
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function mediaType(answer: Answer): string {
  return answer.contentType ?? 'application/json'
}

function matches(header: string | undefined, etag: string): boolean {
  const weak = (tag: string) => tag.trim().replace(/^W\//, '')
  return header?.split(',').some((tag) => weak(tag) === weak(etag)) ?? false
}

function tokenOf(actor: Actor): string {
  return actor.kind === 'anonymous' ? '' : actor.token
}

function pageLink(url: URL, { page }: Answer): Record<string, string> {
  const link = page && linkHeader(url, page)
  return link ? { link } : {}
}

function commonHeaders({ world, rates }: RestServer, actor: Actor): Record<string, string> {
  const { limit, used, remaining, reset } = rates.view(actor)
  return {
    date: new Date(world.clock.now()).toUTCString(),
    'x-github-media-type': 'github.v3; format=json',
    'x-github-request-id': randomUUID(),
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-used': String(used),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(reset),
    'x-ratelimit-resource': 'core',
  }
}
