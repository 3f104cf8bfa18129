/** Reads which grants stand in an account for a repository: from ListRoles alone, but for roles that the app can't have written like this. */
import { GetAccountSummaryCommand, GetRoleCommand, type IAMClient } from '@aws-sdk/client-iam'
import type { Account } from '../core/account.ts'
import { isWithin } from '../core/boundary.ts'
import {
  type ForeignRole,
  parseAltered,
  parseStanding,
  type RoleFacts,
  readEnd,
  rolePathOf,
  type StandingGrant,
  type StrayRole,
} from '../core/grant.ts'
import { type GrantReader, type ListedRoles, Unreadable } from '../ports.ts'
import type { AccountClients } from './clients.ts'
import { listRoles } from './list-roles.ts'
import { statementsOf } from './policy-text.ts'
import { holdsDenial, readManaged } from './role.ts'

export interface GrantReaderOptions {
  readonly clients: AccountClients
  /** Hears of every role under the app's path that the app can't have written like this. */
  readonly onForeign: (role: ForeignRole, account: Account) => void
}

/** A boundary seldom changes; in milliseconds. */
const BOUNDARY_KNOWN_FOR = 5 * 60_000

type Statements = ReturnType<typeof statementsOf>

export function createGrantReader({ clients, onForeign }: GrantReaderOptions): GrantReader {
  const boundaries = new Map<string, { readonly at: number; readonly statements: Statements }>()

  return {
    async list(account, repositoryId) {
      try {
        return await clients.use(account, repositoryId, async (iam) => {
          const roles = await listRoles(iam, rolePathOf(repositoryId))
          return sorted(await Promise.all(roles.map((role) => read(iam, role, account))))
        })
      } catch (error) {
        throw new Unreadable(`the roles of account ${account.alias} (${account.id})`, error)
      }
    },
    async lastUse(account, { identity, roleName }) {
      try {
        return await clients.use(account, identity.repositoryId, async (iam) => {
          const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: roleName }))
          const { LastUsedDate: date, Region: region } = role?.RoleLastUsed ?? {}
          return date && region ? { at: Math.floor(date.getTime() / 1000), region } : undefined
        })
      } catch {
        // No end waits for it.
        return undefined
      }
    },
    async hasRoom(account, repositoryId) {
      try {
        return await clients.use(account, repositoryId, async (iam) => {
          const { SummaryMap: summary } = await iam.send(new GetAccountSummaryCommand())
          const { Roles: roles, RolesQuota: quota } = summary ?? {}
          return roles === undefined || quota === undefined ? undefined : roles < quota
        })
      } catch {
        // It is a warning to people, and nothing hangs on it.
        return undefined
      }
    },
    async isWithinBoundary(account, { identity, boundary, permissionPolicy }) {
      const last = boundaries.get(boundary)
      if (last === undefined || performance.now() - last.at > BOUNDARY_KNOWN_FOR) {
        try {
          const read = (iam: IAMClient) => readManaged(iam, boundary)
          const statements = statementsOf((await clients.use(account, identity.repositoryId, read))?.document)
          boundaries.set(boundary, { at: performance.now(), statements })
        } catch {
          // What was read last holds until it can be read again.
        }
      }
      const { statements = [] } = boundaries.get(boundary) ?? {}
      return statements.length === 0 ? undefined : isWithin(statements, permissionPolicy)
    },
  }

  async function read(iam: IAMClient, role: RoleFacts, account: Account): Promise<Reading> {
    const reading = parseStanding(role, account)
    if (reading.kind === 'standing') return reading.standing
    onForeign(reading.role, account)
    const altered = parseAltered(role, await tagsOf(iam, role), account)
    if (altered !== undefined) return altered
    return (await isOver(iam, role)) ? undefined : reading.role
  }
}

/** Undefined: it denies everything already, and is nobody's. */
type Reading = StandingGrant | StrayRole | undefined

function sorted(readings: readonly Reading[]): ListedRoles {
  const present = readings.filter((reading) => reading !== undefined)
  const isGrant = (reading: StandingGrant | StrayRole): reading is StandingGrant => 'identity' in reading
  return { grants: present.filter(isGrant), strays: present.filter((reading) => !isGrant(reading)) }
}

/** Where its denial can't be read it is as if there were none: to deny it once more does no harm. */
async function isOver(iam: IAMClient, { trustPolicy, roleName }: RoleFacts): Promise<boolean> {
  return readEnd(trustPolicy) !== undefined && holdsDenial(iam, roleName).catch(() => false)
}

/** ListRoles tells none. Where they can't be read it is as if there were none: the role is denied, whosever it was. */
async function tagsOf(iam: IAMClient, { roleName }: RoleFacts): Promise<Readonly<Record<string, string>>> {
  try {
    const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: roleName }))
    return Object.fromEntries((role?.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))
  } catch {
    return {}
  }
}
