/** Whether a caller may do something: the request's context, and the policies of all kinds combined as IAM combines them. */
import { accessDenied } from './errors.ts'
import {
  type AccessRequest,
  applies,
  evaluate,
  type Outcome,
  type Policy,
  type Principal,
  type Statement,
} from './policy.ts'
import { statementsOf } from './policy-statements.ts'
import { type Caller, callerArn, callerUserId, type Identity, type World } from './state.ts'

export interface Attempt {
  readonly caller: Caller
  /** Undefined where a service calls on the caller's behalf. */
  readonly sourceIp: string | undefined
  readonly region: string
  readonly action: string
  readonly resource: string
  /** The account that owns the resource. */
  readonly owner: string
  /** The policy of the resource itself, where it can have one. */
  readonly resourcePolicy?: Policy | undefined
  /** A role and a KMS key can't be used without their own policy's word; a bucket can. */
  readonly needsResourcePolicy?: boolean
  /** Condition keys of this action; undefined leaves a key out. */
  readonly keys?: Readonly<Record<string, string | readonly string[] | undefined>>
}

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly because: string }

const ALLOWED: Decision = { allowed: true }

export function decide(world: World, attempt: Attempt): Decision {
  const { caller, owner, resourcePolicy, needsResourcePolicy = false } = attempt
  const request = { action: attempt.action, resource: attempt.resource, context: contextOf(world, attempt) }
  const { inline, attached, boundary } = caller.identity
  const own = evaluate([...inline.values(), ...[...attached.values()].map(current)], request)
  const bounds = boundary === undefined ? 'allowed' : evaluate([current(boundary)], request)
  const session = sessionOutcome(caller, request)
  const grant = resourcePolicy === undefined ? 'none' : grantOf(resourcePolicy, caller, request)

  if (own === 'denied') return denied('with an explicit deny in an identity-based policy')
  if (bounds === 'denied') return denied('with an explicit deny in a permissions boundary')
  if (session === 'denied') return denied('with an explicit deny in a session policy')
  if (grant === 'denied') return denied('with an explicit deny in a resource-based policy')

  const isSameAccount = caller.identity.account === owner
  if (isSameAccount && grant === 'direct') return ALLOWED
  if ((needsResourcePolicy || !isSameAccount) && grant === 'none')
    return denied(`because no resource-based policy allows the ${attempt.action} action`)
  const needsOwn = !(isSameAccount && grant === 'role')
  if (needsOwn && own !== 'allowed')
    return denied(`because no identity-based policy allows the ${attempt.action} action`)
  if (bounds !== 'allowed')
    return denied(`because no permissions boundary allows the ${attempt.action} action`)
  if (session !== 'allowed') return denied(`because no session policy allows the ${attempt.action} action`)
  return ALLOWED
}

/** Throws what the caller of IAM and STS is told. */
export function authorize(world: World, attempt: Attempt): void {
  const decision = decide(world, attempt)
  if (decision.allowed) return
  throw accessDenied(
    `User: ${callerArn(world, attempt.caller)} is not authorized to perform: ${attempt.action} on resource: ${attempt.resource} ${decision.because}`,
  )
}

function denied(because: string): Decision {
  return { allowed: false, because }
}

function current(policy: NonNullable<Identity['boundary']>): Policy {
  return policy.defaultVersion.policy
}

function sessionOutcome(caller: Caller, request: AccessRequest): Outcome {
  if (caller.kind === 'user' || caller.session.policies === undefined) return 'allowed'
  return evaluate(caller.session.policies, request)
}

/**
 * What a resource's policy says of the caller. `direct`: it names the user or the session (or everyone), which within
 * the account is enough by itself. `role`: it names the role, which leaves boundary and session policy in force.
 * `delegated`: it names the account, which leaves the decision to the caller's own policies.
 */
type Grant = 'denied' | 'direct' | 'role' | 'delegated' | 'none'

const STRONGEST: readonly Grant[] = ['none', 'delegated', 'role', 'direct']

function grantOf(policy: Policy, caller: Caller, request: AccessRequest): Grant {
  let best: Grant = 'none'
  for (const statement of statementsOf(policy)) {
    const grant = namedBy(statement, caller)
    if (grant === 'none' || !applies(statement, request)) continue
    if (statement.effect === 'Deny') return 'denied'
    if (STRONGEST.indexOf(grant) > STRONGEST.indexOf(best)) best = grant
  }
  return best
}

function namedBy({ principals, conditions }: Statement, caller: Caller): Grant {
  if (principals === undefined) return 'none'
  const grants = principals.items.map((principal) => grantTo(principal, caller))
  // NotPrincipal comes with Deny only: whoever is not named is denied. Naming a role's session without its role (or an
  // account without its people) spares nobody here, as AWS wants every form of the principal listed.
  if (principals.negated) return isSparedBy(principals.items, caller) ? 'none' : 'direct'
  const best = STRONGEST.findLast((grant) => grants.includes(grant)) ?? 'none'
  // "Everyone whose aws:PrincipalArn is this role" counts as naming the role (IAM User Guide, permissions boundaries).
  const isRoleByCondition =
    caller.kind === 'session' && conditions.some(({ key }) => key === 'aws:principalarn')
  return best === 'direct' && isRoleByCondition && principals.items.some(({ kind }) => kind === 'everyone')
    ? 'role'
    : best
}

function grantTo(principal: Principal, caller: Caller): Grant {
  switch (principal.kind) {
    case 'everyone':
      return 'direct'
    case 'account':
      return principal.account === caller.identity.account ? 'delegated' : 'none'
    case 'id':
      if (principal.id === callerUserId(caller)) return 'direct'
      return principal.id === caller.identity.id ? 'role' : 'none'
    case 'outside':
      return 'none'
  }
}

/** To be spared by NotPrincipal, account and identity must both be listed, and of a role's session the session too. */
function isSparedBy(principals: readonly Principal[], caller: Caller): boolean {
  if (principals.some(({ kind }) => kind === 'everyone')) return true
  const hasId = (id: string) => principals.some((principal) => principal.kind === 'id' && principal.id === id)
  const hasAccount = principals.some(
    (principal) => principal.kind === 'account' && principal.account === caller.identity.account,
  )
  return hasAccount && hasId(caller.identity.id) && hasId(callerUserId(caller))
}

/** The global condition keys, and those of the action. */
function contextOf(
  world: World,
  { caller, sourceIp, region, owner, keys = {} }: Attempt,
): AccessRequest['context'] {
  const { identity } = caller
  const now = Math.floor(world.clock.now() / 1000)
  const context = new Map<string, readonly string[]>([
    ['aws:currenttime', [isoSeconds(now)]],
    ['aws:epochtime', [String(now)]],
    ['aws:principalarn', [identity.arn]],
    ['aws:principalaccount', [identity.account]],
    ['aws:principaltype', [caller.kind === 'user' ? 'User' : 'AssumedRole']],
    ['aws:userid', [callerUserId(caller)]],
    // Loopback never leaves the machine, so it counts as the TLS that AWS would demand.
    ['aws:securetransport', ['true']],
    ['aws:resourceaccount', [owner]],
    ['aws:requestedregion', [region]],
    ['aws:viaawsservice', [String(sourceIp === undefined)]],
  ])
  if (sourceIp !== undefined) context.set('aws:sourceip', [sourceIp])
  for (const [key, value] of identity.tags) context.set(`aws:principaltag/${key}`.toLowerCase(), [value])
  if (caller.kind === 'user') context.set('aws:username', [identity.name])
  else {
    context.set('aws:tokenissuetime', [isoSeconds(Math.floor(caller.session.issued / 1000))])
    context.set('aws:multifactorauthpresent', ['false'])
    // A session's tag takes the place of the role's of the same key.
    for (const [key, value] of caller.session.tags ?? [])
      context.set(`aws:principaltag/${key}`.toLowerCase(), [value])
    if (caller.session.sourceIdentity !== undefined)
      context.set('aws:sourceidentity', [caller.session.sourceIdentity])
  }
  for (const [key, value] of Object.entries(keys))
    if (value !== undefined) context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value)
  return context
}

/** Condition keys of time know no fractions of a second. */
function isoSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
