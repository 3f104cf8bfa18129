/** Turns what a caller wrote for a commit (branch, tag, full or short sha) into a commit. */
import { notFound, Refused } from './failure.ts'
import { isSafeRefName } from './git.ts'
import type { Commit } from './git-objects.ts'
import type { Repository } from './world.ts'

const SHA = /^[0-9a-f]{40}$/
const SHORT_SHA = /^[0-9a-f]{7,39}$/

export function isSha(text: string): boolean {
  return SHA.test(text)
}

export async function resolveCommit(repository: Repository, name: string): Promise<Commit | undefined> {
  const { git } = repository
  if (isSha(name)) return git.commit(name)
  if (!isSafeRefName(name)) return undefined
  for (const ref of [
    name === 'HEAD' ? `refs/heads/${repository.defaultBranch}` : name,
    `refs/${name}`,
    `refs/heads/${name}`,
    `refs/tags/${name}`,
  ]) {
    if (!/^refs\/(heads|tags|pull)\//.test(ref)) continue
    const sha = await git.refSha(ref)
    if (sha !== undefined) return git.commit(sha)
  }
  return SHORT_SHA.test(name) ? git.commit(name) : undefined
}

export async function commitNamed(repository: Repository, name: string): Promise<Commit> {
  const commit = await resolveCommit(repository, name)
  if (!commit) throw new Refused(422, `No commit found for SHA: ${name}`)
  return commit
}

export async function commitOrNotFound(repository: Repository, name: string): Promise<Commit> {
  const commit = await resolveCommit(repository, name)
  if (!commit) throw notFound()
  return commit
}
