/** Which roles there are under a path, as ListRoles alone tells it. */
import { type IAMClient, paginateListRoles, type Role } from '@aws-sdk/client-iam'
import type { RoleFacts } from '../core/grant.ts'
import { decodePolicy } from './policy-text.ts'

/** The most roles that IAM answers at once; it may answer fewer. */
const LARGEST_PAGE = 1000

/** Every role under the path. It is also how to learn that one is gone: see `isGone` in role.ts. */
export async function listRoles(iam: IAMClient, path: string): Promise<readonly RoleFacts[]> {
  const roles: RoleFacts[] = []
  for await (const page of paginateListRoles({ client: iam, pageSize: LARGEST_PAGE }, { PathPrefix: path })) {
    // An answer without its list is no empty list.
    if (!page.Roles) throw new Error('ListRoles answered no list')
    roles.push(...page.Roles.map(factsOf))
  }
  return roles
}

function factsOf(role: Role): RoleFacts {
  const { Path: path = '', RoleName: roleName = '', Arn: arn = '' } = role
  return {
    path,
    roleName,
    arn,
    description: role.Description,
    trustPolicy: decodePolicy(role.AssumeRolePolicyDocument),
  }
}
