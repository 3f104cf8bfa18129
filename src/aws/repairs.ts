/** What a role differs in from what the app wrote, how it is mended, and what of it others did. */
import type { Role } from '@aws-sdk/client-iam'
import type { Grant, PolicyDocument } from '../core/grant.ts'
import { decodePolicy, isOneOf, keepDenials, mend, withDeletedPrincipal } from './policy-text.ts'
import {
  deletePolicy,
  describeAnew,
  detach,
  PERMISSIONS,
  putBoundary,
  putPermissions,
  putPolicy,
  putTrust,
  type Work,
} from './role.ts'

export interface Repair {
  /** What others did, as a sentence; none where it is the app that has more to write. */
  readonly found?: string
  /** Nothing is done about it: it is there again at the next look. */
  readonly isLeft?: true
  mend(): Promise<unknown>
}

/** The role as IAM holds it. */
export interface HeldRole {
  readonly role: Role
  readonly attached: readonly string[]
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
export function closedBy({ account }: Work, grant: Grant, { role, attached }: HeldRole): readonly string[] {
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

/** In the order in which they are to be made: what tightens comes first. `former`: what it was before it was extended. */
export function repairsOf(
  on: Work,
  grant: Grant,
  former: readonly Grant[],
  { role, attached, policies }: HeldRole,
): readonly Repair[] {
  const trust = decodePolicy(role.AssumeRolePolicyDocument)
  const asWritten = (document: PolicyDocument) => withDeletedPrincipal(trust, document)
  return [
    ...(role.PermissionsBoundary ? [] : [bounded(on)]),
    ...attached.map((arn) => detached(on, arn)),
    ...[...policies]
      .filter(([name]) => name !== PERMISSIONS)
      .map(([name, document]) => tightened(on, name, document)),
    // Before the policies: whoever is interrupted then sees the new end in the list, and mends the policies by it.
    ...(role.Description === grant.description ? [] : [{ mend: () => describeAnew(on, grant) }]),
    ...rewritten(
      'Its trust policy was not as it was written, and was mended.',
      trust,
      asWritten(grant.trustPolicy),
      former.map(({ trustPolicy }) => asWritten(trustPolicy)),
      (text) => putTrust(on, text),
    ),
    ...rewritten(
      'Its permission policy was not as it was written, and was mended.',
      policies.get(PERMISSIONS),
      grant.permissionPolicy,
      former.map(({ permissionPolicy }) => permissionPolicy),
      (text) => putPermissions(on, text),
    ),
  ]
}

function bounded(on: Work): Repair {
  const found = 'Its permissions boundary was taken off, and was put back.'
  return { found, mend: () => putBoundary(on) }
}

function detached(on: Work, arn: string): Repair {
  return { found: `The policy ${arn} was attached to it, and was taken off.`, mend: () => detach(on, arn) }
}

function tightened(on: Work, name: string, document: unknown): Repair {
  const fate = keepDenials(document)
  if (fate.kind === 'delete') {
    const found = `The inline policy ${name} was put on it, and was taken off.`
    return { found, mend: () => deletePolicy(on, name) }
  }
  const found = `The inline policy ${name} was put on it; what it denies was left, since that may be meant to end the access.`
  if (fate.kind === 'keep') return { found, isLeft: true, mend: async () => {} }
  return { found, mend: () => putPolicy(on, name, fate.text) }
}

/** None where it is as it should be; one without a word where it is as the app wrote it for an earlier end. */
function rewritten(
  found: string,
  held: unknown,
  wanted: PolicyDocument,
  former: readonly PolicyDocument[],
  put: (text: string) => Promise<void>,
): readonly Repair[] {
  const text = mend(held, wanted, former)
  if (text === undefined) return []
  return [{ ...(!isOneOf(former, held) && { found }), mend: () => put(text) }]
}
