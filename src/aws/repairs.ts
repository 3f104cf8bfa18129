/** What a role differs in from what the app wrote, how it is mended, and what of it others did. */
import type { Role } from '@aws-sdk/client-iam'
import { closingBefore, PROPAGATION_SECONDS, readCut } from '../core/earlier-sessions.ts'
import type { Grant, PolicyDocument } from '../core/grant.ts'
import { formatInstant } from '../core/window.ts'
import {
  allowsMore,
  decodePolicy,
  isOneOf,
  keepDenials,
  mend,
  statementsOf,
  withDeletedPrincipal,
} from './policy-text.ts'
import {
  closeSessions,
  deletePolicy,
  describeAnew,
  detach,
  type Managed,
  PERMISSIONS,
  putBoundary,
  putPermissions,
  putPolicy,
  putTrust,
  SESSIONS,
  type Work,
} from './role.ts'

export interface Repair {
  /** What others did, as a sentence without its end; none where it is the app that has more to write. */
  readonly found?: string
  /** What is done about that, as the rest of the sentence. Without it nothing is: it is there again at the next look. */
  readonly done?: string
  mend(): Promise<unknown>
}

/** What others did and what is done about it, as sentences; nothing was done about what is in `unmended`. */
export function sentencesOf(
  repairs: readonly Repair[],
  unmended: ReadonlySet<Repair> = new Set(),
): readonly string[] {
  return repairs.flatMap((repair) => {
    const { found, done = '' } = repair
    if (found === undefined) return []
    return `${found}${unmended.has(repair) ? '' : done}.`
  })
}

/** The role as IAM holds it. */
export interface HeldRole {
  readonly role: Role
  /** By ARN; undefined where the app may not read it. */
  readonly attached: ReadonlyMap<string, Managed | undefined>
  /** Inline, by name. */
  readonly policies: ReadonlyMap<string, unknown>
}

/** Policies of AWS that only deny, which whoever answers an incident attaches. */
const CLOSING = new Set([
  'AWSDenyAll',
  'AWSCompromisedKeyQuarantine',
  'AWSCompromisedKeyQuarantineV2',
  'AWSCompromisedKeyQuarantineV3',
])

/** By what others closed the role, as sentences: that is an early end, whatever of it the app could undo. */
export function closedBy(
  { account }: Work,
  grant: Grant,
  role: Role,
  attached: readonly string[],
): readonly string[] {
  const ofAws = `arn:${account.partition}:iam::aws:policy/`
  const boundary = role.PermissionsBoundary?.PermissionsBoundaryArn
  return [
    ...attached
      .filter((arn) => arn.startsWith(ofAws) && CLOSING.has(arn.slice(ofAws.length)))
      .map((arn) => `The policy ${arn} was attached to it, which ended the access.`),
    // Nobody knows what another one allows, but it is not what the app wrote.
    ...(boundary === undefined || boundary === grant.boundary
      ? []
      : [`Its permissions boundary was replaced by ${boundary}, which ended the access.`]),
  ]
}

/**
 * In the order in which they are to be made: what tightens comes first. The trust policy comes last: that it is foreign is how
 * whoever goes on after an interruption knows that there may be sessions to be closed. `former`: what it was before it was
 * extended.
 */
export function repairsOf(
  on: Work,
  grant: Grant,
  former: readonly Grant[],
  { role, attached, policies }: HeldRole,
): readonly Repair[] {
  const trust = decodePolicy(role.AssumeRolePolicyDocument)
  const asWritten = (it: Grant) => withDeletedPrincipal(trust, it.trustPolicy)
  const letOthersIn = allowsMore(trust, [grant, ...former].map(asWritten))
  const sessions = policies.get(SESSIONS)
  const cut = cutOf(on, sessions, letOthersIn)
  return [
    ...(role.PermissionsBoundary ? [] : [bounded(on)]),
    ...earlierSessions(on, sessions, cut),
    ...[...attached].map(([arn, policy]) => detached(on, arn, policy)),
    ...[...policies]
      .filter(([name]) => name !== PERMISSIONS && name !== SESSIONS)
      .map(([name, document]) => tightened(on, name, document)),
    // Before the policies: whoever is interrupted then sees the new end in the list, and mends the policies by it.
    ...(role.Description === grant.description ? [] : [{ mend: () => describeAnew(on, grant) }]),
    ...rewritten(
      { found: 'Its permission policy was not as it was written', done: ', and was mended' },
      policies.get(PERMISSIONS),
      grant.permissionPolicy,
      former.map(({ permissionPolicy }) => permissionPolicy),
      (text) => putPermissions(on, text),
    ),
    ...rewritten(
      {
        found: 'Its trust policy was not as it was written',
        done: `, and was mended${letOthersIn && cut !== undefined ? closed(cut) : ''}`,
      },
      trust,
      asWritten(grant),
      former.map(asWritten),
      (text) => putTrust(on, text),
    ),
    ...(isOneOf([grant.trustPolicy], asWritten(grant)) ? [] : [DELETED]),
  ]
}

const DELETED: Repair = {
  found: 'Whom it is for was deleted in AWS, so nobody gets in; ask anew once it is there again',
  mend: async () => {},
}

/** The legitimate ones too: nobody can tell them apart. */
function closed(cut: number): string {
  const time = formatInstant(cut).slice('2026-11-24T'.length, -1)
  return `; every session taken before ${time} UTC is closed: sign in again after that, and empty ~/.aws/cli/cache`
}

function bounded(on: Work): Repair {
  const found = 'Its permissions boundary was taken off'
  return { found, done: ', and was put back', mend: () => putBoundary(on) }
}

/** What an attached policy allows is nothing beside what the app's own denies, so one that may close the role can stay whole. */
function detached(on: Work, arn: string, policy: Managed | undefined): Repair {
  const found = `The policy ${arn} was attached to it`
  const left = (why: string): Repair => ({ found: `${found}${why}`, mend: async () => {} })
  if (policy === undefined) return left(UNREAD)
  switch (keepDenials(policy.document).kind) {
    case 'delete':
      return { found, done: ', and was taken off', mend: () => detach(on, arn) }
    case 'keep':
      return left(`${DENIALS_LEFT} (${policy.version})`)
    case 'replace':
      return left(`${WHOLE_LEFT} (${policy.version})`)
  }
}

const UNREAD =
  '; it was left, since it may be meant to end the access, and the app may not read it (deploy/account.yaml says how it may)'
const WHOLE_LEFT =
  '; it was left, since what it denies may be meant to end the access, and what it allows opens nothing'

const DENIALS_LEFT = '; what it denies was left, since that may be meant to end the access'

function tightened(on: Work, name: string, document: unknown): Repair {
  const found = `The inline policy ${name} was put on it`
  const fate = keepDenials(document)
  switch (fate.kind) {
    case 'delete':
      return { found, done: ', and was taken off', mend: () => deletePolicy(on, name) }
    case 'keep':
      return { found: `${found}${DENIALS_LEFT}`, mend: async () => {} }
    case 'replace':
      return { found, done: DENIALS_LEFT, mend: () => putPolicy(on, name, fate.text) }
  }
}

/** Undefined where no session has to be closed. A trust policy goes on letting in until the next one has reached all of IAM. */
function cutOf(on: Work, held: unknown, letOthersIn: boolean): number | undefined {
  const cuts = [...cutsIn(held), ...(letOthersIn ? [on.now() + PROPAGATION_SECONDS] : [])]
  return cuts.length === 0 ? undefined : Math.max(...cuts)
}

function cutsIn(held: unknown): readonly number[] {
  return statementsOf(held).flatMap(
    (statement) => readCut({ Version: '2012-10-17', Statement: [statement] }) ?? [],
  )
}

/** None where they are closed as they should be, and nothing else is. */
function earlierSessions(on: Work, held: unknown, cut: number | undefined): readonly Repair[] {
  if (cut === undefined) return held === undefined ? [] : [tightened(on, SESSIONS, held)]
  const text = mend(held, closingBefore(cut), cutsIn(held).map(closingBefore))
  const write = text === undefined ? async () => {} : () => closeSessions(on, text)
  if (held === undefined || readCut(held) !== undefined) return text === undefined ? [] : [{ mend: write }]
  const found = `The inline policy ${SESSIONS} was altered`
  if (text === undefined) return [{ found: `${found}${DENIALS_LEFT}`, mend: write }]
  return [{ found, done: `, and was mended${DENIALS_LEFT}`, mend: write }]
}

/** None where it is as it should be; one without a word where it is as the app wrote it for an earlier end. */
function rewritten(
  told: Pick<Repair, 'found' | 'done'>,
  held: unknown,
  wanted: PolicyDocument,
  former: readonly PolicyDocument[],
  put: (text: string) => Promise<void>,
): readonly Repair[] {
  const text = mend(held, wanted, former)
  if (text === undefined) return []
  return [{ ...(!isOneOf(former, held) && told), mend: () => put(text) }]
}
