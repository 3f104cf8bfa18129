/** What was judged of a request, as the app keeps it in the text of the `Daypass / grant` check run: readable, and read again at the end. */
import { z } from 'zod'
import type { Account } from './account.ts'
import { buildGrant, END_REASONS, type End, type Grant, type RequestIdentity } from './grant.ts'
import type { RequestLocation } from './request.ts'
import { PrincipalSchema } from './requester.ts'

const person = z.strictObject({ id: z.int(), login: z.string(), kind: z.enum(['person', 'bot']) })
const seconds = z.int()

const approvals = z.array(z.strictObject({ person, commit: z.string(), at: seconds }))

const recordSchema = z.strictObject({
  blob: z.string(),
  author: person,
  request: z.strictObject({
    requester: z.string(),
    reason: z.string(),
    ticket: z.string().optional(),
    access: z.enum(['read', 'list']),
    prefixes: z.array(z.string()),
    durationSeconds: seconds,
    start: seconds.optional(),
  }),
  principal: PrincipalSchema,
  kmsKey: z.string().optional(),
  window: z.strictObject({ start: seconds, end: seconds }),
  approvals,
  mergedBy: person,
  /** The oldest first. `blob`, `request` and `window` are as the last of them left them; the reason stays the first one. */
  extensions: z
    .array(
      z.strictObject({
        pull: z.int(),
        /** The end before it. */
        from: seconds,
        until: seconds,
        reason: z.string(),
        ticket: z.string().optional(),
        approvals,
        mergedBy: person,
      }),
    )
    .optional(),
  /** What others last changed on its role, as sentences, and when that was found. */
  found: z.strictObject({ at: seconds, what: z.array(z.string()).readonly() }).optional(),
  ended: z
    .strictObject({
      at: seconds,
      because: z.enum(END_REASONS),
      by: person.optional(),
      detail: z.string().optional(),
      lastUsed: z.strictObject({ at: seconds, region: z.string() }).optional(),
    })
    .optional(),
})

/** Everything a grant, its comment and its receipt are made from; judged once, at the first sight after the merge. */
export type RequestRecord = z.infer<typeof recordSchema>

/** That others changed a role, and what became of it. `at`: seconds since the epoch; `what`: sentences. */
export type FoundOnRole = NonNullable<RequestRecord['found']>

/** The pull request that brought the bytes of the request as they are now. */
export function lastPullOf(identity: RequestIdentity, judged: RequestRecord | undefined): number {
  return judged?.extensions?.at(-1)?.pull ?? identity.pull
}

const FENCE = /^```json\n(.*)\n```$/ms

/** Back-ticks are escaped, so that nothing in a request can close the fence. */
export function formatRecord(record: RequestRecord): string {
  const json = JSON.stringify(record, null, 2).replaceAll('`', '\\u0060')
  return `What was judged, kept for the end of the window:\n\n\`\`\`json\n${json}\n\`\`\``
}

/** Undefined where the text holds no record. */
export function parseRecord(text: string | undefined): RequestRecord | undefined {
  const json = text?.match(FENCE)?.[1]
  if (json === undefined) return undefined
  try {
    const parsed = recordSchema.safeParse(JSON.parse(json))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/** How an access ended that IAM shows as ended; who ended it, and the detail, may only be in the record. */
export function endOf(shown: End, judged: RequestRecord): End {
  const told = judged.ended?.because === shown.because ? judged.ended : undefined
  return { ...told, ...shown }
}

/** What the grant was before it was extended, the oldest first: policies as they may still stand in IAM. */
export function formerGrants(
  identity: RequestIdentity,
  location: RequestLocation,
  account: Account,
  judged: RequestRecord,
): readonly Grant[] {
  const { start } = judged.window
  return (judged.extensions ?? []).map(({ from: end }) =>
    grantOf(identity, location, account, { ...judged, window: { start, end } }),
  )
}

/** The grant that a record becomes; the same terms make the same grant, whenever it is asked. */
export function grantOf(
  identity: RequestIdentity,
  location: RequestLocation,
  account: Account,
  { blob, request, window, principal, kmsKey }: RequestRecord,
): Grant {
  return buildGrant({ identity, location, blob, request, window, account, principal, kmsKey })
}
