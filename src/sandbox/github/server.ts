/** The sandbox's GitHub: REST API, git over HTTP and webhooks on one loopback address. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { CallLog } from '../calls.ts'
import type { SandboxClock } from '../clock.ts'
import { createFaults, type Faults } from '../faults.ts'
import { listen } from '../http.ts'
import { Gone, Reply } from '../reply.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { type Actor, Credentials } from './auth.ts'
import type { Exchange } from './exchange.ts'
import { orderedRefusal } from './failure.ts'
import { Gate } from './gate.ts'
import { gitRequest, serveGit } from './git-http.ts'
import { type KeptWorld, keepWorld, takeUpWorld } from './kept-world.ts'
import { createWorld, type Surroundings } from './new-world.ts'
import { repositoryPage } from './present-repository.ts'
import { createRateLimiter } from './rate-limit.ts'
import { type RestServer, serveRest } from './rest.ts'
import { apiRoutes } from './routes.ts'
import { pageRoutes } from './routes-page.ts'
import type { GitHubSeed } from './seed.ts'
import { createWebhooks, type DeliveryOrder } from './webhooks.ts'

export interface GitHubSandbox {
  /** Pages and git at `{url}/{owner}/{repo}.git`, the REST API at `{url}/api/v3`, as on GitHub Enterprise. */
  readonly url: string
  /** Answers there; also to be given requests without a connection, by whoever is in the same process. */
  readonly listener: RequestListener
  /** Webhook deliveries that have not been answered yet. */
  pendingDeliveries(): number
  readonly deliveries: DeliveryOrder
  readonly accounts: Accounts
  /** Looks at what is to be kept for another start, while no call changes it. */
  still<Result>(look: (kept: KeptWorld) => Result): Promise<Result>
  close(): Promise<void>
}

/** What there is at the start: a new world, or one that was kept, whose repositories lie in `dataDir`. */
type Start = { readonly seed: GitHubSeed } | { readonly kept: KeptWorld }

export type GitHubOptions = Start & {
  readonly clock: SandboxClock
  readonly calls: CallLog
  readonly dataDir: string
  readonly port?: number
  /** Where the app listens now; undefined while it is down, when deliveries are dropped as on GitHub. */
  readonly webhookUrl: () => string | undefined
  /** Every REST request with its response, and every webhook. */
  readonly onExchange?: (exchange: Exchange) => void
  /** Shows pages to people who come without a token; left out: there are none. */
  readonly pages?: RequestListener
  /** Trouble on order; left out: there is none. */
  readonly faults?: Faults
  /** Calls an hour for each person and for the installation. */
  readonly rateLimit?: number
}

const RATE_LIMIT = 5_000
const API = '/api/v3'
const GRAPHQL = '/api/graphql'

export async function startGitHub(options: GitHubOptions): Promise<GitHubSandbox> {
  const { clock, calls, dataDir, onExchange, faults = createFaults() } = options
  const webhooks = createWebhooks(options.webhookUrl, onExchange)
  let url = ''
  const around: Surroundings = {
    clock,
    dataDir,
    url: () => url,
    emit: (event) => webhooks.emit(world, event),
  }
  const world = await ('kept' in options
    ? takeUpWorld(options.kept, around)
    : createWorld(options.seed, around))
  const gate = new Gate()
  const credentials = new Credentials(world)
  const rates = createRateLimiter(clock, options.rateLimit ?? RATE_LIMIT)
  const rest: RestServer = {
    world,
    gate,
    credentials,
    rates,
    routes: apiRoutes(webhooks),
    home: ({ id }) => `${url}${API}/repositories/${id}`,
    onExchange,
  }
  const pages: RestServer = {
    ...rest,
    routes: pageRoutes,
    home: (repository) => repositoryPage(world, repository),
    onExchange: undefined,
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/'
    const method = request.method ?? 'GET'
    if (options.pages && isForPeople(request)) return options.pages(request, response)
    const call = calls.begin({ service: 'github', method, target })
    const reply = new Reply(response)
    // However it ends, an answer or a connection cut off, the call is over then.
    reply.onClose(() => call.end(reply.status))
    try {
      const parsed = new URL(target, url)
      const { pathname } = parsed
      const isApi = pathname.startsWith(`${API}/`) || pathname === GRAPHQL
      const path = isApi ? pathname.slice(pathname === GRAPHQL ? '/api'.length : API.length) : pathname
      const admitCaller = async (actor: Actor) => {
        const caller = callerName(actor)
        call.by(caller)
        const trouble = faults.meet({ service: 'github', method, path, caller })
        if (trouble.fault) call.met(trouble.fault.kind)
        const refusal = await reply.undergo(trouble)
        if (refusal) throw orderedRefusal(refusal, rates.view(actor).reset)
      }
      const git = gitRequest(pathname)
      if (git) await serveGit({ world, gate, credentials }, git, request, reply, admitCaller)
      else if (isApi) await serveRest(rest, { request, url: parsed, path }, reply, admitCaller)
      else await serveRest(pages, { request, url: parsed, path: `/repos${path}` }, reply, admitCaller)
    } catch (error) {
      if (!(error instanceof Gone))
        response.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  const listener: RequestListener = (request, response) => void serve(request, response)
  const server = await listen(listener, options.port)
  url = server.url
  return {
    url,
    listener,
    pendingDeliveries: () => webhooks.pending(),
    deliveries: webhooks,
    accounts: createAccounts(world),
    still: (look) => gate.alone(async () => look(await keepWorld(world))),
    async close() {
      webhooks.close()
      await server.close()
      for (const repository of world.repositories.values()) repository.git.close()
    },
  }
}

/** Pages are no calls: whoever looks at one is a browser, and what it shows is asked for over the API. */
function isForPeople({ url = '/', headers }: IncomingMessage): boolean {
  const [path = ''] = url.split('?')
  return headers.authorization === undefined && !path.startsWith(`${API}/`) && gitRequest(path) === undefined
}

function callerName(actor: Actor): string {
  switch (actor.kind) {
    case 'user':
      return actor.user.login
    case 'app':
    case 'installation':
      return 'app'
    case 'anonymous':
      return 'anonymous'
  }
}
