/** The lines of the event stream: what the app judged, gave, took and mended, one JSON object each. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Account } from './account.ts'
import { type End, identityHash, type RequestIdentity, type StandingGrant } from './grant.ts'
import type { Lent } from './report-grant.ts'
import { parseLocation } from './request.ts'
import { formatInstant, type Window } from './window.ts'

const instant = z.string().regex(/^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
const windowSchema = z.strictObject({ from: instant, until: instant })
const witness = z.strictObject({ login: z.string(), id: z.int() })

const common = {
  version: z.literal(1),
  id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('The same for the same happening, however often it is told: doubles can be dropped by it.'),
  at: instant.describe('When it was told, in the time of the app.'),
  repository: z.strictObject({ id: z.int(), name: z.string() }),
}
const request = z.strictObject({
  id: z.string().describe('Of the request for as long as its file lives; part of the name of its role.'),
  path: z.string(),
  pull: z.int().describe('Number of the pull request that added the file; 0 where none did.'),
  blob: z.string().describe("Git's id of the bytes; empty where a role in AWS does not say it any more."),
})
const place = {
  account: z.strictObject({ alias: z.string(), id: z.string() }),
  bucket: z.string(),
}
const role = z.string().describe('ARN')

export const EventSchema = z
  .discriminatedUnion('event', [
    z
      .strictObject({
        ...common,
        event: z.literal('approved'),
        request,
        ...place,
        requester: witness,
        reason: z.string(),
        ticket: z.string().optional(),
        access: z.enum(['read', 'list']),
        prefixes: z.array(z.string()).describe('Empty: the whole bucket.'),
        window: windowSchema,
        approvals: z.array(z.strictObject({ ...witness.shape, commit: z.string(), at: instant })),
        mergedBy: witness,
      })
      .describe('The evidence holds; what is granted for it is on its way into AWS.'),
    z
      .strictObject({
        ...common,
        event: z.literal('rejected'),
        request,
        code: z.string(),
        message: z.string(),
      })
      .describe('Final: nothing is granted for this file.'),
    z
      .strictObject({
        ...common,
        event: z.literal('unknown'),
        request,
        code: z.string(),
        message: z.string(),
      })
      .describe('Not judged yet, and asked again; each reason is told once.'),
    z
      .strictObject({
        ...common,
        event: z.literal('granted'),
        request,
        ...place,
        requester: witness,
        role,
        window: windowSchema,
      })
      .describe('The role stands in AWS, and lets in within its window.'),
    z
      .strictObject({
        ...common,
        event: z.literal('ended'),
        request,
        ...place,
        role,
        window: windowSchema,
        endedAt: instant,
        because: z.string(),
        by: witness.optional().describe('Who ended it early, where somebody did.'),
        detail: z.string().optional(),
      })
      .describe('The role denies everything, sessions in use included.'),
    z
      .strictObject({
        ...common,
        event: z.literal('repaired'),
        request,
        account: place.account,
        role,
        found: z.array(z.string()).describe('What others had changed, and what became of it.'),
      })
      .describe('A role was not as the app wrote it.'),
    z
      .strictObject({ ...common, event: z.literal('stray-denied'), account: place.account, role })
      .describe(
        'A role that no request is behind stood where only the roles of the app may be; it denies everything now.',
      ),
  ])
  .describe('One line of the event stream of Daypass')

export type AccessEvent = z.infer<typeof EventSchema>
type Told<E> = E extends AccessEvent ? Omit<E, keyof typeof common> : never
/** What happened, without what every line has. */
export type Happening = Told<AccessEvent>

/** `at`: seconds since the epoch. */
export function eventOf(
  repository: { readonly id: number; readonly name: string },
  at: number,
  happening: Happening,
): AccessEvent {
  const { id, name } = repository
  const what = JSON.stringify([id, happening.event, ...markOf(happening, at)])
  return {
    version: 1,
    id: createHash('sha256').update(what).digest('hex').slice(0, 32),
    at: formatInstant(at),
    repository: { id, name },
    ...happening,
  }
}

/** What tells a happening from others of its kind. Never when it is told: it may be told again after a crash. */
function markOf(happening: Happening, at: number): readonly unknown[] {
  switch (happening.event) {
    case 'approved':
      return [happening.request.id, happening.request.blob, happening.window]
    case 'rejected':
    case 'unknown':
      return [happening.request.id, happening.request.blob, happening.code]
    case 'granted':
      return [happening.role, happening.request.blob, happening.window]
    case 'ended':
      return [happening.role]
    case 'repaired':
      return [happening.role, happening.found, at]
    case 'stray-denied':
      return [happening.role, at]
  }
}

export function requestTold(identity: RequestIdentity, blob: string): z.infer<typeof request> {
  const { path, pull } = identity
  return { id: identityHash(identity), path, pull, blob }
}

/** `blob`: of the bytes that were judged. */
export function approvedEvent(identity: RequestIdentity, { judged, location, account }: Lent): Happening {
  const { author, request: asked } = judged
  // Of an extended grant: who approved that it goes on.
  const { approvals, mergedBy } = judged.extensions?.at(-1) ?? judged
  return {
    event: 'approved',
    request: requestTold(identity, judged.blob),
    account: accountTold(account),
    bucket: location.bucket,
    requester: witnessTold(author),
    reason: asked.reason,
    ...(asked.ticket !== undefined && { ticket: asked.ticket }),
    access: asked.access,
    prefixes: [...asked.prefixes],
    window: windowTold(judged.window),
    approvals: approvals.map(({ person, commit, at }) => ({
      ...witnessTold(person),
      commit,
      at: formatInstant(at),
    })),
    mergedBy: witnessTold(mergedBy),
  }
}

export function grantedEvent(identity: RequestIdentity, lent: Lent): Happening {
  const { judged, location, account, role: made } = lent
  return {
    event: 'granted',
    request: requestTold(identity, judged.blob),
    account: accountTold(account),
    bucket: location.bucket,
    requester: witnessTold(judged.author),
    role: made.roleArn,
    window: windowTold(judged.window),
  }
}

/** All that IAM alone says of a grant is enough for it. */
export function endedEvent(
  { identity, blob, roleArn, window }: Pick<StandingGrant, 'identity' | 'blob' | 'roleArn' | 'window'>,
  account: Account,
  { at, because, by, detail }: End,
): Happening {
  const location = parseLocation(identity.path)
  return {
    event: 'ended',
    request: requestTold(identity, blob),
    account: accountTold(account),
    bucket: location.ok ? location.value.bucket : '',
    role: roleArn,
    window: windowTold(window),
    endedAt: formatInstant(at),
    because,
    ...(by && { by: witnessTold(by) }),
    ...(detail !== undefined && { detail }),
  }
}

export function repairedEvent(
  { identity, blob, roleArn }: Pick<StandingGrant, 'identity' | 'blob' | 'roleArn'>,
  account: Account,
  found: readonly string[],
): Happening {
  return {
    event: 'repaired',
    request: requestTold(identity, blob),
    account: accountTold(account),
    role: roleArn,
    found: [...found],
  }
}

export function strayEvent({ roleArn }: { readonly roleArn: string }, account: Account): Happening {
  return { event: 'stray-denied', account: accountTold(account), role: roleArn }
}

function accountTold({ alias, id }: Account): { alias: string; id: string } {
  return { alias, id }
}

function witnessTold({ login, id }: { readonly login: string; readonly id: number }): {
  login: string
  id: number
} {
  return { login, id }
}

function windowTold({ start, end }: Window): { from: string; until: string } {
  return { from: formatInstant(start), until: formatInstant(end) }
}
