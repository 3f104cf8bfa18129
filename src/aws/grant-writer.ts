/** Writes grants to IAM, ends them and removes them; every step may be repeated, and none touches a role that is not the app's own. */
import { CreateRoleCommand, DeleteRoleCommand, GetRoleCommand, type Role } from '@aws-sdk/client-iam'
import type { Account } from '../core/account.ts'
import {
  type End,
  endedPolicy,
  endedTrust,
  type Grant,
  policyText,
  readEnd,
  rolePathOf,
  type StandingGrant,
} from '../core/grant.ts'
import type { GrantWriter, TellFound } from '../ports.ts'
import type { AccountClients } from './clients.ts'
import {
  codeOf,
  GrantEnded,
  isMissing,
  isUnknownPrincipal,
  PrincipalNotFound,
  RoleGone,
  RoleNotOurs,
  RoleStillThere,
} from './failures.ts'
import { ownRoleName, strayRoleName } from './own-role.ts'
import { isPassing, isUnseen, persist, type Sleep } from './patience.ts'
import { decodePolicy } from './policy-text.ts'
import { closedBy, repairsOf, sentencesOf } from './repairs.ts'
import {
  deletePolicy,
  detach,
  ENDED,
  holdsDenial,
  isGone,
  listAttached,
  listPolicies,
  type Managed,
  markEnded,
  putBoundary,
  putPermissions,
  putPolicy,
  putTrust,
  readManaged,
  readMark,
  readPolicies,
  SESSIONS,
  tagList,
  type Work,
} from './role.ts'

export interface GrantWriterOptions {
  readonly clients: AccountClients
  readonly sleep: Sleep
  /** Seconds since the epoch. */
  readonly now: () => number
}

export function createGrantWriter({ clients, sleep, now }: GrantWriterOptions): GrantWriter {
  function work<Result>(
    account: Account,
    role: Pick<Grant, 'identity' | 'rolePath' | 'roleName' | 'roleArn'>,
    task: (on: Work) => Promise<Result>,
  ): Promise<Result> {
    const name = ownRoleName(account, role)
    const { repositoryId } = role.identity
    const path = rolePathOf(repositoryId)
    return clients.use(account, repositoryId, (iam) => task({ iam, sleep, now, account, path, name }))
  }

  return {
    async write(account, grant, former, tell) {
      return work(account, grant, (on) => writeGrant(on, grant, former, tell))
    },
    async deny(account, standing, at, because) {
      await work(account, standing, async (on) => {
        // Its trust policy alone says that it is ended; sessions in use are kept out by the denial.
        const isOver = standing.state.kind === 'ended' && (await holdsDenial(on.iam, on.name))
        if (!isOver) await denyRole(on, { at, because })
      })
    },
    async denyStray(account, repositoryId, stray, at) {
      const name = strayRoleName(account, repositoryId, stray)
      const path = rolePathOf(repositoryId)
      await clients.use(account, repositoryId, (iam) =>
        denyRole({ iam, sleep, now, account, path, name }, { at, because: 'role-altered' }),
      )
    },
    async remove(account, standing) {
      await work(account, standing, (on) => removeRole(on, standing))
    },
  }
}

async function writeGrant(
  on: Work,
  grant: Grant,
  former: readonly Grant[] | undefined,
  tell: TellFound | undefined,
): Promise<void> {
  try {
    // Only what was never there is made: a role that is gone since it was listed is somebody's early end.
    const isNew = former === undefined && (await createRole(on, grant))
    if (!isNew) return await completeRole(on, grant, former, tell)
    await putPermissions(on, policyText(grant.permissionPolicy))
  } catch (error) {
    throw isUnknownPrincipal(error) ? new PrincipalNotFound(on.account, on.name, error) : error
  }
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
    Tags: tagList(grant),
  })
  try {
    await persist(on.sleep, () => on.iam.send(command))
    return true
  } catch (error) {
    if (codeOf(error) === 'EntityAlreadyExists') return false
    throw error
  }
}

async function readRole(on: Work, grant: Grant, wasListed: boolean): Promise<Role> {
  const notOurs = new RoleNotOurs(on.account, grant.roleName, 'a role outside the path has this name')
  try {
    const read = () => on.iam.send(new GetRoleCommand({ RoleName: on.name }))
    const { Role: role } = await persist(on.sleep, read, isUnseen)
    if (role?.Arn !== grant.roleArn) throw notOurs
    return role
  } catch (error) {
    if (!isUnseen(error) || !(await isGone(on))) throw error
    // The app may read every role below its path: one whose name is taken, but that is not listed there, lies elsewhere.
    throw wasListed ? new RoleGone(grant.roleArn) : notOurs
  }
}

/** Tightens first, then completes; an ended grant is never brought back, only ended in full. */
async function completeRole(
  on: Work,
  grant: Grant,
  former: readonly Grant[] | undefined,
  tell: TellFound | undefined,
): Promise<void> {
  const role = await readRole(on, grant, former !== undefined)
  const trust = decodePolicy(role.AssumeRolePolicyDocument)
  const policies = await readPolicies(on)
  const end = readEnd(trust) ?? readEnd(policies.get(ENDED)) ?? readMark(role)
  if (end) {
    if (!readEnd(trust) || !readEnd(policies.get(ENDED))) await denyRole(on, end)
    throw new GrantEnded(grant.roleArn, end)
  }
  const arns = await listAttached(on)
  const closed = closedBy(on, grant, role, arns)
  if (closed.length > 0) await endAltered(on, grant, closed, tell)
  const { attached, unread } = await readAttached(on, arns)
  const repairs = repairsOf(on, grant, former ?? [], { role, attached, policies })
  const found = sentencesOf(repairs)
  const isMended = repairs.some(({ done }) => done !== undefined)
  if (found.length > 0) await tell?.(found, isMended)
  const left = new Set(repairs)
  try {
    for (const repair of repairs) {
      await repair.mend()
      left.delete(repair)
    }
  } catch (error) {
    if (!isMended || !isRefusedForGood(error)) throw error
    // What others opened would stand open until the end of the window.
    await endAltered(on, grant, [...sentencesOf(repairs, left), NOT_PUT_BACK], tell)
  }
  if (unread !== undefined) throw unread
}

/** One that could not be read just now keeps nothing else from being mended. */
async function readAttached(
  on: Work,
  arns: readonly string[],
): Promise<{ readonly attached: ReadonlyMap<string, Managed | undefined>; readonly unread?: unknown }> {
  const attached = new Map<string, Managed | undefined>()
  let unread: unknown
  await Promise.all(
    arns.map(async (arn) => {
      try {
        attached.set(arn, await readManaged(on.iam, arn))
      } catch (error) {
        // It was taken off and deleted since.
        if (!isMissing(error)) unread = error
      }
    }),
  )
  return { attached, unread }
}

const NOT_PUT_BACK = 'The role could not be put back as it was approved, which ended the access.'

/** What others denied leaves no room for the app's own, or whom it is for is gone. */
function isRefusedForGood(error: unknown): boolean {
  return codeOf(error) === 'LimitExceeded' || isUnknownPrincipal(error)
}

async function endAltered(
  on: Work,
  grant: Grant,
  found: readonly string[],
  tell: TellFound | undefined,
): Promise<never> {
  const end = { at: on.now(), because: 'role-altered' } as const
  await tell?.(found, true)
  // To deny it may take what shows that it is to be ended, such as the boundary: whoever goes on after an interruption sees the mark.
  await markEnded(on, end).catch((error: unknown) => {
    // Others may have used up the tags: it ends all the same.
    if (codeOf(error) !== 'LimitExceeded') throw error
  })
  await denyRole(on, end)
  throw new GrantEnded(grant.roleArn, end)
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
    await putTrust(on, policyText(endedTrust(at, because)))
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
    // What was just made may be unknown for a moment, which is not to be taken for gone.
    await persist(
      on.sleep,
      () => putPolicy(on, ENDED, text),
      (error) => isPassing(error) || isMissing(error),
    )
  } catch (error) {
    const code = codeOf(error)
    const remedy = remedies.get(code)
    if (!remedy) throw error
    await remedy(on)
    await putDenial(on, text, new Map([...remedies].filter(([other]) => other !== code)))
  }
}

/** Takes everything off a role but the denial, what closes sessions last; gives back whether there is one. */
async function stripRole(on: Work): Promise<boolean> {
  for (const arn of await listAttached(on)) await detach(on, arn)
  const names = await listPolicies(on)
  const others = names.filter((name) => name !== ENDED && name !== SESSIONS)
  for (const name of others) await deletePolicy(on, name)
  if (names.includes(SESSIONS)) await deletePolicy(on, SESSIONS)
  return names.includes(ENDED)
}

/** What denies everything goes last, so that no session wakes up while the rest is taken away. */
async function removeRole(on: Work, { roleArn, state, window }: StandingGrant): Promise<void> {
  await unlessGone(on, async () => {
    if (await stripRole(on)) await deletePolicy(on, ENDED)
    try {
      await persist(on.sleep, () => on.iam.send(new DeleteRoleCommand({ RoleName: on.name })))
    } catch (error) {
      // Others hold it, such as by an instance profile: what stays goes on denying everything.
      await denyRole(on, state.kind === 'ended' ? state : { at: window.end, because: 'expired' })
      throw error
    }
  })
  await persist(
    on.sleep,
    async () => {
      if (!(await isGone(on))) throw new RoleStillThere(roleArn)
    },
    (error) => error instanceof RoleStillThere,
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
