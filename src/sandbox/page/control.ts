/** The sandbox's control as the page uses it: the clock, the app's process, and waiting for rest. */
import { z } from 'zod'
import type { ReadyFile } from '../ready.ts'

export interface Control {
  /** The sandbox's time, in milliseconds since the epoch. */
  now(): Promise<number>
  /** Throws with the control's own words where it refuses. */
  move(order: { readonly set: string } | { readonly advance: string }): Promise<void>
  app(): Promise<string>
  order(order: 'start' | 'stop' | 'kill'): Promise<void>
  /** Waits until nothing is in flight, but not for long: people look at the page again. */
  rest(): Promise<void>
}

/** A refusal in the control's words. */
export class ControlRefused extends Error {}

const REST_WITHIN_MS = 5_000
const ANSWER_WITHIN_MS = 40_000

const clockAnswer = z.looseObject({ now: z.iso.datetime() })
const appAnswer = z.looseObject({ app: z.string() })
const refusal = z.looseObject({ message: z.string() })

export function createControl({ control: { url } }: Pick<ReadyFile, 'control'>): Control {
  async function call(method: string, path: string, body?: object, withinMs = ANSWER_WITHIN_MS) {
    const response = await fetch(url + path, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(withinMs),
    })
    const answer: unknown = await response.json()
    if (response.ok) return answer
    throw new ControlRefused(
      refusal.safeParse(answer).data?.message ?? `${method} ${path}: ${response.status}`,
    )
  }
  return {
    now: async () => Date.parse(clockAnswer.parse(await call('GET', '/clock')).now),
    async move(order) {
      await call('POST', '/clock', order)
    },
    app: async () => appAnswer.parse(await call('GET', '/app')).app,
    async order(order) {
      await call('POST', `/app/${order}`)
    },
    async rest() {
      // Whatever still moves then is shown as it is.
      await call('GET', '/settled', undefined, REST_WITHIN_MS).catch(() => undefined)
    },
  }
}
