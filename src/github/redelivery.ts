/** What GitHub could not deliver stays in a list of its own for three days, and is delivered again only when asked. */
import type { Octokit } from './context.ts'
import { statusOf } from './failures.ts'
import { createReads, type Reads } from './reads.ts'

/** Milliseconds that a delivery may take: it is listed under the time at which it began. */
const LISTED_WITHIN = 60_000
/** Milliseconds: what arrived so short a time before a start may have been lost with the process that took it. */
const LOST_WITHIN = 60 * 60_000
/** It is too old, or gone: asking again is in vain. */
const FOR_GOOD: ReadonlySet<number | undefined> = new Set([404, 410, 422])

/**
 * Asks GitHub to deliver each press of a button on a check run again that did not reach the app, or that the process which ran
 * before may have lost: of all events, they alone are in no other list, and to hear one twice changes nothing. Each call takes
 * up where the last one that came to its end left off, and returns how many were asked for. Throws `Unreadable`, or what GitHub answered.
 */
export function createRedelivery(authenticate: () => Promise<Octokit>): () => Promise<number> {
  /** By GitHub's clock, in milliseconds since the epoch. */
  let since: number | undefined
  let known: { readonly app: Octokit; readonly reads: Reads } | undefined
  /** Deliveries that were asked for again. An attempt that fails too is another one. */
  let asked: ReadonlySet<string> = new Set()

  async function open() {
    const app = await authenticate()
    return { app, reads: createReads(app) }
  }

  return async () => {
    known ??= await open()
    const { app, reads } = known
    const from = since ?? Number.NEGATIVE_INFINITY
    // Of a list of failures alone GitHub does not say whether a later attempt arrived.
    const listed = await reads.upTo(
      'the webhooks that were delivered',
      app.rest.apps.listWebhookDeliveries,
      { per_page: 100 },
      (page) => page,
      (delivery) => timeOf(delivery) < from,
    )
    const newest = Math.max(...listed.map(timeOf))
    const presses = listed.filter(
      ({ event, action }) => event === 'check_run' && action === 'requested_action',
    )
    const lost = lostOf(presses, from, since === undefined ? newest - LOST_WITHIN : undefined)
    const ids = new Set<string>()
    const failures: unknown[] = []
    let count = 0
    for (const { id } of lost) {
      // A number of 64 bits, which Octokit reads as such.
      const name = String(id)
      if (asked.has(name)) {
        ids.add(name)
        continue
      }
      try {
        await app.rest.apps.redeliverWebhookDelivery({ delivery_id: id })
        ids.add(name)
        count += 1
      } catch (error) {
        if (!FOR_GOOD.has(statusOf(error))) failures.push(error)
        else ids.add(name)
      }
    }
    asked = ids
    if (failures.length > 0) throw failures[0]
    if (listed.length > 0) since = newest - LISTED_WITHIN
    return count
  }
}

/** Each once, by its newest attempt: what failed since `from`, and nothing of it arrived, and what arrived first since `arrivedSince`. */
function lostOf(
  presses: readonly Delivery[],
  from: number,
  arrivedSince: number | undefined,
): readonly Delivery[] {
  const arrived = new Set(presses.filter(isDelivered).map(({ guid }) => guid))
  const lost = presses.filter((press) =>
    arrived.has(press.guid)
      ? arrivedSince !== undefined && !press.redelivery && timeOf(press) >= arrivedSince
      : timeOf(press) >= from,
  )
  // One that failed more than once is listed as often, under one name; the newest comes first.
  return [...new Map(lost.reverse().map((press) => [press.guid, press])).values()]
}

interface Delivery {
  readonly id: number
  readonly guid: string
  readonly delivered_at: string
  readonly status_code: number
  readonly redelivery: boolean
}

function timeOf({ delivered_at: at }: Delivery): number {
  return Date.parse(at)
}

function isDelivered({ status_code: status }: Delivery): boolean {
  return status >= 200 && status < 300
}
