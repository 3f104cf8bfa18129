/** Who somebody is, and what they may do in the repository. */
import type { Permission, Person } from '../core/evidence.ts'
import type { Context } from './context.ts'

interface Account {
  readonly id?: number
  readonly login?: string
  readonly type?: string
}

/** GitHub answers null, or an empty object, for an account that is gone or an e-mail that belongs to none. */
export function personOf(account: Account | null | undefined): Person | null {
  if (account?.id === undefined || account.login === undefined) return null
  // Organisations and placeholders of imported people are no persons either.
  return { id: account.id, login: account.login, kind: account.type === 'User' ? 'person' : 'bot' }
}

/** Whether it is the account of this very app. */
export function isApp({ target }: Context, user: Account | null | undefined): boolean {
  const account = personOf(user)
  return account?.kind === 'bot' && account.login === `${target.appSlug}[bot]`
}

/** What an account may do now; undefined where GitHub knows nobody of that login. */
export async function permissionOf(
  { octokit, target, at, reads }: Context,
  login: string,
): Promise<{ readonly person: Person | null; readonly permission: Permission } | undefined> {
  const answer = await reads.maybe(
    `the permission of ${login} on ${target.owner}/${target.repo}`,
    octokit.rest.repos.getCollaboratorPermissionLevel,
    { ...at, username: login },
  )
  if (!answer) return undefined
  return { person: personOf(answer.user), permission: permissionNamed(answer.role_name, answer.permission) }
}

/** A login may meanwhile belong to somebody else: only the id says that it is the same person. */
export async function permissionOfPerson(context: Context, person: Person | null): Promise<Permission> {
  if (!person) return 'none'
  const found = await permissionOf(context, person.login)
  return found?.person?.id === person.id ? found.permission : 'none'
}

/** A role that the organisation made up counts as the built-in one it stands on, which `permission` names. */
function permissionNamed(role: string, base: string): Permission {
  return toPermission(role) ?? toPermission(base) ?? 'none'
}

function toPermission(name: string): Permission | undefined {
  switch (name) {
    case 'none':
    case 'read':
    case 'triage':
    case 'write':
    case 'maintain':
    case 'admin':
      return name
    default:
      return undefined
  }
}
