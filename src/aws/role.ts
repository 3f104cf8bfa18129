/** One role of the app's own: what is read of it and done to it, call by call. */
import {
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  type IAMClient,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
  type Role,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam'
import type { Account } from '../core/account.ts'
import { type End, endSid, type Grant, readEnd, readEndSid } from '../core/grant.ts'
import { codeOf, isMissing } from './failures.ts'
import { listRoles } from './list-roles.ts'
import type { OwnRoleName } from './own-role.ts'
import { isPassing, isUnseen, persist, type Sleep } from './patience.ts'
import { decodePolicy } from './policy-text.ts'

/** The inline policy that holds the permissions. */
export const PERMISSIONS = 'daypass'
/** The inline policy that closes earlier sessions: one of its own, so that a replica that writes the permissions can't undo it. */
export const SESSIONS = 'daypass-sessions'
/** The inline policy that denies everything once access has ended: one of its own, so that it never replaces an Allow halfway. */
export const ENDED = 'daypass-ended'

/** The tag that says that the role is to be ended, for as long as its policies don't. */
const MARK = 'daypass:ended'

/** One role of the app's own in one account, with the client to work on it. */
export interface Work {
  readonly iam: IAMClient
  readonly sleep: Sleep
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly account: Account
  readonly path: string
  readonly name: OwnRoleName
}

/**
 * The list tells, not GetRole: IAM learns a role's path from the role, so to somebody who may read below one path only
 * it answers a missing role with AccessDenied.
 */
export async function isGone({ iam, path, name }: Work): Promise<boolean> {
  const roles = await listRoles(iam, path)
  return roles.every(({ roleName }) => roleName !== name)
}

export async function readPolicies(on: Work): Promise<ReadonlyMap<string, unknown>> {
  const policies = new Map<string, unknown>()
  for (const name of await listPolicies(on)) {
    const answer = await on.iam.send(new GetRolePolicyCommand({ RoleName: on.name, PolicyName: name }))
    policies.set(name, decodePolicy(answer.PolicyDocument))
  }
  return policies
}

/** Whether the inline policy is there that denies everything. */
export async function holdsDenial(iam: IAMClient, roleName: string): Promise<boolean> {
  const command = new GetRolePolicyCommand({ RoleName: roleName, PolicyName: ENDED })
  try {
    const { PolicyDocument: text } = await iam.send(command)
    return readEnd(decodePolicy(text)) !== undefined
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

export async function listPolicies({ iam, name }: Work): Promise<readonly string[]> {
  const names: string[] = []
  for await (const page of paginateListRolePolicies({ client: iam }, { RoleName: name }))
    names.push(...(page.PolicyNames ?? []))
  return names
}

/** Nothing is ever attached to a role of the app, so whatever is attached came from elsewhere. */
export async function listAttached({ iam, name }: Work): Promise<readonly string[]> {
  const attached: string[] = []
  for await (const page of paginateListAttachedRolePolicies({ client: iam }, { RoleName: name }))
    attached.push(...(page.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []))
  return attached
}

/** A managed policy as it is in force. */
export interface Managed {
  readonly version: string
  readonly document: unknown
}

/** Undefined where the app may not read it, as in an account whose role is of an earlier template. */
export async function readManaged(iam: IAMClient, arn: string): Promise<Managed | undefined> {
  try {
    const { Policy: policy } = await iam.send(new GetPolicyCommand({ PolicyArn: arn }))
    const { DefaultVersionId: version = '' } = policy ?? {}
    const command = new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: version })
    const { PolicyVersion: inForce } = await iam.send(command)
    return { version, document: decodePolicy(inForce?.Document) }
  } catch (error) {
    if (codeOf(error) === 'AccessDenied') return undefined
    throw error
  }
}

export function detach({ iam, name }: Work, arn: string): Promise<void> {
  return unlessMissing(() => iam.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn: arn })))
}

export async function putPolicy({ iam, name }: Work, policy: string, text: string): Promise<void> {
  await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: policy, PolicyDocument: text }))
}

/** A role that was just made may be unknown for a moment to the part of IAM that is asked next. */
export async function putPermissions(on: Work, text: string): Promise<void> {
  await persist(
    on.sleep,
    () => putPolicy(on, PERMISSIONS, text),
    (error) => isPassing(error) || isUnseen(error),
  )
}

export async function closeSessions(on: Work, text: string): Promise<void> {
  await persist(on.sleep, () => putPolicy(on, SESSIONS, text))
}

export async function deletePolicy({ iam, name }: Work, policy: string): Promise<void> {
  await unlessMissing(() => iam.send(new DeleteRolePolicyCommand({ RoleName: name, PolicyName: policy })))
}

export async function putTrust({ iam, sleep, name }: Work, text: string): Promise<void> {
  const command = new UpdateAssumeRolePolicyCommand({ RoleName: name, PolicyDocument: text })
  await persist(sleep, () => iam.send(command))
}

export async function putBoundary({ iam, name, account }: Work): Promise<void> {
  await iam.send(
    new PutRolePermissionsBoundaryCommand({ RoleName: name, PermissionsBoundary: account.boundary }),
  )
}

/** A tag needs no boundary. */
export async function markEnded({ iam, sleep, name }: Work, end: End): Promise<void> {
  const Tags = [{ Key: MARK, Value: endSid(end) }]
  await persist(sleep, () => iam.send(new TagRoleCommand({ RoleName: name, Tags })))
}

export function readMark({ Tags: tags }: Role): End | undefined {
  return readEndSid(tags?.find(({ Key }) => Key === MARK)?.Value ?? '')
}

/** What a list of roles, and the tags, say of an extended grant. */
export async function describeAnew({ iam, sleep, name }: Work, grant: Grant): Promise<void> {
  const { description: Description, maxSessionSeconds: MaxSessionDuration } = grant
  await persist(sleep, () => iam.send(new TagRoleCommand({ RoleName: name, Tags: tagList(grant) })))
  const update = new UpdateRoleCommand({ RoleName: name, Description, MaxSessionDuration })
  await persist(sleep, () => iam.send(update))
}

/** A policy that is off the role already need not be taken off. */
async function unlessMissing(action: () => Promise<unknown>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** As IAM takes them. */
export function tagList({ tags }: Grant): { readonly Key: string; readonly Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}
