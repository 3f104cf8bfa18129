/** The sandbox's control: its clock, the app's process, what is in flight and who called, over HTTP. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppFailed } from './app-process.ts'
import { accountHandlers } from './control-accounts.ts'
import { BadInput, readInstant } from './control-input.ts'
import { type Troubles, troubleHandlers } from './control-troubles.ts'
import type { Accounts } from './github/accounts.ts'
import { BodyTooLarge, listen, type RunningServer, readBody } from './http.ts'
import { settle, type Watched } from './settled.ts'

interface Answer {
  readonly status: number
  readonly body?: unknown
}

interface Asked {
  readonly query: URLSearchParams
  readonly body: string
  /** Aborted when the caller hangs up. */
  readonly hungUp: AbortSignal
}

export type Handler = (asked: Asked) => Answer | Promise<Answer>

const LARGEST_BODY = 16 * 1024
/** A clock that does not change is answered after this long all the same, in milliseconds. */
const LONGEST_POLL_MS = 20_000
const SETTLE_WITHIN_MS = 30_000

export interface ControlOptions extends Watched, Troubles {
  readonly accounts: Accounts
  readonly port?: number
  /** How long `GET /settled` waits for rest. */
  readonly settleWithinMs?: number
}

export async function startControl(options: ControlOptions): Promise<RunningServer> {
  const handlers = createHandlers(options)
  return listen((request, response) => void respond(handlers, request, response), options.port)
}

function createHandlers(watched: ControlOptions): ReadonlyMap<string, Handler> {
  const { app, calls, clock } = watched
  const time = (): Answer => ({
    status: 200,
    body: { now: new Date(clock.now()).toISOString(), offset: clock.offset() },
  })

  async function readClock({ query, hungUp }: Asked): Promise<Answer> {
    const from = query.get('changed-from')
    if (from === null) return time()
    if (!/^-?\d+$/.test(from))
      throw new BadInput('changed-from is an offset in whole milliseconds, as GET /clock shows it.')
    if (Number(from) === clock.offset()) {
      await new Promise<void>((resolve) => {
        const stopListening = clock.onMove(done)
        const timer = setTimeout(done, LONGEST_POLL_MS)
        hungUp.addEventListener('abort', done, { once: true })
        function done() {
          stopListening()
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return time()
  }

  function moveClock({ body }: Asked): Answer {
    clock.set(readInstant(body, clock.now()))
    return time()
  }

  async function readSettled(): Promise<Answer> {
    const moving = await settle(watched, watched.settleWithinMs ?? SETTLE_WITHIN_MS)
    return moving.length === 0
      ? { status: 200, body: { settled: true } }
      : { status: 503, body: { settled: false, moving } }
  }

  async function startApp(): Promise<Answer> {
    try {
      await app.start()
      return appState()
    } catch (error) {
      if (error instanceof AppFailed) return { status: 502, body: { message: error.message } }
      throw error
    }
  }

  const appState = (): Answer => ({ status: 200, body: { app: app.state().kind } })

  return new Map<string, Handler>([
    ['GET /clock', readClock],
    ['POST /clock', moveClock],
    ['GET /app', appState],
    ['POST /app/start', startApp],
    ['POST /app/stop', () => app.stop().then(appState)],
    ['POST /app/kill', () => app.kill().then(appState)],
    ...troubleHandlers(watched),
    ...accountHandlers(watched.accounts),
    ['GET /settled', readSettled],
    ['GET /calls', () => ({ status: 200, body: calls.list() })],
    [
      'DELETE /calls',
      () => {
        calls.clear()
        return { status: 204 }
      },
    ],
  ])
}

async function respond(
  handlers: ReadonlyMap<string, Handler>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerTo(handlers, request, response).catch(explain)
  if (answer.body === undefined) response.writeHead(answer.status).end()
  else
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(answer.body)}\n`)
}

async function answerTo(
  handlers: ReadonlyMap<string, Handler>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer> {
  if (!isFromHere(request))
    return { status: 403, body: { message: 'Only programs on this machine may use the control.' } }
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control')
  const handler = handlers.get(`${request.method} ${pathname}`)
  if (!handler)
    return {
      status: 404,
      body: { message: `There is no such control; there are: ${[...handlers.keys()].join(', ')}.` },
    }
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const body = (await readBody(request, LARGEST_BODY)).toString()
  return handler({ query: searchParams, body, hungUp: gone.signal })
}

function explain(error: unknown): Answer {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof BadInput) return { status: 400, body: { message } }
  if (error instanceof BodyTooLarge) return { status: 413, body: { message: `The ${message}.` } }
  return { status: 500, body: { message } }
}

/** Keeps pages of other sites out: by name (DNS rebinding) and by what their scripts and forms send. */
function isFromHere({ headers: { host = '', origin } }: IncomingMessage): boolean {
  return (
    /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host) &&
    (origin === undefined || origin === `http://${host}`)
  )
}
