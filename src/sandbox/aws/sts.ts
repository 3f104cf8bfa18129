/** STS: lends out roles for a while, and tells callers who they are. */
import { randomBytes } from 'node:crypto'
import { parseArn } from './arn.ts'
import { authorize } from './authorize.ts'
import { readPolicy } from './documents.ts'
import { AwsError, accessDenied, limitExceeded, malformedPolicy, validationError } from './errors.ts'
import { existingKey, readTags, requestTags, TAG_KEY } from './iam-tags.ts'
import type { Policy } from './policy.ts'
import type { Parameters } from './query-protocol.ts'
import {
  type Caller,
  callerArn,
  callerUserId,
  findManagedPolicy,
  type Role,
  type Session,
  uniqueId,
  type World,
} from './state.ts'
import { leaf, tag } from './xml.ts'

export interface StsCall {
  readonly world: World
  readonly caller: Caller
  readonly parameters: Parameters
  readonly sourceIp: string
  readonly region: string
}

const SESSION_NAME = { pattern: /^[\w+=,.@-]*$/, min: 2, max: 64 }
const EXTERNAL_ID = { pattern: /^[\w+=,.@:/-]*$/, min: 2, max: 1224 }
const LONGEST_CHAINED_SESSION = 3600
const SESSION_POLICY_SIZE = 2048
/** Beyond this many, credentials that have expired are forgotten. */
const KEPT_CREDENTIALS = 1000

export const STS_ACTIONS: Readonly<Record<string, (call: StsCall) => string>> = {
  /** Answered to everybody, whatever their policies say. */
  GetCallerIdentity({ world, caller }) {
    return (
      leaf('Arn', callerArn(world, caller)) +
      leaf('UserId', callerUserId(caller)) +
      leaf('Account', caller.identity.account)
    )
  },

  AssumeRole(call) {
    const { world, caller, parameters } = call
    const request = readAssumeRole(parameters)
    const role = authorizedRole(call, request)
    const session = newSession(world, caller, role, request)
    const credentials = {
      accessKeyId: uniqueId('ASIA'),
      secret: randomBytes(30).toString('base64'),
      caller: { kind: 'session', identity: role, session, label: caller.label } as const,
    }
    forgetExpired(world)
    world.credentials.set(credentials.accessKeyId, credentials)
    return [
      tag(
        'Credentials',
        leaf('AccessKeyId', credentials.accessKeyId),
        leaf('SecretAccessKey', credentials.secret),
        leaf('SessionToken', session.token),
        leaf('Expiration', new Date(session.expires).toISOString().replace(/\.\d+Z$/, 'Z')),
      ),
      tag(
        'AssumedRoleUser',
        leaf('AssumedRoleId', callerUserId(credentials.caller)),
        leaf('Arn', callerArn(world, credentials.caller)),
      ),
      leaf('SourceIdentity', session.sourceIdentity),
    ].join('')
  },
}

type AssumeRole = ReturnType<typeof readAssumeRole>

function readAssumeRole(parameters: Parameters) {
  if (parameters.members('ProvidedContexts').length > 0)
    throw validationError("The sandbox's AssumeRole takes no ProvidedContexts.")
  if (parameters.has('SerialNumber') || parameters.has('TokenCode'))
    throw accessDenied('MultiFactorAuthentication failed with invalid MFA one time pass code.')
  return {
    roleArn: parameters.required('RoleArn', { pattern: /^[\u0020-\u00ff]+$/, min: 20, max: 2048 }),
    sessionName: parameters.required('RoleSessionName', SESSION_NAME),
    externalId: parameters.optional('ExternalId', EXTERNAL_ID),
    sourceIdentity: parameters.optional('SourceIdentity', SESSION_NAME),
    ...readSessionTags(parameters),
    duration: parameters.integer('DurationSeconds', { min: 900, max: 43_200 }) ?? 3600,
    policy: parameters.optional('Policy', { min: 1, max: 131_072 }),
    policyArns: parameters
      .members('PolicyArns')
      .map((member) => member.required('arn', { min: 20, max: 2048 })),
  }
}

function readSessionTags(parameters: Parameters) {
  const tags = readTags(parameters)
  const transitiveKeys = parameters.texts('TransitiveTagKeys', TAG_KEY).map((key) => {
    const given = existingKey(tags, key)
    if (given === undefined) throw validationError(`The transitive tag key ${key} is not among the tags.`)
    return given
  })
  return { tags, transitiveKeys: new Set(transitiveKeys) }
}

/** A role that does not exist is refused in the same words as one that may not be assumed. */
function authorizedRole(call: StsCall, request: AssumeRole): Role {
  const { world, caller, sourceIp, region } = call
  const role = findRole(world, request.roleArn)
  if (role === undefined)
    throw accessDenied(
      `User: ${callerArn(world, caller)} is not authorized to perform: sts:AssumeRole on resource: ${request.roleArn}`,
    )
  const inherited = caller.kind === 'session' ? caller.session.sourceIdentity : undefined
  if (inherited !== undefined && request.sourceIdentity !== undefined && inherited !== request.sourceIdentity)
    throw accessDenied('A session keeps the source identity it was given.')
  const sourceIdentity = request.sourceIdentity ?? inherited
  const inheritedTags = transitiveTagsOf(caller)
  for (const key of request.tags.keys())
    if (existingKey(inheritedTags, key) !== undefined)
      throw accessDenied(`A session keeps the transitive tag ${key} it was given.`)
  const actions = [
    'sts:AssumeRole',
    ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
    ...(request.tags.size + inheritedTags.size > 0 ? ['sts:TagSession'] : []),
  ]
  for (const action of actions)
    authorize(world, {
      caller,
      sourceIp,
      region,
      action,
      resource: role.arn,
      owner: role.account,
      resourcePolicy: role.trust,
      needsResourcePolicy: true,
      keys: {
        'sts:ExternalId': request.externalId,
        'sts:RoleSessionName': request.sessionName,
        'sts:SourceIdentity': sourceIdentity,
        'sts:TransitiveTagKeys': request.transitiveKeys.size > 0 ? [...request.transitiveKeys] : undefined,
        ...requestTags(request.tags),
        ...Object.fromEntries([...role.tags].map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
      },
    })
  return role
}

/** What the next session inherits, and the one after it. */
function transitiveTagsOf(caller: Caller): ReadonlyMap<string, string> {
  return (caller.kind === 'session' && caller.session.transitiveTags) || new Map()
}

function findRole(world: World, arnText: string): Role | undefined {
  const arn = parseArn(arnText)
  const name = arn?.resource.split('/').at(-1) ?? ''
  const role = world.accounts.get(arn?.account ?? '')?.roles.get(name.toLowerCase())
  return role?.arn === arnText ? role : undefined
}

function newSession(world: World, caller: Caller, role: Role, request: AssumeRole): Session {
  if (request.duration > role.maxSessionDuration)
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  if (caller.kind === 'session' && request.duration > LONGEST_CHAINED_SESSION)
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    )
  const policies = sessionPolicies(world, role, request)
  const issued = world.clock.now()
  const sourceIdentity =
    request.sourceIdentity ?? (caller.kind === 'session' ? caller.session.sourceIdentity : undefined)
  const inheritedTags = transitiveTagsOf(caller)
  return {
    name: request.sessionName,
    token: randomBytes(96).toString('base64'),
    issued,
    expires: issued + request.duration * 1000,
    ...(policies.length > 0 && { policies }),
    ...(sourceIdentity !== undefined && { sourceIdentity }),
    tags: new Map([...request.tags, ...inheritedTags]),
    transitiveTags: new Map([
      ...[...request.tags].filter(([key]) => request.transitiveKeys.has(key)),
      ...inheritedTags,
    ]),
  }
}

function sessionPolicies(world: World, role: Role, { policy, policyArns }: AssumeRole): Policy[] {
  const account = world.accounts.get(role.account)
  const managed = policyArns.map((arn) => {
    const found = account && findManagedPolicy(world, account, arn)
    if (found === undefined) throw malformedPolicy(`The session policy ${arn} does not exist.`)
    return found.defaultVersion.policy
  })
  if (managed.length > 10) throw limitExceeded('A session takes at most 10 managed policies.')
  if (policy === undefined) return managed
  // AWS measures a packed form that nobody can compute; the plain limit is the stricter one.
  if (policy.length > SESSION_POLICY_SIZE)
    throw new AwsError(
      400,
      'PackedPolicyTooLarge',
      `The session policy exceeds ${SESSION_POLICY_SIZE} characters.`,
    )
  return [...managed, readPolicy(world, 'identity', policy)]
}

/** An expired key a while later is told "unknown" rather than "expired"; either way it is refused. */
function forgetExpired(world: World): void {
  if (world.credentials.size < KEPT_CREDENTIALS) return
  const now = world.clock.now()
  for (const [id, { caller }] of world.credentials)
    if (caller.kind === 'session' && caller.session.expires + 3_600_000 < now) world.credentials.delete(id)
}
