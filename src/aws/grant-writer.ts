/** Writes grants to IAM, ends them and removes them; every step may be repeated, and none touches a role that is not the app's own. */
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
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
import {
  type End,
  endedPolicy,
  endedTrust,
  type Grant,
  type PolicyDocument,
  policyText,
  readEnd,
  rolePathOf,
} from '../core/grant.ts'
import type { GrantWriter, TellFound } from '../ports.ts'
import type { AccountClients } from './clients.ts'
import {
  codeOf,
  GrantEnded,
  isMissing,
  isUnknownPrincipal,
  PrincipalNotFound,
  RoleNotOurs,
  RoleStillThere,
} from './failures.ts'
import { listRoles } from './grant-reader.ts'
import { type OwnRoleName, ownRoleName, strayRoleName } from './own-role.ts'
import { isPassing, isUnseen, persist, type Sleep } from './patience.ts'
import { decodePolicy, isOneOf, keepDenials, mend, withDeletedPrincipal } from './policy-text.ts'

/** The inline policy that holds the permissions. */
const PERMISSIONS = 'daypass'
/** The inline policy that denies everything once access has ended: one of its own, so that it never replaces an Allow halfway. */
const ENDED = 'daypass-ended'

export interface GrantWriterOptions {
  readonly clients: AccountClients
  readonly sleep: Sleep
}

/** One role of the app's own in one account, with the client to work on it. */
interface Work {
  readonly iam: IAMClient
  readonly sleep: Sleep
  readonly account: Account
  readonly path: string
  readonly name: OwnRoleName
}

export function createGrantWriter({ clients, sleep }: GrantWriterOptions): GrantWriter {
  function work<Result>(
    account: Account,
    role: Pick<Grant, 'identity' | 'rolePath' | 'roleName' | 'roleArn'>,
    task: (on: Work) => Promise<Result>,
  ): Promise<Result> {
    const name = ownRoleName(account, role)
    const { repositoryId } = role.identity
    const path = rolePathOf(repositoryId)
    return clients.use(account, repositoryId, (iam) => task({ iam, sleep, account, path, name }))
  }

  return {
    async write(account, grant, former, tell) {
      return work(account, grant, (on) => writeGrant(on, grant, former, tell))
    },
    async deny(account, standing, at, because) {
      await work(account, standing, (on) => denyRole(on, { at, because }))
    },
    async denyStray(account, repositoryId, stray, at) {
      const name = strayRoleName(account, repositoryId, stray)
      const path = rolePathOf(repositoryId)
      await clients.use(account, repositoryId, (iam) =>
        denyRole({ iam, sleep, account, path, name }, { at, because: 'role-altered' }),
      )
    },
    async remove(account, standing) {
      await work(account, standing, (on) => removeRole(on, standing.roleArn))
    },
  }
}

async function writeGrant(
  on: Work,
  grant: Grant,
  former: readonly Grant[] | undefined,
  tell: TellFound | undefined,
): Promise<readonly string[]> {
  try {
    const mayBeNew = former === undefined || (await isGone(on))
    if (!mayBeNew || !(await createRole(on, grant))) return await completeRole(on, grant, former ?? [], tell)
    await putPermissions(on, policyText(grant.permissionPolicy))
    return []
  } catch (error) {
    throw isUnknownPrincipal(error) ? new PrincipalNotFound(on.account, on.name, error) : error
  }
}

/**
 * The list tells, not GetRole: IAM learns a role's path from the role, so to somebody who may read below one path only
 * it answers a missing role with AccessDenied.
 */
async function isGone({ iam, path, name }: Work): Promise<boolean> {
  const roles = await listRoles(iam, path)
  return roles.every((role) => role.path !== path || role.roleName !== name)
}

/** False where there is such a role already, made meanwhile by another replica, or not listed yet. */
async function createRole(on: Work, grant: Grant): Promise<boolean> {
  const command = new CreateRoleCommand({
    Path: grant.rolePath,
    RoleName: on.name,
    Description: grant.description,
    AssumeRolePolicyDocument: policyText(grant.trustPolicy),
    PermissionsBoundary: grant.boundary,
    MaxSessionDuration: grant.maxSessionSeconds,
    Tags: Object.entries(grant.tags).map(([Key, Value]) => ({ Key, Value })),
  })
  try {
    await persist(on.sleep, () => on.iam.send(command))
    return true
  } catch (error) {
    if (codeOf(error) === 'EntityAlreadyExists') return false
    throw error
  }
}

async function readRole(on: Work, grant: Grant): Promise<Role> {
  const notOurs = new RoleNotOurs(on.account, grant.roleName, 'a role outside the path has this name')
  try {
    const read = () => on.iam.send(new GetRoleCommand({ RoleName: on.name }))
    const { Role: role } = await persist(on.sleep, read, isUnseen)
    if (role?.Arn !== grant.roleArn) throw notOurs
    return role
  } catch (error) {
    // The app may read every role below its path, so this one lies elsewhere.
    throw codeOf(error) === 'AccessDenied' && (await isGone(on)) ? notOurs : error
  }
}

/** Tightens first, then completes; an ended grant is never brought back, only ended in full. */
async function completeRole(
  on: Work,
  grant: Grant,
  former: readonly Grant[],
  tell: TellFound | undefined,
): Promise<readonly string[]> {
  const role = await readRole(on, grant)
  const trust = decodePolicy(role.AssumeRolePolicyDocument)
  const policies = await readPolicies(on)
  const end = readEnd(trust) ?? readEnd(policies.get(ENDED))
  if (end) {
    if (!readEnd(trust) || !readEnd(policies.get(ENDED))) await denyRole(on, end)
    throw new GrantEnded(grant.roleArn, end)
  }
  const repairs = [
    ...repairsOfRole(on, grant, role, await listAttached(on)),
    ...[...policies].flatMap(([name, document]) => (name === PERMISSIONS ? [] : tighten(on, name, document))),
    // Before the policies: whoever is interrupted then sees the new end in the list, and mends the policies by it.
    ...(role.Description === grant.description ? [] : [{ mend: () => describeAnew(on, grant) }]),
    ...repairsOfPolicies(on, grant, former, trust, policies.get(PERMISSIONS)),
  ]
  const found = repairs.flatMap(({ found }) => found ?? [])
  if (found.length > 0) await tell?.(found)
  for (const { mend } of repairs) await mend()
  return found
}

/** `found`: what others did, as a sentence; none where it is the app that has more to write. */
interface Repair {
  readonly found?: string | undefined
  mend(): Promise<unknown>
}

function repairsOfRole(on: Work, grant: Grant, role: Role, attached: readonly string[]): readonly Repair[] {
  const isBounded = role.PermissionsBoundary?.PermissionsBoundaryArn === grant.boundary
  const boundary: Repair = {
    found: 'Its permissions boundary was not the one it was given, and was put back.',
    mend: () => putBoundary(on),
  }
  return [
    ...(isBounded ? [] : [boundary]),
    ...attached.map((arn) => ({
      found: `The policy ${arn} was attached to it, and was taken off.`,
      mend: () => detach(on, arn),
    })),
  ]
}

function repairsOfPolicies(
  on: Work,
  grant: Grant,
  former: readonly Grant[],
  trust: unknown,
  held: unknown,
): readonly Repair[] {
  const asWritten = (document: PolicyDocument) => withDeletedPrincipal(trust, document)
  const trusts = former.map(({ trustPolicy }) => asWritten(trustPolicy))
  const trustText = mend(trust, asWritten(grant.trustPolicy), trusts)
  const permitted = former.map(({ permissionPolicy }) => permissionPolicy)
  const permissions = mend(held, grant.permissionPolicy, permitted)
  const whatOthersDid = (known: boolean, sentence: string) => (known ? undefined : sentence)
  return [
    ...(trustText === undefined
      ? []
      : [
          {
            found: whatOthersDid(
              isOneOf(trusts, trust),
              'Its trust policy was not as it was written, and was mended.',
            ),
            mend: () => persist(on.sleep, () => putTrust(on, trustText)),
          },
        ]),
    ...(permissions === undefined
      ? []
      : [
          {
            found: whatOthersDid(
              isOneOf(permitted, held),
              'Its permission policy was not as it was written, and was mended.',
            ),
            mend: () => putPermissions(on, permissions),
          },
        ]),
  ]
}

/** What a list of roles, and the tags, say of an extended grant. */
async function describeAnew({ iam, sleep, name }: Work, grant: Grant): Promise<void> {
  const { description: Description, maxSessionSeconds: MaxSessionDuration, tags } = grant
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  await persist(sleep, () => iam.send(new TagRoleCommand({ RoleName: name, Tags })))
  const update = new UpdateRoleCommand({ RoleName: name, Description, MaxSessionDuration })
  await persist(sleep, () => iam.send(update))
}

function tighten(on: Work, name: string, document: unknown): readonly Repair[] {
  const fate = keepDenials(document)
  if (fate.kind === 'delete')
    return [
      {
        found: `The inline policy ${name} was put on it, and was taken off.`,
        mend: () => deletePolicy(on, name),
      },
    ]
  return [
    {
      found: `The inline policy ${name} was put on it; what it denies was left, since that may be meant to end the access.`,
      mend: async () => {
        if (fate.kind === 'replace') await putPolicy(on, name, fate.text)
      },
    },
  ]
}

/** Sessions in use die with the inline policy, so it comes first. */
async function denyRole(on: Work, { at, because }: End): Promise<void> {
  await unlessGone(on, async () => {
    try {
      await putDenial(on, policyText(endedPolicy(at, because)), DENIAL_REMEDIES)
    } catch (error) {
      // What can't be denied is at least emptied: taking away needs no boundary.
      await stripRole(on)
      throw error
    }
    await persist(on.sleep, () => putTrust(on, policyText(endedTrust(at, because))))
  })
}

/** What others may have done to a role so that its denial is refused, by IAM's code, and how to undo it. */
const DENIAL_REMEDIES = new Map<string, (on: Work) => Promise<unknown>>([
  // The app may write only behind the boundary: where somebody took it off, it goes back on.
  ['AccessDenied', putBoundary],
  // Other policies leave no room for the denial, which makes up for whatever they denied.
  ['LimitExceeded', stripRole],
])

async function putDenial(on: Work, text: string, remedies: typeof DENIAL_REMEDIES): Promise<void> {
  try {
    await persist(on.sleep, () => putPolicy(on, ENDED, text))
  } catch (error) {
    const code = codeOf(error)
    const remedy = remedies.get(code)
    if (!remedy) throw error
    await remedy(on)
    await putDenial(on, text, new Map([...remedies].filter(([other]) => other !== code)))
  }
}

/** Takes everything off a role but the denial; gives back whether there is one. */
async function stripRole(on: Work): Promise<boolean> {
  for (const arn of await listAttached(on)) await detach(on, arn)
  const names = await listPolicies(on)
  for (const name of names) if (name !== ENDED) await deletePolicy(on, name)
  return names.includes(ENDED)
}

/** What denies everything goes last, so that no session wakes up while the rest is taken away. */
async function removeRole(on: Work, roleArn: string): Promise<void> {
  await unlessGone(on, async () => {
    if (await stripRole(on)) await deletePolicy(on, ENDED)
    await persist(on.sleep, () => on.iam.send(new DeleteRoleCommand({ RoleName: on.name })))
  })
  await persist(
    on.sleep,
    async () => {
      if (!(await isGone(on))) throw new RoleStillThere(roleArn)
    },
    (error) => error instanceof RoleStillThere,
  )
}

async function readPolicies(on: Work): Promise<ReadonlyMap<string, unknown>> {
  const policies = new Map<string, unknown>()
  for (const name of await listPolicies(on)) {
    const answer = await on.iam.send(new GetRolePolicyCommand({ RoleName: on.name, PolicyName: name }))
    policies.set(name, decodePolicy(answer.PolicyDocument))
  }
  return policies
}

async function listPolicies({ iam, name }: Work): Promise<readonly string[]> {
  const names: string[] = []
  for await (const page of paginateListRolePolicies({ client: iam }, { RoleName: name }))
    names.push(...(page.PolicyNames ?? []))
  return names
}

/** Nothing is ever attached to a role of the app, so whatever is attached came from elsewhere. */
async function listAttached({ iam, name }: Work): Promise<readonly string[]> {
  const attached: string[] = []
  for await (const page of paginateListAttachedRolePolicies({ client: iam }, { RoleName: name }))
    attached.push(...(page.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []))
  return attached
}

function detach({ iam, name }: Work, arn: string): Promise<void> {
  return unlessMissing(() => iam.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn: arn })))
}

async function putPolicy({ iam, name }: Work, policy: string, text: string): Promise<void> {
  await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: policy, PolicyDocument: text }))
}

/** A role that was just made may be unknown for a moment to the part of IAM that is asked next. */
async function putPermissions(on: Work, text: string): Promise<void> {
  await persist(
    on.sleep,
    () => putPolicy(on, PERMISSIONS, text),
    (error) => isPassing(error) || isMissing(error),
  )
}

async function deletePolicy({ iam, name }: Work, policy: string): Promise<void> {
  await unlessMissing(() => iam.send(new DeleteRolePolicyCommand({ RoleName: name, PolicyName: policy })))
}

async function putTrust({ iam, name }: Work, text: string): Promise<void> {
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: name, PolicyDocument: text }))
}

async function putBoundary({ iam, name, account }: Work): Promise<void> {
  await iam.send(
    new PutRolePermissionsBoundaryCommand({ RoleName: name, PermissionsBoundary: account.boundary }),
  )
}

/** A role that is gone needs no more ending. */
async function unlessGone(on: Work, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    // NoSuchEntity may also be said of something else, such as the boundary.
    const mayBeGone = isMissing(error) || codeOf(error) === 'AccessDenied'
    if (!mayBeGone || !(await isGone(on))) throw error
  }
}

/** A policy that is off the role already need not be taken off. */
async function unlessMissing(action: () => Promise<unknown>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
