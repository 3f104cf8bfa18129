/** What can go wrong with AWS: a class for each failure that somebody can mend, with a sentence, the fix and the cause. */
import type { Account } from '../core/account.ts'
import type { End } from '../core/grant.ts'
import { Obstacle } from '../ports.ts'

export class HubCredentialsRefused extends Obstacle {
  override readonly name = 'HubCredentialsRefused'
  constructor(account: Account, cause: unknown) {
    super(
      `AWS does not know who the app is, so the role ${account.role} in ${called(account)} can't be assumed: ${messageOf(cause)}`,
      'Give the process the credentials of the hub role: an instance or task role, or AWS_ACCESS_KEY_ID and its companions.',
      cause,
    )
  }
}

export class AccountRoleRefused extends Obstacle {
  override readonly name = 'AccountRoleRefused'
  constructor(account: Account, externalId: string, cause: unknown) {
    super(
      `The app may not assume the role ${account.role} in ${called(account)}: ${messageOf(cause)}`,
      `The role's trust policy must name the app's own role and list the ExternalId ${externalId}, and the app's role must be allowed sts:AssumeRole on it. Where it names an id (AROA…), the app's role was made anew since: write the trust policy again.`,
      cause,
    )
  }
}

export class RegionDisabled extends Obstacle {
  override readonly name = 'RegionDisabled'
  constructor(account: Account, cause: unknown) {
    super(
      `STS gives no credentials for ${called(account)} in ${account.region}: ${messageOf(cause)}`,
      `Switch the endpoint of ${account.region} on in that account: IAM, Account settings, Security Token Service.`,
      cause,
    )
  }
}

export class ActionRefused extends Obstacle {
  override readonly name = 'ActionRefused'
  constructor(account: Account, cause: unknown) {
    super(
      `AWS refused the app a call in ${called(account)}: ${messageOf(cause)}`,
      `Compare the policy of ${account.role} with deploy/account.yaml, and look for a service control policy.`,
      cause,
    )
  }
}

export class QuotaReached extends Obstacle {
  override readonly name = 'QuotaReached'
  constructor(account: Account, cause: unknown) {
    super(
      `A quota of ${called(account)} is used up: ${messageOf(cause)}`,
      'Ask AWS to raise it, or let grants end first.',
      cause,
    )
  }
}

export class RoleHeld extends Obstacle {
  override readonly name = 'RoleHeld'
  constructor(account: Account, cause: unknown) {
    super(
      `A role in ${called(account)} could not be deleted: ${messageOf(cause)}`,
      'Take it out of its instance profile: aws iam list-instance-profiles-for-role and remove-role-from-instance-profile. It denies everything, and is deleted once nothing holds it.',
      cause,
    )
  }
}

export class PrincipalNotFound extends Obstacle {
  override readonly name = 'PrincipalNotFound'
  constructor(account: Account, roleName: string, cause: unknown) {
    super(
      `AWS does not know the principal that the role ${roleName} in ${called(account)} is for: ${messageOf(cause)}`,
      'Create that user or role, or mend who the person is in .github/daypass.yml.',
      cause,
    )
  }
}

export class RoleNotOurs extends Obstacle {
  override readonly name = 'RoleNotOurs'
  constructor(account: Account, roleArn: string, why: string) {
    super(
      `The role ${roleArn} in ${called(account)} is not the app's to touch: ${why}.`,
      'Nothing was changed; find out who made it.',
    )
  }
}

export class GrantEnded extends Error {
  override readonly name = 'GrantEnded'
  constructor(roleArn: string, end: End) {
    super(
      `The access of ${roleArn} was ended (${end.because}). It stays ended; a new request is needed for a new grant.`,
    )
  }
}

export class RoleGone extends Error {
  override readonly name = 'RoleGone'
  constructor(roleArn: string) {
    super(
      `The role ${roleArn} was deleted in AWS by somebody. It is not made again; a new request is needed for a new grant.`,
    )
  }
}

export class RoleStillThere extends Error {
  override readonly name = 'RoleStillThere'
  constructor(roleArn: string) {
    super(
      `AWS took the deletion of ${roleArn}, but still lists it. It is denied already, and is looked at again.`,
    )
  }
}

/** A failure of the SDK in words that name the fix; one that has them already, or has none, stays as it is. */
export function explain(account: Account, error: unknown): unknown {
  if (error instanceof Obstacle) return error
  switch (codeOf(error)) {
    case 'AccessDenied':
    case 'UnauthorizedOperation':
      return new ActionRefused(account, error)
    case 'RegionDisabled':
      return new RegionDisabled(account, error)
    case 'DeleteConflict':
      return new RoleHeld(account, error)
    case 'LimitExceeded':
      return new QuotaReached(account, error)
    default:
      return error
  }
}

/** Of these AWS's answers repeat the request that was refused, with its signature and the session's token. */
const ECHOING = new Set(['SignatureDoesNotMatch', 'IncompleteSignature', 'InvalidSignature'])

/** The same error, fit for a log: of what AWS says, the sentence before the echo. */
export function withoutEcho(error: unknown): unknown {
  if (!(error instanceof Error) || !ECHOING.has(codeOf(error))) return error
  const [sentence = ''] = error.message.split('\n')
  const told = new Error(sentence)
  told.name = error.name
  return told
}

/** AWS's code for an error; the SDK's classes append `Exception` to some. */
export function codeOf(error: unknown): string {
  return error instanceof Error ? error.name.replace(/Exception$/, '') : ''
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'NoSuchEntity'
}

/** A principal that was just made, or was deleted. */
export function isUnknownPrincipal(error: unknown): boolean {
  return codeOf(error) === 'MalformedPolicyDocument' && /invalid principal/i.test(messageOf(error))
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function called({ alias, id }: Account): string {
  return `account ${alias} (${id})`
}
