/** How commits of the default branch follow one another. */
import { Unreadable } from '../ports.ts'
import type { Context } from './context.ts'
import { isNotFound } from './failures.ts'

/** By commit. */
export type Parents = ReadonlyMap<string, readonly string[]>

/**
 * The way from one commit to a later one along first parents, both included; undefined where it does not lead there.
 * GitHub answers 404 for two commits without a common past, and for one that it does not have.
 */
export async function firstParents(
  context: Context,
  from: string,
  to: string,
): Promise<string[] | undefined> {
  const known = knownWay(context, from, to)
  if (known) return known
  const parents = await parentsBetween(context, from, to)
  return wayBack(from, to, (commit) => parents?.get(commit))
}

/**
 * The same, where `to` is the branch's head: of a way that was known up to an earlier head only the rest is asked for, once
 * for all that ask.
 */
export async function lineTo(context: Context, from: string, to: string): Promise<string[] | undefined> {
  const { line } = context
  const { end } = line
  if (end !== undefined && !knownWay(context, from, to) && knownWay(context, from, end))
    // What this does not tell is asked for below.
    await parentsBetween(context, end, to).catch(() => undefined)
  const way = await firstParents(context, from, to)
  line.end = to
  return way
}

/** Parents never change, so what is known of them proves a way; that no way is known proves nothing. */
function knownWay({ git }: Context, from: string, to: string): string[] | undefined {
  return wayBack(from, to, (commit) => git.known(commit)?.parents)
}

function wayBack(
  from: string,
  to: string,
  parentsOf: (commit: string) => readonly string[] | undefined,
): string[] | undefined {
  const way = [to]
  for (let commit: string | undefined = to; commit !== from; ) {
    commit = parentsOf(commit)?.[0]
    if (commit === undefined) return undefined
    way.push(commit)
  }
  return way.reverse()
}

/** The later commit and all that lead to it from the earlier one, whichever parent was taken; none where it is no later one. */
export async function following(context: Context, from: string, to: string): Promise<ReadonlySet<string>> {
  const found = new Set([from])
  if (from === to) return found
  const parents = [...((await parentsBetween(context, from, to)) ?? [])]
  for (let size = 0; size < found.size; ) {
    size = found.size
    for (const [commit, of] of parents) if (of.some((parent) => found.has(parent))) found.add(commit)
  }
  return found.has(to) ? found : new Set()
}

/** By commit, for all that the later one has and the earlier one has not. */
async function parentsBetween(context: Context, from: string, to: string): Promise<Parents | undefined> {
  try {
    return await context.between(`${from}...${to}`, () => readParents(context, from, to))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

async function readParents({ octokit, at, reads, git }: Context, from: string, to: string): Promise<Parents> {
  const what = `the commits between ${from} and ${to} of ${at.owner}/${at.repo}`
  const parameters = { ...at, basehead: `${from}...${to}`, per_page: 100 }
  const compare = octokit.rest.repos.compareCommitsWithBasehead
  const commits = await reads.allOnce(what, compare, parameters, (page) => page.commits)
  for (const commit of commits) git.learn(commit)
  return new Map(commits.map(({ sha, parents }) => [sha, parents.map((parent) => parent.sha)]))
}

/** Whether a commit is the other, or follows it. */
export async function contains(context: Context, commit: string, earlier: string): Promise<boolean> {
  if (commit === earlier) return true
  const { octokit, at, reads, git } = context
  const what = `whether ${commit} follows ${earlier} in ${at.owner}/${at.repo}`
  const parameters = { ...at, basehead: `${earlier}...${commit}`, per_page: 1 }
  const answer = await reads.maybe(what, octokit.rest.repos.compareCommitsWithBasehead, parameters)
  if (answer) return answer.status === 'ahead' || answer.status === 'identical'
  for (const sha of [commit, earlier]) {
    if (!(await git.knows(sha))) throw new Unreadable(what, `GitHub does not have the commit ${sha} any more`)
  }
  return false
}
