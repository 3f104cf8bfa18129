/** Delivers signed webhooks to the app: one after the other, in order and once unless told otherwise, never waited for. */
import { createHmac, randomInt, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isInstalled } from './access.ts'
import type { Exchange } from './exchange.ts'
import { type Json, nodeId, presentAccount, presentOrganization } from './present-account.ts'
import { presentRepository } from './present-repository.ts'
import type { WebhookEvent, World } from './world.ts'

export interface Delivery {
  readonly id: number
  readonly message: Message
  readonly deliveredAt: number
  readonly durationSeconds: number
  /** 502 when nobody answered, as on GitHub. */
  readonly statusCode: number
}

/** `normal`: each event once, in order. The others are what GitHub may do too, if rarely. */
export const DELIVERY_MODES = ['normal', 'none', 'twice', 'shuffled'] as const
export type DeliveryMode = (typeof DELIVERY_MODES)[number]

/** How webhooks reach the app. */
export interface DeliveryOrder {
  mode(): DeliveryMode
  setMode(mode: DeliveryMode): void
}

export interface Webhooks extends DeliveryOrder {
  emit(world: World, event: WebhookEvent): void
  pending(): number
  /** Newest first. */
  deliveries(): readonly Delivery[]
  /** Sends the same again, under the same name; only when asked, GitHub never does by itself. */
  redeliver(delivery: Delivery): void
  close(): void
}

const TIMEOUT_MS = 10_000
const KEPT_DELIVERIES = 1_000
const UNANSWERED = 502
/** How long an event waits for a later one that overtakes it, where they are shuffled. */
const SHUFFLE_WITHIN_MS = 50

interface Message {
  readonly world: World
  readonly guid: string
  readonly redelivery: boolean
  readonly event: string
  readonly action: string | undefined
  readonly repositoryId: number | null
  readonly body: string
}

export function createWebhooks(
  webhookUrl: () => string | undefined,
  onExchange: ((exchange: Exchange) => void) | undefined,
): Webhooks {
  const deliveries: Delivery[] = []
  const queue: Message[] = []
  const stop = new AbortController()
  let busy = false
  let mode: DeliveryMode = 'normal'

  async function drain(): Promise<void> {
    if (busy) return
    busy = true
    while (queue.length > 0) {
      if (mode === 'shuffled' && queue.length === 1) await sleep(SHUFFLE_WITHIN_MS)
      const message = mode === 'shuffled' ? anyButTheOldest(queue) : queue[0]
      if (!message) break
      keep(await deliver(message, webhookUrl(), stop.signal))
      queue.splice(queue.indexOf(message), 1)
    }
    busy = false
  }

  function keep(delivery: Delivery): void {
    deliveries.unshift(delivery)
    deliveries.splice(KEPT_DELIVERIES)
  }

  function send(message: Message): void {
    // Lost on the way, as far as the app can tell; GitHub's list of deliveries has it, and can send it again.
    if (mode === 'none') {
      keep(lostDelivery(message))
      return
    }
    queue.push(message)
    if (mode === 'twice') queue.push({ ...message })
    void drain()
  }

  return {
    mode: () => mode,
    setMode(wanted) {
      mode = wanted
    },
    emit(world, event) {
      if (!isHeard(world, event)) return
      const payload = envelope(world, event)
      const action = typeof payload.action === 'string' ? payload.action : undefined
      onExchange?.({ kind: 'webhook', event: event.name, action, payload })
      const repositoryId = event.repository?.id ?? null
      const sent = { guid: randomUUID(), redelivery: false, event: event.name, action, repositoryId }
      send({ world, ...sent, body: JSON.stringify(payload) })
    },
    redeliver({ message }) {
      queue.push({ ...message, redelivery: true })
      void drain()
    },
    pending: () => queue.length,
    deliveries: () => deliveries,
    close() {
      queue.length = 0
      stop.abort()
    },
  }
}

/** The app hears of the repositories it is installed on what it subscribed to, and of its installation in any case. */
function isHeard(world: World, { name, repository }: WebhookEvent): boolean {
  if (repository === undefined) return true
  return world.suspension === undefined && isInstalled(world, repository) && world.app.events.includes(name)
}

/** So that wherever there are two, they change places. */
function anyButTheOldest(queue: readonly Message[]): Message | undefined {
  return queue[queue.length > 1 ? randomInt(1, queue.length) : 0]
}

function lostDelivery(message: Message): Delivery {
  const { world } = message
  return {
    id: world.nextId(),
    message,
    deliveredAt: world.clock.now(),
    durationSeconds: 0,
    statusCode: UNANSWERED,
  }
}

/** Serialised at once: a delivery tells the state at the event, not at the time it goes out. */
function envelope(world: World, { payload, repository, sender }: WebhookEvent): Json {
  const { installationId } = world.app
  return {
    ...payload,
    ...(repository && {
      repository: { ...presentRepository(world, repository), ...overridesOf(payload) },
      installation: { id: installationId, node_id: nodeId('IntegrationInstallation', installationId) },
    }),
    organization: presentOrganization(world),
    sender: presentAccount(world, sender),
  }
}

/** Push events carry some dates of the repository as numbers; their builder puts them under `repository`. */
function overridesOf(payload: Readonly<Record<string, unknown>>): object {
  const { repository } = payload
  return typeof repository === 'object' && repository !== null ? repository : {}
}

async function deliver(message: Message, url: string | undefined, signal: AbortSignal): Promise<Delivery> {
  const started = performance.now()
  const deliveredAt = message.world.clock.now()
  // An app that is down gets nothing, then or later: GitHub does not deliver again by itself.
  const statusCode = url === undefined ? UNANSWERED : await post(url, message, signal).catch(() => UNANSWERED)
  return {
    id: message.world.nextId(),
    message,
    deliveredAt,
    durationSeconds: (performance.now() - started) / 1000,
    statusCode,
  }
}

function post(url: string, { world, guid, event, body }: Message, signal: AbortSignal): Promise<number> {
  const { app } = world
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'GitHub-Hookshot/sandbox',
    'x-github-delivery': guid,
    'x-github-event': event,
    'x-github-hook-id': String(app.id),
    'x-github-hook-installation-target-id': String(app.id),
    'x-github-hook-installation-target-type': 'integration',
    'x-hub-signature-256': `sha256=${createHmac('sha256', app.webhookSecret).update(body).digest('hex')}`,
  }
  return new Promise((resolve, reject) => {
    // A fresh connection each time: one kept open to an app that was restarted would lose a delivery.
    const outgoing = request(
      url,
      { method: 'POST', headers, agent: false, timeout: TIMEOUT_MS, signal },
      (answer) => {
        answer.resume()
        answer.once('error', reject)
        answer.once('end', () => resolve(answer.statusCode ?? 0))
      },
    )
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within 10 seconds')))
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}
