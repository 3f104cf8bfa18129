/** Who owns a path under the CODEOWNERS of a commit, every user and team looked up. */
import { ownersOf, parseCodeowners } from '../core/codeowners.ts'
import type { Owner, PathOwners, Person } from '../core/evidence.ts'
import type { Context } from './context.ts'
import { isNotFound } from './failures.ts'
import { permissionOf, personOf } from './people.ts'
import { readCodeowners } from './snapshot.ts'

/**
 * `seen` is a commit that the branch was found at: who asks by the same one may share what is being read, as that was asked
 * for after everything up to the commit had been merged.
 */
export async function readOwners(
  context: Context,
  commit: string,
  path: string,
  seen: string,
): Promise<PathOwners> {
  const codeowners = await readCodeowners(context, commit)
  if (!codeowners) return { owners: [] }
  const file = codeowners.path
  if (codeowners.text === undefined) return { file, owners: [] }
  const match = ownersOf(parseCodeowners(codeowners.text), path)
  if (!match) return { file, owners: [] }
  const owners = await Promise.all(
    match.owners.map((owner) => context.owners(`${seen} ${owner}`, async () => resolveOwner(context, owner))),
  )
  return { file, line: match.line, owners }
}

export function resolveOwner(context: Context, text: string): Promise<Owner> | Owner {
  if (!text.startsWith('@')) return { kind: 'email', text }
  const [name = '', team] = text.slice(1).split('/')
  return team === undefined ? resolveUser(context, text, name) : resolveTeam(context, text, name, team)
}

async function resolveUser(context: Context, text: string, login: string): Promise<Owner> {
  const found = await permissionOf(context, login)
  if (!found) return { kind: 'unresolved', text, why: 'GitHub knows no user of that name' }
  return { kind: 'user', text, ...found }
}

async function resolveTeam(context: Context, text: string, org: string, slug: string): Promise<Owner> {
  const { octokit, target, at, reads } = context
  const { teams } = octokit.rest
  if (org.toLowerCase() !== target.owner.toLowerCase()) {
    return { kind: 'unresolved', text, why: `only teams of ${target.owner} can own files here` }
  }
  const named = { org: target.owner, team_slug: slug }
  const [team, access, members] = await Promise.all([
    reads.maybe(`the team ${text}`, teams.getByName, named),
    reads.maybe(`the access of ${text} to ${at.owner}/${at.repo}`, teams.checkPermissionsForRepoInOrg, {
      ...named,
      ...at,
      // Without it the answer has no body.
      headers: { accept: 'application/vnd.github.v3.repository+json' },
    }),
    readMembers(context, text, named),
  ])
  if (!team || !members) {
    const why = 'there is no such team, or the app lacks the organization permission "Members: read"'
    return { kind: 'unresolved', text, why }
  }
  if (team.privacy === 'secret') return { kind: 'unresolved', text, why: 'a secret team cannot own files' }
  return {
    kind: 'team',
    text,
    canWrite: access?.permissions?.push === true,
    members,
  }
}

/** Those of child teams too; undefined where GitHub shows no such team. */
async function readMembers(
  { octokit, reads }: Context,
  text: string,
  named: { readonly org: string; readonly team_slug: string },
): Promise<Person[] | undefined> {
  try {
    const parameters = { ...named, per_page: 100 }
    const listed = await reads.all(
      `the members of ${text}`,
      octokit.rest.teams.listMembersInOrg,
      parameters,
      (page) => page,
    )
    return listed.map(personOf).filter((person) => person !== null)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
