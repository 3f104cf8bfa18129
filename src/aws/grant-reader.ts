/** Reads which grants stand in an account for a repository, from ListRoles alone. */
import { type IAMClient, paginateListRoles, type Role } from '@aws-sdk/client-iam'
import type { Account } from '../core/account.ts'
import { type ForeignRole, parseStanding, type RoleFacts, rolePathOf } from '../core/grant.ts'
import { type GrantReader, Unreadable } from '../ports.ts'
import type { AccountClients } from './clients.ts'
import { decodePolicy } from './policy-text.ts'

/** The most roles that IAM answers at once; it may answer fewer. */
const LARGEST_PAGE = 1000

export interface GrantReaderOptions {
  readonly clients: AccountClients
  /** Hears of every role under the app's path that the app can't have written like this; such a role is not touched. */
  readonly onForeign: (role: ForeignRole, account: Account) => void
}

export function createGrantReader({ clients, onForeign }: GrantReaderOptions): GrantReader {
  return {
    async list(account, repositoryId) {
      const roles = await clients
        .use(account, repositoryId, (iam) => listRoles(iam, rolePathOf(repositoryId)))
        .catch((error: unknown) => {
          throw new Unreadable(`the roles of account ${account.alias} (${account.id})`, error)
        })
      return roles.flatMap((role) => {
        const reading = parseStanding(role, account)
        if (reading.kind === 'standing') return [reading.standing]
        onForeign(reading.role, account)
        return []
      })
    },
  }
}

/** Every role under the path. It is also how to learn that one is gone: see `isGone` in grant-writer.ts. */
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
