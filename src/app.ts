/** The running app: Probot, the webhook server, and a scheduler that looks at every repository the operator named. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Probot, ProbotOctokit } from 'probot'
import { createAccountClients } from './aws/clients.ts'
import { createGrantReader } from './aws/grant-reader.ts'
import { createGrantWriter } from './aws/grant-writer.ts'
import { type Clock, correct, followClock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { ed25519Signer } from './core/receipt-signature.ts'
import { createEventStream, NO_EVENTS } from './event-stream.ts'
import { pinVersion } from './github/api-version.ts'
import { createDirectory } from './github/directory.ts'
import { createObedience } from './github/obey.ts'
import { createRedelivery } from './github/redelivery.ts'
import { daypass } from './index.ts'
import { look, type Surroundings } from './look.ts'
import { formatMetrics } from './metrics.ts'
import { createScheduler } from './scheduler.ts'
import { createWebhookServer } from './webhook-server.ts'
import { createMemory } from './world.ts'

/** GitHub answers within this many milliseconds, or the call counts as failed. */
const GITHUB_TIMEOUT = 30_000
/** At the end, who is still sending a webhook gets this many milliseconds. */
const ANSWERED_WITHIN = 5000

type OctokitOptions = NonNullable<ConstructorParameters<typeof ProbotOctokit>[0]>

export interface App {
  readonly url: string
  /** Takes no more work, waits for what is in progress, and ends. */
  stop(): Promise<void>
}

export async function startApp(config: Config): Promise<App> {
  const following = new AbortController()
  const clock = correct(config.clockUrl ? await followClock(config.clockUrl, following.signal) : systemClock)
  const probot = createProbot(config, clock)
  await probot.ready()

  const directory = createDirectory(
    (installationId) => probot.auth(installationId),
    config.github.htmlUrl,
    () => clock.now(),
  )
  const clients = createAccountClients({ now: () => clock.now(), clock, endpoint: config.aws.endpoint })
  const now = () => Math.floor(clock.now() / 1000)
  const surroundings: Surroundings = {
    find: (repository) => directory.find(repository),
    grants: {
      ...createGrantReader({
        clients,
        onForeign: (role) =>
          probot.log.warn(
            role,
            'A role under the path of the app does not say what the app writes: it is denied',
          ),
      }),
      ...createGrantWriter({ clients, sleep, now }),
    },
    now,
    clockError: () => clock.error() / 1000,
    log: probot.log,
    sign: config.receiptKey === undefined ? undefined : ed25519Signer(config.receiptKey),
    events:
      config.eventsFile === undefined
        ? NO_EVENTS
        : createEventStream(config.eventsFile, (err, lines) =>
            probot.log.error({ err, lines }, 'Could not write to the event stream; it is tried again'),
          ),
  }
  const memories = new Map([...config.repositories.keys()].map((id) => [id, createMemory()]))

  async function run(repositoryId: number, isAwaited: () => boolean): Promise<number | undefined> {
    const repository = config.repositories.get(repositoryId)
    const memory = memories.get(repositoryId)
    if (repository === undefined || memory === undefined) return undefined
    const next = await look(surroundings, repository, memory, isAwaited)
    // It may have been renamed, moved or taken away, and no event come of it.
    if (memory.failures > 0) directory.doubt()
    return next
  }

  const scheduler = createScheduler({ clock, sweepSeconds: config.sweepSeconds, run })
  const wakeAll = () => {
    for (const id of memories.keys()) scheduler.wake(id)
  }
  await probot.load(
    daypass({
      repository: (id) => memories.has(id) && scheduler.wake(id),
      moved(id) {
        const memory = memories.get(id)
        if (memory === undefined) return
        memory.allowed.clear()
        scheduler.wake(id)
      },
      altered(id, pull) {
        const upheld = memories.get(id)?.upheld
        if (upheld === undefined) return
        for (const key of upheld.keys()) if (key.startsWith(`${pull} `)) upheld.delete(key)
        scheduler.wake(id)
      },
      pull(id, pull) {
        const hints = memories.get(id)?.hints
        if (hints === undefined) return
        hints.pulls.set(pull, (hints.pulls.get(pull) ?? 0) + 1)
        scheduler.wake(id)
      },
      all() {
        directory.forget()
        wakeAll()
      },
      people() {
        for (const { allowed, hints } of memories.values()) {
          allowed.clear()
          hints.everything += 1
        }
        wakeAll()
      },
      endAccess(id, click) {
        const memory = memories.get(id)
        if (memory === undefined) return
        memory.clicks = [...memory.clicks, click]
        scheduler.wake(id)
      },
      recheck(id, headSha) {
        memories.get(id)?.recheck.add(headSha)
        if (memories.has(id)) scheduler.wake(id)
      },
    }),
  )
  const redeliver = createRedelivery(() => probot.auth())
  const redelivery = createScheduler({
    clock,
    sweepSeconds: config.sweepSeconds,
    async run() {
      try {
        const presses = await redeliver()
        if (presses > 0)
          probot.log.info({ presses }, 'Had presses of buttons delivered again that may not have been heard')
      } catch (err) {
        probot.log.warn(
          { err },
          'Could not ask for presses of buttons that may not have been heard; it is tried again',
        )
      }
      return undefined
    },
  })
  const server = createWebhookServer(probot, {
    health: () => ({ idle: scheduler.idle() && redelivery.idle(), now: new Date(clock.now()).toISOString() }),
    metrics: () => {
      const measured = [...memories].map(([repository, { notRemoved, lastLook }]) => ({
        repository,
        notRemoved,
        ...lastLook,
      }))
      return formatMetrics(measured, clock.error() / 1000)
    },
  })
  async function stop(): Promise<void> {
    // A webhook that is half read is answered, and dealt with, first.
    const closed = new Promise((resolve) => server.close(resolve))
    await Promise.race([closed, sleep(ANSWERED_WITHIN, undefined, { ref: false })])
    await Promise.all([scheduler.stop(), redelivery.stop()])
    following.abort()
    server.closeAllConnections()
  }
  // What is left running would keep a process alive that hears of nothing.
  const url = await listen(server, config.http).catch(async (error) => {
    await stop()
    throw error
  })
  wakeAll()
  redelivery.wake(config.app.id)
  probot.log.info({ url, repositories: [...memories.keys()] }, 'Daypass is up')
  return { url, stop }
}

function createProbot({ app, github, logLevel }: Config, clock: Clock): Probot {
  return new Probot({
    appId: app.id,
    privateKey: app.privateKey,
    secret: app.webhookSecret,
    baseUrl: github.apiUrl,
    logLevel,
    logFormat: process.stdout.isTTY ? 'pretty' : 'json',
    request: { fetch: withTimeout },
    // Only the function form reaches every installation's client.
    Octokit: ProbotOctokit.plugin(createObedience(clock), pinVersion).defaults((options: OctokitOptions) => ({
      ...options,
      // Nothing is waited for in the middle of a run: what IAM alone can do must not wait for GitHub.
      throttle: github.throttle
        ? { ...options.throttle, onRateLimit: () => false, onSecondaryRateLimit: () => false }
        : { enabled: false },
      retry: { doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451] },
    })),
  })
}

function withTimeout(url: Parameters<typeof fetch>[0], options: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...options, signal: options.signal ?? AbortSignal.timeout(GITHUB_TIMEOUT) })
}

async function listen(server: Server, { host, port }: Config['http']): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}
