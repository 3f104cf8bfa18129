/** What every IAM action is given, and the checks and look-ups they share. */
import { iamArn } from './arn.ts'
import { authorize } from './authorize.ts'
import { AwsError, noSuchEntity, validationError } from './errors.ts'
import type { Parameters } from './query-protocol.ts'
import {
  type Account,
  type Caller,
  findManagedPolicy,
  type ManagedPolicy,
  type Role,
  type World,
} from './state.ts'
import { leaf, tag } from './xml.ts'

export interface IamCall {
  /** What the action reads or changes. */
  readonly world: World
  /** What is seen of it already: whom a trust policy may name. */
  readonly seen: World
  readonly account: Account
  readonly caller: Caller
  readonly parameters: Parameters
  /** Throws AccessDenied unless the caller may. */
  allow(action: string, resource: string, keys?: Keys): void
}

export type Keys = Readonly<Record<string, string | readonly string[] | undefined>>
/** The condition keys that a role brings to an action on it. */
type KeysOf = (role: Role) => Keys

/** Answers what stands inside `<…Result>`. */
export type IamAction = (call: IamCall) => string

export const NAME = { pattern: /^[\w+=,.@-]+$/, min: 1, max: 128 }
export const ROLE_NAME = { ...NAME, max: 64 }
export const PATH = { pattern: /^(\/|\/[\u0021-\u007e]+\/)$/, min: 1, max: 512 }
export const POLICY_TEXT = { min: 1, max: 131_072 }
export const POLICY_ARN = { min: 20, max: 2048 }

export function iamCall(
  world: World,
  seen: World,
  caller: Caller,
  parameters: Parameters,
  from: { sourceIp: string; region: string },
): IamCall {
  const account = world.accounts.get(caller.identity.account)
  if (account === undefined)
    throw new AwsError(403, 'InvalidClientTokenId', 'The security token is of no account.')
  return {
    world,
    seen,
    account,
    caller,
    parameters,
    allow: (action, resource, keys) =>
      authorize(seen, { ...from, caller, action, resource, owner: account.id, ...(keys && { keys }) }),
  }
}

/**
 * The role named by `RoleName`, once the caller may do this to it. IAM knows a role's path only from the role itself:
 * where there is none, the action is authorised on `role/NAME`, so that somebody who may act below a path only is
 * refused rather than told that the role is missing.
 */
export function roleFor(
  { world, account, parameters, allow }: IamCall,
  action: string,
  keys: KeysOf = boundaryKey,
): Role {
  const name = parameters.required('RoleName', ROLE_NAME)
  const role = account.roles.get(name.toLowerCase())
  if (role === undefined) {
    allow(action, iamArn(world.partition, account.id, `role/${name}`))
    throw noSuchEntity(`The role with name ${name} cannot be found.`)
  }
  allow(action, role.arn, { ...resourceTags(role), ...keys(role) })
  return role
}

/** Roles that Identity Center or a service keeps can't be changed through IAM. */
export function changeableRoleFor(call: IamCall, action: string, keys?: KeysOf): Role {
  const role = roleFor(call, action, keys)
  if (/^\/(aws-reserved|aws-service-role)\//.test(role.path))
    throw new AwsError(
      400,
      'UnmodifiableEntity',
      `Cannot perform the operation on the protected role '${role.name}'.`,
    )
  return role
}

export function boundaryKey(role: Role): Keys {
  return { 'iam:PermissionsBoundary': role.boundary?.arn }
}

export function noKeys(): Keys {
  return {}
}

function resourceTags(role: Role): Record<string, string> {
  return Object.fromEntries(
    [...role.tags].flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`iam:ResourceTag/${key}`, value],
    ]),
  )
}

/** A managed policy that a role can get: of the same account, or AWS's own. */
export function managedPolicyAt({ world, account }: IamCall, arn: string): ManagedPolicy {
  const policy = findManagedPolicy(world, account, arn)
  if (policy === undefined) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`)
  return policy
}

/** One page of a sorted list: short where AWS may be short, `IsTruncated` with a marker where there is more. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly marker: string | undefined
}

export function pageAnswer<Item>(list: string, page: Page<Item>, member: (item: Item) => string): string {
  const { items, marker } = page
  return tag(list, ...items.map(member)) + leaf('IsTruncated', marker !== undefined) + leaf('Marker', marker)
}

export function isoSeconds(instant: number): string {
  return new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z')
}

export function pageOf<Item>(
  { parameters, world }: IamCall,
  sorted: readonly Item[],
  keyOf: (item: Item) => string,
): Page<Item> {
  const size = Math.min(parameters.integer('MaxItems', { min: 1, max: 1000 }) ?? 100, world.longestPage)
  const marker = parameters.optional('Marker', { min: 1, max: 1000 })
  const after = marker === undefined ? undefined : Buffer.from(marker, 'base64url').toString('utf8')
  if (marker !== undefined && Buffer.from(after ?? '').toString('base64url') !== marker)
    throw validationError('Invalid Marker.')
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after)
  const items = rest.slice(0, size)
  const last = items.at(-1)
  const isCut = rest.length > items.length && last !== undefined
  return { items, marker: isCut ? Buffer.from(keyOf(last)).toString('base64url') : undefined }
}
