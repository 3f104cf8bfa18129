/** The app's HTTP: takes GitHub's signed webhooks, and says how it is. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Probot } from 'probot'

/** GitHub never sends a larger body; anything beyond is not read. */
const LARGEST_BODY = 25 * 1024 * 1024
/** Bytes of all bodies that are being read at once: anybody may send some before a signature can be checked. */
const READ_AT_ONCE = 64 * 1024 * 1024
const WEBHOOK_PATH = '/api/github/webhooks'
/** Milliseconds: a request that trickles in is cut off. */
const REQUEST_TIMEOUT = 30_000
/** Milliseconds: longer than load balancers keep a connection, which would else send a webhook into one that is just being closed. */
const KEPT_ALIVE_FOR = 65_000

export interface Health {
  /** Whether nothing runs and nothing is due. */
  readonly idle: boolean
  /** ISO 8601: the time that the app goes by. */
  readonly now: string
}

/** What the server tells of the process besides taking webhooks. */
export interface Told {
  health(): Health
  /** In the text format of Prometheus. */
  metrics(): string
}

export function createWebhookServer(probot: Probot, told: Told): Server {
  const readBody = createBodyReader()
  const server = createServer((request, response) => {
    answer(probot, told, readBody, request, response).catch((error) => {
      probot.log.error({ err: error }, 'Could not answer a request')
      if (!response.headersSent) reply(response, 500, { error: 'internal error' })
    })
  })
  server.requestTimeout = REQUEST_TIMEOUT
  server.keepAliveTimeout = KEPT_ALIVE_FOR
  return server
}

async function answer(
  probot: Probot,
  { health, metrics }: Told,
  readBody: ReadBody,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?')[0]
  if (request.method === 'GET' && path === '/healthz') return reply(response, 200, health())
  if (request.method === 'GET' && path === '/metrics') {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
    response.end(metrics())
    return
  }
  if (request.method === 'POST' && path === WEBHOOK_PATH) return receive(probot, readBody, request, response)
  return reply(response, 404, { error: `nothing here; webhooks go to ${WEBHOOK_PATH}` })
}

async function receive(
  probot: Probot,
  readBody: ReadBody,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = header(request, 'x-github-event')
  const id = header(request, 'x-github-delivery')
  const signature = header(request, 'x-hub-signature-256')
  if (!name || !id || !signature) return reply(response, 400, { error: 'not a signed GitHub webhook' })
  const payload = await readBody(request)
  if (typeof payload !== 'string') {
    response.setHeader('connection', 'close')
    return reply(response, payload.status, { error: payload.error })
  }
  if (!(await probot.webhooks.verify(payload, signature).catch(() => false))) {
    return reply(response, 401, { error: 'the signature does not match the webhook secret' })
  }
  // Handlers only wake the loop, so the answer is quick whatever the loop has to do.
  await probot.receive({ id, name, payload: JSON.parse(payload) } as Parameters<Probot['receive']>[0])
  return reply(response, 202, { ok: true })
}

const TOO_LARGE = { status: 413, error: `a webhook has ${LARGEST_BODY} bytes at most` } as const
const TOO_MUCH = { status: 503, error: 'too much is being sent at once; send it again' } as const

/** The body, or why it is not read to its end. */
type ReadBody = (request: IncomingMessage) => Promise<string | typeof TOO_LARGE | typeof TOO_MUCH>

interface Reading {
  size: number
  isCutOff: boolean
  readonly request: IncomingMessage
}

function createBodyReader(): ReadBody {
  const all = new Set<Reading>()
  let together = 0

  /** The largest goes: a webhook of GitHub's is seldom it. */
  function makeRoom(): void {
    if (together <= READ_AT_ONCE) return
    const largest = [...all].reduce((one, other) => (other.size > one.size ? other : one))
    largest.isCutOff = true
    largest.request.destroy()
  }

  return async (request) => {
    if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY) return TOO_LARGE
    const chunks: Buffer[] = []
    const own: Reading = { size: 0, isCutOff: false, request }
    all.add(own)
    try {
      for await (const chunk of request) {
        own.size += chunk.length
        together += chunk.length
        if (own.size > LARGEST_BODY) return TOO_LARGE
        makeRoom()
        chunks.push(chunk)
      }
      return Buffer.concat(chunks).toString('utf8')
    } catch (error) {
      if (own.isCutOff) return TOO_MUCH
      throw error
    } finally {
      all.delete(own)
      together -= own.size
    }
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
