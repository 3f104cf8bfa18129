/** Trouble on order: which calls go wrong, how and how often. Plain data; each of the two servers asks at one place. */
import { z } from 'zod'

const MOST_MS = 10 * 60 * 1000

/** What happens to a call. */
const faultSchema = z.discriminatedUnion('kind', [
  /** Refused with this status and nothing done; `code` is AWS's name of the error. */
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    code: z.string().min(1).optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  /** Refused as each service refuses too many calls; at GitHub, the hourly limit is used up, told by 403 or 429. */
  z.strictObject({ kind: z.literal('throttle'), status: z.literal([403, 429]).optional() }),
  /** GitHub's other limit; `retryAfter` in seconds. */
  z.strictObject({
    kind: z.literal('secondary-limit'),
    retryAfter: z.int().min(0).max(3600).default(60),
    status: z.literal([403, 429]).optional(),
  }),
  /** Never answered: the connection is cut after `ms`, unless the caller hangs up before. */
  z.strictObject({ kind: z.literal('timeout'), ms: z.int().min(1).max(MOST_MS).default(60_000) }),
  /** The connection is reset, and nothing done. */
  z.strictObject({ kind: z.literal('reset') }),
  /** Everything is done, but the connection is reset in place of the answer. */
  z.strictObject({ kind: z.literal('answer-lost') }),
  /** Goes on as usual, later. */
  z.strictObject({ kind: z.literal('latency'), ms: z.int().min(1).max(MOST_MS) }),
])

export type Fault = z.output<typeof faultSchema>

const orderSchema = z
  .strictObject({
    service: z.enum(['github', 'aws']),
    method: z.string().min(1).optional(),
    /** Without the query, and at GitHub without `/api/v3`; `*` stands for any characters. */
    path: z.string().min(1).optional(),
    /** AWS only, such as `iam:PutRolePolicy`; `*` stands for any characters. */
    action: z.string().min(1).optional(),
    /** As `GET /calls` names it; `*` for everybody. */
    caller: z.string().min(1).default('app'),
    /** How many calls; left out: until cleared. */
    times: z.int().min(1).optional(),
    fault: faultSchema,
  })
  .refine(
    ({ service, action }) => service === 'aws' || action === undefined,
    'only calls of AWS have an action',
  )
  .refine(
    ({ service, fault }) => service === 'github' || fault.kind !== 'secondary-limit',
    'only GitHub has a secondary limit',
  )
  .refine(
    ({ service, fault }) => service === 'github' || fault.kind !== 'throttle' || fault.status === undefined,
    'only GitHub throttles with either status',
  )

export type FaultOrder = z.output<typeof orderSchema>

export type Standing = FaultOrder & {
  readonly id: number
  /** How many calls it met so far. */
  readonly met: number
}

export interface Encounter {
  readonly service: 'github' | 'aws'
  readonly method: string
  readonly path: string
  readonly action?: string
  readonly caller: string
}

/** All that meets one call: delays add up, and of the rest the one ordered first comes. */
export interface Trouble {
  readonly delayMs: number
  readonly fault: Exclude<Fault, { kind: 'latency' }> | undefined
}

export interface Faults {
  order(order: FaultOrder): Standing
  list(): readonly Standing[]
  clear(): void
  /** What meets this call; it counts as met. */
  meet(encounter: Encounter): Trouble
}

/** The order, or a sentence that says why it is none. */
export function readFaultOrder(value: unknown): FaultOrder | string {
  const read = orderSchema.safeParse(value)
  if (read.success) return read.data
  const problems = read.error.issues.map(({ path, message }) => [...path.map(String), message].join(' '))
  return `This is no fault: ${problems.join('; ')}.`
}

export function createFaults(): Faults {
  let standing: (FaultOrder & { readonly id: number; met: number })[] = []
  let lastId = 0
  const isOver = ({ times, met }: Standing) => times !== undefined && met >= times
  return {
    order(order) {
      lastId += 1
      const added = { ...order, id: lastId, met: 0 }
      standing.push(added)
      return added
    },
    list: () => standing,
    clear() {
      standing = []
    },
    meet(encounter) {
      let delayMs = 0
      let fault: Trouble['fault']
      for (const order of standing.filter((candidate) => matches(candidate, encounter))) {
        if (order.fault.kind === 'latency') delayMs += order.fault.ms
        else if (fault === undefined) fault = order.fault
        else continue
        order.met += 1
      }
      standing = standing.filter((order) => !isOver(order))
      return { delayMs, fault }
    },
  }
}

function matches(order: FaultOrder, { service, method, path, action, caller }: Encounter): boolean {
  return (
    order.service === service &&
    (order.caller === '*' || order.caller === caller) &&
    (order.method === undefined || order.method.toUpperCase() === method) &&
    (order.path === undefined || fits(order.path, path)) &&
    (order.action === undefined || fits(order.action.toLowerCase(), action?.toLowerCase() ?? ''))
  )
}

function fits(pattern: string, text: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${source.join('.*')}$`, 's').test(text)
}
