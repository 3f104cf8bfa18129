/** A grant: the one IAM role that a request becomes, everything that is written into it, and what can be read back of it. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Account, Principal } from './account.ts'
import { closingBefore } from './earlier-sessions.ts'
import type { Person } from './evidence.ts'
import { permissionPolicy, trustPolicy } from './grant-policies.ts'
import { layOut } from './policy-format.ts'
import type { Mistake } from './problem.ts'
import type { AccessRequest, RequestLocation } from './request.ts'
import { formatInstant, parseInstant, type Window } from './window.ts'

/** Who a request is, for as long as its file lives: the role's and the revert branch's names are functions of it. */
export interface RequestIdentity {
  readonly repositoryId: number
  readonly path: string
  /** The pull request that added the file in its current life. */
  readonly pull: number
}

/** All that a grant is made from. */
export interface GrantTerms {
  readonly identity: RequestIdentity
  readonly location: RequestLocation
  /** Blob id of the approved bytes. */
  readonly blob: string
  readonly request: AccessRequest
  readonly window: Window
  readonly account: Account
  readonly principal: Principal
  readonly kmsKey?: string
}

/** Exactly what IAM is told; policies are documents, not yet text. */
export interface Grant {
  readonly identity: RequestIdentity
  /** Alias of the account. */
  readonly account: string
  readonly roleName: string
  readonly rolePath: string
  readonly roleArn: string
  readonly description: string
  readonly trustPolicy: PolicyDocument
  readonly permissionPolicy: PolicyDocument
  readonly boundary: string
  readonly tags: Readonly<Record<string, string>>
  readonly maxSessionSeconds: number
  readonly window: Window
  readonly blob: string
}

export interface PolicyDocument {
  readonly Version: '2012-10-17'
  readonly Statement: readonly PolicyStatement[]
}

export interface PolicyStatement {
  readonly Sid: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: Readonly<Record<string, string>>
  readonly Action?: string | readonly string[]
  readonly NotAction?: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly NotResource?: string | readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

export const END_REASONS = [
  'expired',
  'file-removed',
  'file-changed',
  'role-removed',
  'role-altered',
  'given-back',
  'rules-changed',
  'requester-gone',
  'ended-by-operator',
] as const

/** Why access ended. */
export type EndReason = (typeof END_REASONS)[number]

/** `at`: seconds since the epoch. A role in IAM says neither who ended it early, where somebody did, nor any detail. */
export interface End {
  readonly at: number
  readonly because: EndReason
  readonly by?: Person
  /** A sentence. */
  readonly detail?: string
  /** The last use of the role that AWS knew of when the end was put on record; it may lag by hours. */
  readonly lastUsed?: LastUse
}

export interface LastUse {
  /** Seconds since the epoch. */
  readonly at: number
  readonly region: string
}

/** What ListRoles alone says of a role under the app's path. */
export interface StandingGrant {
  readonly identity: RequestIdentity
  /** Alias of the account. */
  readonly account: string
  readonly roleName: string
  readonly rolePath: string
  readonly roleArn: string
  readonly blob: string
  readonly window: Window
  /** Stands for its trust policy as it was listed; not there where only this process knows of the role yet. */
  readonly trust?: string
  /** Somebody changed its description, so only its tags still say whose it is, and `blob` is empty: it may not go on. */
  readonly altered?: true
  readonly state:
    | { readonly kind: 'live' }
    /** Denies everything (a tombstone while its window lasts). */
    | ({ readonly kind: 'ended' } & End)
}

/** A role under the app's path that says of no request that it is its own: all that can be done is to deny it. */
export interface StrayRole {
  readonly roleName: string
  readonly roleArn: string
}

/** A role as ListRoles describes it; `trustPolicy` is parsed JSON. */
export interface RoleFacts {
  readonly path: string
  readonly roleName: string
  readonly arn: string
  readonly description: string | undefined
  readonly trustPolicy: unknown
}

/** A role where only the app's own should be, that the app can't have written like this. */
export interface ForeignRole extends StrayRole {
  readonly why: string
  /** Whether its trust policy alone says that it lets nobody in any more. */
  readonly isEnded: boolean
}

export type RoleReading =
  | { readonly kind: 'standing'; readonly standing: StandingGrant }
  | { readonly kind: 'foreign'; readonly role: ForeignRole }

/** Path and name together: beyond this the console's Switch Role breaks. */
const LONGEST_PATH_AND_NAME = 64
/** 80 bits of SHA-256: nobody finds a second request of the same name. */
const HASH_CHARACTERS = 20
const LONGEST_DESCRIPTION = 1000
const LARGEST_TRUST_POLICY = 2048
/** All inline policies of a role together. */
const LARGEST_INLINE_POLICIES = 10_240
const SHORTEST_MAX_SESSION = 3600
const LONGEST_MAX_SESSION = 43_200
const LONGEST_TAG_VALUE = 256

export function buildGrant(terms: GrantTerms): Grant {
  const { identity, blob, window, account } = terms
  const role = roleOf(identity, account)
  return {
    identity,
    account: account.alias,
    ...role,
    description: describe(identity, blob, window),
    trustPolicy: trustPolicy(terms),
    permissionPolicy: permissionPolicy(terms),
    boundary: account.boundary,
    tags: tagsOf(terms),
    maxSessionSeconds: Math.min(
      Math.max(window.end - window.start, SHORTEST_MAX_SESSION),
      LONGEST_MAX_SESSION,
    ),
    window,
    blob,
  }
}

/** All roles of one repository lie under this path. */
export function rolePathOf(repositoryId: number): string {
  return `/daypass/${repositoryId.toString(36)}/`
}

/** A function of the request alone, so that two replicas can't make two; the readable part is the file's name. */
export function roleNameOf(identity: RequestIdentity): string {
  const hash = identityHash(identity)
  const room = LONGEST_PATH_AND_NAME - rolePathOf(identity.repositoryId).length - hash.length - 1
  return `${readablePart(identity.path, room)}-${hash}`
}

/** Every name that stands for a request holds this, so that two replicas make the same names, and nothing twice. */
export function identityHash({ repositoryId, path, pull }: RequestIdentity): string {
  const identity = JSON.stringify([repositoryId, path, pull])
  return createHash('sha256').update(identity).digest('hex').slice(0, HASH_CHARACTERS)
}

export function roleOf(
  identity: RequestIdentity,
  account: Account,
): Pick<Grant, 'rolePath' | 'roleName' | 'roleArn'> {
  const rolePath = rolePathOf(identity.repositoryId)
  const roleName = roleNameOf(identity)
  return {
    rolePath,
    roleName,
    roleArn: `arn:${account.partition}:iam::${account.id}:role${rolePath}${roleName}`,
  }
}

function readablePart(path: string, room: number): string {
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/\.yaml$/, '')
  const readable = file.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return readable.slice(0, room).replace(/^-|-$/g, '') || 'request'
}

function describe({ pull, path }: RequestIdentity, blob: string, { start, end }: Window): string {
  return `Daypass request of pull request #${pull}, file ${encodeURI(path)}, blob ${blob}, from ${formatInstant(start)} until ${formatInstant(end)}`
}

const DESCRIPTION =
  /^Daypass request of pull request #(?<pull>[1-9]\d*), file (?<path>\S+), blob (?<blob>[0-9a-f]{40,64}), from (?<start>\S+Z) until (?<end>\S+Z)$/

function tagsOf({ identity, request, window }: GrantTerms): Record<string, string> {
  const tags = {
    'daypass:repository': String(identity.repositoryId),
    'daypass:pull': String(identity.pull),
    'daypass:file': identity.path,
    'daypass:requester': request.requester,
    'daypass:start': formatInstant(window.start),
    'daypass:end': formatInstant(window.end),
    ...(request.ticket !== undefined && { 'daypass:ticket': request.ticket }),
  }
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, tagValue(value)]))
}

/** IAM takes fewer characters in a tag than a request may hold; each other one becomes `_`. */
function tagValue(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 _.:/=+@-]/g, '_').slice(0, LONGEST_TAG_VALUE)
}

/** Reads a role that ListRoles found; the name is derived again, so no description can pass for another request's. */
export function parseStanding(role: RoleFacts, account: Account): RoleReading {
  const { arn: roleArn, roleName } = role
  const isEnded = readEnd(role.trustPolicy) !== undefined
  const foreign = (why: string): RoleReading => ({
    kind: 'foreign',
    role: { roleName, roleArn, why, isEnded },
  })
  const described = parseDescription(role)
  if (!described) return foreign('its path and description are not what the app writes')
  const expected = roleOf(described.identity, account)
  if (expected.roleArn !== role.arn)
    return foreign('its name does not belong to the request that its description names')
  const state = stateOf(role)
  const trust = digestOf(role)
  return { kind: 'standing', standing: { ...described, account: account.alias, ...expected, state, trust } }
}

function digestOf({ trustPolicy }: RoleFacts): string {
  const text = JSON.stringify(trustPolicy) ?? ''
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARACTERS)
}

function stateOf({ trustPolicy }: RoleFacts): StandingGrant['state'] {
  const end = readEnd(trustPolicy)
  return end ? { kind: 'ended', ...end } : { kind: 'live' }
}

/**
 * The grant behind a role whose description is not the app's any more, by its tags. They can be edited too, but to no other
 * request: the role's name is derived again. Undefined where they don't say it either.
 */
export function parseAltered(
  role: RoleFacts,
  tags: Readonly<Record<string, string>>,
  account: Account,
): StandingGrant | undefined {
  const repositoryId = repositoryOf(role.path)
  const path = tags['daypass:file']
  const window = windowFrom(tags['daypass:start'], tags['daypass:end'])
  if (repositoryId === undefined || path === undefined || window === undefined) return undefined
  const identity = { repositoryId, path, pull: Number(tags['daypass:pull']) }
  const own = roleOf(identity, account)
  if (own.roleArn !== role.arn) return undefined
  return { identity, account: account.alias, ...own, blob: '', window, altered: true, state: stateOf(role) }
}

function repositoryOf(path: string): number | undefined {
  const repository = /^\/daypass\/([0-9a-z]+)\/$/.exec(path)?.[1]
  return repository === undefined ? undefined : Number.parseInt(repository, 36)
}

function windowFrom(from = '', until = ''): Window | undefined {
  const [start, end] = [parseInstant(from), parseInstant(until)]
  return start !== undefined && end !== undefined && start < end ? { start, end } : undefined
}

function parseDescription({
  path,
  description = '',
}: RoleFacts): Pick<StandingGrant, 'identity' | 'blob' | 'window'> | undefined {
  const repositoryId = repositoryOf(path)
  const found = DESCRIPTION.exec(description)?.groups
  const window = windowFrom(found?.start, found?.end)
  if (repositoryId === undefined || found === undefined || window === undefined) return undefined
  const { pull, path: file = '', blob = '' } = found
  return { identity: { repositoryId, path: decodePath(file), pull: Number(pull) }, blob, window }
}

function decodePath(text: string): string {
  try {
    return decodeURI(text)
  } catch {
    return text
  }
}

/** The end's time and reason, in the few characters that a Sid may hold: `Ended1764000000FileRemoved`. */
export function endSid({ at, because }: Pick<End, 'at' | 'because'>): string {
  return `Ended${at}${inPascalCase(because)}`
}

function inPascalCase(words: string): string {
  return words.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** The trust policy of a tombstone: nobody gets in, and ListRoles alone tells when it ended and why. */
export function endedTrust(at: number, because: EndReason): PolicyDocument {
  const Sid = endSid({ at, because })
  return {
    Version: '2012-10-17',
    Statement: [{ Sid, Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
  }
}

/** The inline policy of a tombstone: stops the sessions that are in use. */
export function endedPolicy(at: number, because: EndReason): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [{ Sid: endSid({ at, because }), Effect: 'Deny', Action: '*', Resource: '*' }],
  }
}

const everyone = z.union([z.literal('*'), z.strictObject({ AWS: z.literal('*') })])
const denial = { Sid: z.string(), Effect: z.literal('Deny') }
const tombstone = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.tuple([
    z.union([
      z.strictObject({ ...denial, Principal: everyone, Action: z.literal('sts:AssumeRole') }),
      z.strictObject({ ...denial, Action: z.literal('*'), Resource: z.literal('*') }),
    ]),
  ]),
})

/** Undefined for any policy that is not exactly a tombstone's. */
export function readEnd(document: unknown): End | undefined {
  const parsed = tombstone.safeParse(document)
  return parsed.success ? readEndSid(parsed.data.Statement[0].Sid) : undefined
}

export function readEndSid(sid: string): End | undefined {
  const found = /^Ended(\d{1,15})([A-Za-z]+)$/.exec(sid)
  const because = END_REASONS.find((reason) => inPascalCase(reason) === found?.[2])
  return because && { at: Number(found?.[1]), because }
}

/** Says why IAM would refuse to hold this grant; undefined where it fits. */
export function checkGrantSize(grant: Grant): Mistake | undefined {
  const tooLarge = (message: string, fix: string): Mistake => ({ code: 'grant-too-large', message, fix })
  const trust = policyText(grant.trustPolicy)
  const permissions = policyText(grant.permissionPolicy)
  const { end } = grant.window
  // What closes earlier sessions, and the denial that ends the grant, must still fit beside what they deny.
  const inline = permissions.length + policyText(closingBefore(end)).length + longestDenial(end)
  if (trust.length > LARGEST_TRUST_POLICY)
    return tooLarge(
      `The trust policy would be ${trust.length} characters long; IAM takes ${LARGEST_TRUST_POLICY}.`,
      'Ask the owners of the rules to name you by something shorter.',
    )
  if (inline > LARGEST_INLINE_POLICIES)
    return tooLarge(
      `The policies would be ${inline} characters long together; IAM takes ${LARGEST_INLINE_POLICIES}.`,
      'Ask for fewer or shorter prefixes.',
    )
  if (grant.description.length > LONGEST_DESCRIPTION)
    return tooLarge(
      `The role's description would be ${grant.description.length} characters long; IAM takes ${LONGEST_DESCRIPTION}.`,
      'Choose a shorter file name.',
    )
  if (!/^[\u0020-\u00ff]*$/.test(trust + permissions))
    return tooLarge(
      'The policies would hold a character beyond Latin-1, which IAM does not take.',
      'Ask for a prefix without it.',
    )
  return undefined
}

function longestDenial(at: number): number {
  return Math.max(...END_REASONS.map((because) => policyText(endedPolicy(at, because)).length))
}

/** The policy for people to read. */
export function formatPolicy(document: PolicyDocument): string {
  return layOut(document)
}

/** The same policy exactly as IAM is given it. */
export function policyText(document: PolicyDocument): string {
  return JSON.stringify(document)
}
