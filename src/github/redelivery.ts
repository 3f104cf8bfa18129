/** What GitHub could not deliver stays in a list of its own for three days, and is delivered again only when asked. */
import type { Octokit } from './context.ts'
import { createReads, type Reads } from './reads.ts'

/** Seconds that a delivery may take: it is listed under the time at which it began. */
const LISTED_WITHIN = 60

/**
 * Asks GitHub to deliver each press of a button on a check run again that did not reach the app: of all events, they alone are
 * in no other list. Each call takes up where the last one that came to its end began; `now` in milliseconds. Returns how
 * many were asked for. Throws `Unreadable`, or what GitHub answered.
 */
export function createRedelivery(
  authenticate: () => Promise<Octokit>,
  now: () => number,
): () => Promise<number> {
  let since = Number.NEGATIVE_INFINITY
  let known: { readonly app: Octokit; readonly reads: Reads } | undefined

  async function open() {
    const app = await authenticate()
    return { app, reads: createReads(app) }
  }

  return async () => {
    const began = now()
    known ??= await open()
    const { app, reads } = known
    const failed = await reads.upTo(
      'the webhooks that could not be delivered',
      app.rest.apps.listWebhookDeliveries,
      { status: 'failure', per_page: 100 },
      (page) => page,
      (delivery) => Date.parse(delivery.delivered_at) < since,
    )
    const presses = failed.filter(
      ({ event, action, status_code: status, delivered_at: at }) =>
        event === 'check_run' &&
        action === 'requested_action' &&
        // A server that does not know the filter lists all.
        !(status >= 200 && status < 300) &&
        Date.parse(at) >= since,
    )
    // One that failed more than once is listed as often, under one name; the last of them is what is left in the end.
    const once = new Map(presses.reverse().map(({ guid, id }) => [guid, id]))
    for (const id of once.values()) await app.rest.apps.redeliverWebhookDelivery({ delivery_id: id })
    since = began - LISTED_WITHIN * 1000
    return once.size
  }
}
