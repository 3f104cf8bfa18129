/** GitHub keeps a list of what it delivered, or could not, for three days, and delivers again only when asked. */
import type { Octokit } from './context.ts'
import { statusOf } from './failures.ts'
import { createReads, type Reads } from './reads.ts'

/** Milliseconds that a delivery may take: it is listed under the time at which it began. */
const LISTED_WITHIN = 60_000
/** What lies behind so many deliveries is not looked for. */
const MOST_LISTED = 10_000
/** It is too old, or gone: asking again is in vain. */
const FOR_GOOD: ReadonlySet<number | undefined> = new Set([400, 404, 410, 422])

/**
 * Asks GitHub to deliver each press of a button on a check run again that did not reach the app: of all events, they alone are
 * in no other list. The first call asks for all of them, as the process before may have taken one and lost it: to hear one twice
 * changes nothing. Each later one takes up where the last left off. Returns how many were asked for. Throws `Unreadable`, or
 * what GitHub answered; what could not be asked for is asked for by the next call.
 */
export function createRedelivery(authenticate: () => Promise<Octokit>): () => Promise<number> {
  /** By GitHub's clock, in milliseconds since the epoch. */
  let since = Number.NEGATIVE_INFINITY
  let opened: { readonly app: Octokit; readonly reads: Reads } | undefined
  let left: readonly Delivery[] = []
  /** An attempt that fails too is another delivery. */
  const asked = new Set<string>()

  async function open() {
    const app = await authenticate()
    return { app, reads: createReads(app) }
  }

  return async () => {
    opened ??= await open()
    const { app, reads } = opened
    let seen = 0
    // Of a list of failures alone GitHub does not say whether a later attempt arrived.
    const listed = await reads.upTo(
      'the webhooks that were delivered',
      app.rest.apps.listWebhookDeliveries,
      { per_page: 100 },
      (page) => page,
      (delivery) => ++seen >= MOST_LISTED || timeOf(delivery) < since,
    )
    // By id, a number of 64 bits, which Octokit reads as such.
    const known = new Map(
      [...left, ...wantedOf(listed, since)].map((delivery) => [String(delivery.id), delivery]),
    )
    const wanted = [...known].filter(([id]) => !asked.has(id))
    since = listed.reduce((newest, delivery) => Math.max(newest, timeOf(delivery) - LISTED_WITHIN), since)
    left = []
    let failure: unknown
    for (const [id, delivery] of wanted) {
      try {
        await app.rest.apps.redeliverWebhookDelivery({ delivery_id: delivery.id })
      } catch (error) {
        if (!FOR_GOOD.has(statusOf(error))) {
          left = [...left, delivery]
          failure = error
          continue
        }
      }
      asked.add(id)
    }
    if (failure !== undefined) throw failure
    return wanted.length
  }
}

/** Each press once, by its newest attempt: those that did not arrive since then, and at first all. */
function wantedOf(listed: readonly Delivery[], since: number): readonly Delivery[] {
  const presses = listed.filter(({ event, action }) => event === 'check_run' && action === 'requested_action')
  const arrived = new Set(presses.filter(isDelivered).map(({ guid }) => guid))
  const isFirst = since === Number.NEGATIVE_INFINITY
  const wanted = presses.filter((press) => isFirst || (timeOf(press) >= since && !arrived.has(press.guid)))
  // One that failed more than once is listed as often, under one name; the newest comes first.
  return [...new Map(wanted.reverse().map((press) => [press.guid, press])).values()]
}

interface Delivery {
  readonly id: number
  readonly guid: string
  readonly event: string
  readonly action: string | null
  readonly delivered_at: string
  readonly status_code: number
}

function timeOf({ delivered_at: at }: Delivery): number {
  return Date.parse(at)
}

function isDelivered({ status_code: status }: Delivery): boolean {
  return status >= 200 && status < 300
}
