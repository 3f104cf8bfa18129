/** Branches of a repository, and which of them the start of an address names. */
import type { Octokit } from '@octokit/rest'
import { NothingHere, type Place } from './visit.ts'

export interface Branch {
  readonly name: string
  readonly sha: string
}

export async function branchesOf(github: Octokit, at: Place): Promise<readonly Branch[]> {
  const refs = await github.paginate(github.git.listMatchingRefs, { ...at, ref: 'heads/' })
  return refs.map(({ ref, object }) => ({ name: ref.slice('refs/heads/'.length), sha: object.sha }))
}

export async function defaultBranchOf(github: Octokit, at: Place): Promise<string> {
  return (await github.repos.get(at)).data.default_branch
}

export interface Revision {
  /** A branch, or a commit's name. */
  readonly name: string
  readonly isBranch: boolean
  /** What follows it in the address. */
  readonly path: string
}

/** Branches have slashes in their names, so the longest that fits is meant. */
export function splitRevision(branches: readonly Branch[], address: string): Revision {
  const named = branches
    .map(({ name }) => name)
    .filter((name) => address === name || address.startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length)[0]
  const name = named ?? address.split('/')[0]
  if (!name) throw new NothingHere()
  return { name, isBranch: named !== undefined, path: address.slice(name.length + 1).replace(/\/$/, '') }
}
