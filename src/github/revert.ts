/** The pull request that takes an ended request's file out of the default branch: opened once, merged where the app may. */
import type { RevertShown } from '../core/comment.ts'
import type { RequestIdentity } from '../core/grant.ts'
import { REVERT_BRANCHES, revertBranch } from '../core/revert-texts.ts'
import { type Revert, type RevertState, Unreadable } from '../ports.ts'
import type { Context, Octokit } from './context.ts'
import { statusOf, write } from './failures.ts'
import { isApp } from './people.ts'
import { readPull } from './pulls.ts'
import { deleteBranch, ensureRevertBranch, isOwnRemoval, replaceHead } from './revert-branch.ts'

export async function openRevert(context: Context, revert: Revert): Promise<RevertState> {
  const { git, target } = context
  const [base, known] = await Promise.all([
    git.head(target.defaultBranch),
    findRevert(context, revert.branch),
  ])
  if (!(await holdsEndedBytes(context, base, revert))) {
    return known?.state.kind === 'merged' ? known.state : { kind: 'not-needed' }
  }
  if (known?.state.kind === 'closed' || (known?.state.kind === 'open' && !known.isOwn)) return known.state
  const headSha = await ensureRevertBranch(context, base, revert)
  if (known?.state.kind === 'open') return { ...known.state, headSha }
  // Merged before, and yet the file is there again: the branch was set back, so it is taken out once more.
  return createPull(context, revert, headSha)
}

/** The merge is bound to the head that was looked at, so that a push in between makes it fail. */
export async function mergeRevert(
  context: Context,
  state: RevertState & { kind: 'open' },
  revert: Revert,
): Promise<'merged' | 'waiting'> {
  const { git, target } = context
  const base = await git.head(target.defaultBranch)
  const [ended, methods, ours] = await Promise.all([
    holdsEndedBytes(context, base, revert),
    mergeMethods(context),
    isOwnRemoval(context, base, state.headSha, revert),
  ])
  if (!ended || !ours) return 'waiting'
  for (const method of methods) {
    const tried = await merge(context, state, method, revert)
    if (tried === 'not this way') continue
    if (tried === 'refused') break
    await deleteBranch(context, revert.branch)
    return 'merged'
  }
  await catchUp(context, base, state, revert)
  return 'waiting'
}

/**
 * Only where the branch is still what was merged: somebody may have gone on from there. Anybody can make any number of such
 * branches, so none is asked about: all are held against the pull requests of which something was heard last.
 */
export async function tidyReverts(context: Context): Promise<void> {
  const { octokit, target, at, reads } = context
  const what = `the branches of revert pull requests of ${at.owner}/${at.repo}`
  const parameters = { ...at, ref: `heads/${REVERT_BRANCHES}` }
  const refs = await reads.all(what, octokit.rest.git.listMatchingRefs, parameters, (page) => page)
  if (refs.length === 0) return
  const pulls = await reads.one(
    `the newest pull requests of ${at.owner}/${at.repo}`,
    octokit.rest.pulls.list,
    {
      ...at,
      base: target.defaultBranch,
      state: 'all',
      sort: 'updated',
      direction: 'desc',
      per_page: 100,
    } as const,
  )
  for (const { ref, object } of refs) {
    const branch = ref.slice('refs/heads/'.length)
    const known = newestRevert(context, branch, pulls)
    if (known?.isOwn && known.state.kind === 'merged' && known.headSha === object.sha)
      await deleteBranch(context, branch)
  }
}

async function holdsEndedBytes(
  { git }: Context,
  commit: string,
  { identity, blob }: Revert,
): Promise<boolean> {
  const file = await git.fileAt(commit, identity.path)
  return file !== 'missing' && file.blob === blob
}

interface KnownRevert {
  readonly state: Exclude<RevertState, { kind: 'not-needed' }>
  /** Whether the app opened it. */
  readonly isOwn: boolean
  readonly headSha: string
}

async function findRevert(context: Context, branch: string): Promise<KnownRevert | undefined> {
  const { octokit, target, at, reads } = context
  const what = `the revert pull requests from ${branch} of ${at.owner}/${at.repo}`
  const parameters = {
    ...at,
    head: `${at.owner}:${branch}`,
    base: target.defaultBranch,
    state: 'all' as const,
    per_page: 100,
  }
  const pulls = await reads.all(what, octokit.rest.pulls.list, parameters, (page) => page)
  return newestRevert(context, branch, pulls)
}

type Pull = Awaited<ReturnType<Octokit['rest']['pulls']['list']>>['data'][number]

/**
 * The newest pull request from this branch. One that somebody else opened and closed is none of ours: it must not keep
 * the app from opening its own; while it is open GitHub allows no second one, and what it holds is checked at the merge.
 */
function newestRevert(context: Context, branch: string, pulls: readonly Pull[]): KnownRevert | undefined {
  const { target } = context
  const [newest] = pulls
    .filter(
      ({ head, base }) =>
        head.ref === branch && head.repo?.id === target.id && base.ref === target.defaultBranch,
    )
    .filter(({ state, user }) => state === 'open' || isApp(context, user))
    .sort((a, b) => b.number - a.number)
  if (!newest) return undefined
  const { number: pull, state, head, merged_at } = newest
  return {
    isOwn: isApp(context, newest.user),
    headSha: head.sha,
    state:
      state === 'open'
        ? { kind: 'open', pull, headSha: head.sha }
        : { kind: merged_at ? 'merged' : 'closed', pull },
  }
}

/** The pull request by which the app takes the file of a request out; undefined where it opened none. */
export async function shownRevert(
  context: Context,
  identity: RequestIdentity,
): Promise<RevertShown | undefined> {
  const known = await findRevert(context, revertBranch(identity))
  return known && { kind: known.state.kind, pull: known.state.pull }
}

async function createPull(context: Context, revert: Revert, headSha: string): Promise<RevertState> {
  const { octokit, target, at } = context
  const { branch, title, body } = revert
  return write(`opening the pull request from ${branch} of ${at.owner}/${at.repo}`, async () => {
    try {
      const { data } = await octokit.rest.pulls.create({
        ...at,
        head: branch,
        base: target.defaultBranch,
        title,
        body,
      })
      return { kind: 'open', pull: data.number, headSha }
    } catch (error) {
      // Another replica may have opened it in between.
      const found = statusOf(error) === 422 ? await findRevert(context, branch) : undefined
      if (found?.state.kind === 'open') return found.state
      throw error
    }
  })
}

type MergeMethod = 'merge' | 'rebase' | 'squash'

/** The best first: a merge keeps the app's signed commit as it is; a squash carries the receipt in its message. */
async function mergeMethods({ octokit, at, reads }: Context): Promise<readonly MergeMethod[]> {
  const what = `the ways of merging that ${at.owner}/${at.repo} allows`
  const repository = await reads.one(what, octokit.rest.repos.get, at)
  const methods = [
    ...(repository.allow_merge_commit === false ? [] : ['merge' as const]),
    ...(repository.allow_rebase_merge === false ? [] : ['rebase' as const]),
    ...(repository.allow_squash_merge === false ? [] : ['squash' as const]),
  ]
  if (methods.length === 0) throw new Unreadable(what, 'it allows none; switch one on in the settings')
  return methods
}

/** Of the branch's own rules the settings tell nothing, such as one that wants a linear history. */
const NOT_THIS_WAY = /merge commits|linear history|merge method|(?:merges|merging) (?:is|are) not allowed/i

/** Refused where the rules want something first (405), or the pull request is not what it was (409). */
async function merge(
  { octokit, at }: Context,
  { pull, headSha }: RevertState & { kind: 'open' },
  method: MergeMethod,
  { commitMessage }: Revert,
): Promise<'merged' | 'refused' | 'not this way'> {
  const [subject = '', ...rest] = commitMessage.split('\n')
  const message = method === 'squash' ? { commit_title: subject, commit_message: rest.join('\n').trim() } : {}
  return write(`merging the revert pull request #${pull} of ${at.owner}/${at.repo}`, async () => {
    try {
      const { data } = await octokit.rest.pulls.merge({
        ...at,
        pull_number: pull,
        sha: headSha,
        merge_method: method,
        ...message,
        // Asking again in a second would not change the rules' mind.
        request: { retries: 0 },
      })
      return data.merged ? 'merged' : 'refused'
    } catch (error) {
      if (statusOf(error) === 405 && error instanceof Error && NOT_THIS_WAY.test(error.message))
        return 'not this way'
      if (statusOf(error) === 405 || statusOf(error) === 409) return 'refused'
      throw error
    }
  })
}

/** Begins anew at the default branch where the rules want it up to date, so that the checks run and a later try goes through. */
async function catchUp(
  context: Context,
  base: string,
  { pull, headSha }: RevertState & { kind: 'open' },
  revert: Revert,
): Promise<void> {
  const { mergeable_state, head } = await readPull(context, pull)
  if (head.sha !== headSha || (mergeable_state !== 'behind' && mergeable_state !== 'dirty')) return
  await replaceHead(context, base, revert)
}
