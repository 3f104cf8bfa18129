/** The app's HTTP: takes GitHub's signed webhooks, and says how it is. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Probot } from 'probot'

/** GitHub never sends a larger body; anything beyond is not read. */
const LARGEST_BODY = 25 * 1024 * 1024
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
  const server = createServer((request, response) => {
    answer(probot, told, request, response).catch((error) => {
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
  if (request.method === 'POST' && path === WEBHOOK_PATH) return receive(probot, request, response)
  return reply(response, 404, { error: `nothing here; webhooks go to ${WEBHOOK_PATH}` })
}

async function receive(probot: Probot, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = header(request, 'x-github-event')
  const id = header(request, 'x-github-delivery')
  const signature = header(request, 'x-hub-signature-256')
  if (!name || !id || !signature) return reply(response, 400, { error: 'not a signed GitHub webhook' })
  const payload = await readBody(request)
  if (payload === undefined) return refuseBody(response)
  if (!(await probot.webhooks.verify(payload, signature).catch(() => false))) {
    return reply(response, 401, { error: 'the signature does not match the webhook secret' })
  }
  // Handlers only wake the loop, so the answer is quick whatever the loop has to do.
  await probot.receive({ id, name, payload: JSON.parse(payload) } as Parameters<Probot['receive']>[0])
  return reply(response, 202, { ok: true })
}

/** Undefined where the body is larger than GitHub ever sends. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > LARGEST_BODY) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refuseBody(response: ServerResponse): void {
  response.setHeader('connection', 'close')
  reply(response, 413, { error: `a webhook has ${LARGEST_BODY} bytes at most` })
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
