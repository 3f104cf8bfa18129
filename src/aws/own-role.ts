/** The names of roles that the app may write to; only what was checked here is one, by type. */
import type { Account } from '../core/account.ts'
import { type Grant, roleOf, rolePathOf, type StrayRole } from '../core/grant.ts'
import { RoleNotOurs } from './failures.ts'

declare const checked: unique symbol
/** IAM addresses roles by name alone, whatever their path. */
export type OwnRoleName = string & { readonly [checked]: true }

/** Throws unless the role is the one of its request, in this account, under the app's path. */
export function ownRoleName(
  account: Account,
  role: Pick<Grant, 'identity' | 'rolePath' | 'roleName' | 'roleArn'>,
): OwnRoleName {
  const own = roleOf(role.identity, account)
  if (!/^\/daypass\/[0-9a-z]+\/$/.test(role.rolePath))
    throw new RoleNotOurs(account, role.roleArn, 'it is not under /daypass/')
  if (own.rolePath !== role.rolePath || own.roleName !== role.roleName || own.roleArn !== role.roleArn)
    throw new RoleNotOurs(account, role.roleArn, 'it is not the role of its request in this account')
  return role.roleName as OwnRoleName
}

/** The same for a role that is no request's: it has to lie under the path of the repository, or in a folder below it, in this account. */
export function strayRoleName(
  { id, partition, ...account }: Account,
  repositoryId: number,
  { roleName, roleArn }: StrayRole,
): OwnRoleName {
  const below = `arn:${partition}:iam::${id}:role${rolePathOf(repositoryId)}`
  if (!roleArn.startsWith(below) || roleArn.slice(roleArn.lastIndexOf('/') + 1) !== roleName)
    throw new RoleNotOurs(
      { id, partition, ...account },
      roleArn,
      'it is not under the path of this repository',
    )
  return roleName as OwnRoleName
}
