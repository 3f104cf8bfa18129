/** Delivers signed webhooks to the app: one after the other, in order, never twice, never waited for by an answer. */
import { createHmac, randomUUID } from 'node:crypto'
import { request } from 'node:http'
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
  /** 0 when nobody answered. */
  readonly statusCode: number
}

export interface Webhooks {
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

interface Message {
  readonly world: World
  readonly guid: string
  readonly redelivery: boolean
  readonly event: string
  readonly action: string | undefined
  readonly repositoryId: number
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

  async function drain(): Promise<void> {
    if (busy) return
    busy = true
    for (let message = queue[0]; message; message = queue[0]) {
      deliveries.unshift(await deliver(message, webhookUrl(), stop.signal))
      deliveries.splice(KEPT_DELIVERIES)
      queue.shift()
    }
    busy = false
  }

  return {
    emit(world, event) {
      if (!isInstalled(world, event.repository) || !world.app.events.includes(event.name)) return
      const payload = envelope(world, event)
      const action = typeof payload.action === 'string' ? payload.action : undefined
      onExchange?.({ kind: 'webhook', event: event.name, action, payload })
      const repositoryId = event.repository.id
      const sent = { guid: randomUUID(), redelivery: false, event: event.name, action, repositoryId }
      queue.push({ world, ...sent, body: JSON.stringify(payload) })
      void drain()
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

/** Serialised at once: a delivery tells the state at the event, not at the time it goes out. */
function envelope(world: World, { payload, repository, sender }: WebhookEvent): Json {
  const { installationId } = world.app
  return {
    ...payload,
    repository: { ...presentRepository(world, repository), ...overridesOf(payload) },
    organization: presentOrganization(world),
    sender: presentAccount(world, sender),
    installation: { id: installationId, node_id: nodeId('IntegrationInstallation', installationId) },
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
  const statusCode = url === undefined ? 0 : await post(url, message, signal).catch(() => 0)
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
