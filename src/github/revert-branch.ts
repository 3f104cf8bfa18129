/** The branch of a revert pull request: the head of the default branch, and one commit of the app that takes the file out. */
import type { Revert } from '../ports.ts'
import type { Context } from './context.ts'
import { statusOf, write } from './failures.ts'
import { isApp } from './people.ts'

/**
 * Returns the branch's head. Goes on wherever an earlier run was cut off; `base` still holds the ended bytes. The branch's
 * name can be worked out by anybody, so what stands there is taken only where it is the app's own commit.
 */
export async function ensureRevertBranch(context: Context, base: string, revert: Revert): Promise<string> {
  const standing = await branchHead(context, revert.branch)
  if (standing === undefined) await createBranch(context, revert.branch, base)
  if (standing === undefined || standing === base) return commitRemoval(context, revert)
  return (await isOwnRemoval(context, base, standing, revert)) ? standing : replaceHead(context, base, revert)
}

/**
 * Whether merging `head` into the default branch removes this file by the app's own receipt, and does nothing else: one
 * commit, upon one of the default branch's own. Where the two have more than one common ancestor, GitHub's comparison
 * goes by one of them and its merge by all.
 */
export async function isOwnRemoval(
  context: Context,
  base: string,
  head: string,
  { identity, commitMessage }: Revert,
): Promise<boolean> {
  if (head === base) return false
  const { octokit, at, reads } = context
  const what = `what is between ${base} and ${head} of ${at.owner}/${at.repo}`
  const parameters = { ...at, basehead: `${base}...${head}`, per_page: 2 }
  const compare = octokit.rest.repos.compareCommitsWithBasehead
  const { files = [], commits, total_commits, merge_base_commit } = await reads.one(what, compare, parameters)
  const [removal] = commits
  const [file, ...others] = files
  if (total_commits !== 1 || removal === undefined || !isApp(context, removal.author)) return false
  if (removal.parents.length !== 1 || removal.parents[0]?.sha !== merge_base_commit.sha) return false
  if (others.length > 0 || file?.status !== 'removed' || file.filename !== identity.path) return false
  return removal.commit.message.trimEnd() === commitMessage.trimEnd()
}

export async function deleteBranch({ octokit, at }: Context, branch: string): Promise<void> {
  await write(`deleting the branch ${branch} of ${at.owner}/${at.repo}`, () =>
    octokit.rest.git.deleteRef({ ...at, ref: `heads/${branch}` }).catch((error: unknown) => {
      // GitHub may have deleted it by itself after the merge.
      if (statusOf(error) !== 422 && statusOf(error) !== 404) throw error
    }),
  )
}

async function branchHead({ octokit, at, reads }: Context, branch: string): Promise<string | undefined> {
  const what = `the branch ${branch} of ${at.owner}/${at.repo}`
  const ref = await reads.maybe(what, octokit.rest.git.getRef, { ...at, ref: `heads/${branch}` })
  return ref?.object.sha
}

async function createBranch(context: Context, branch: string, sha: string): Promise<void> {
  const { octokit, at } = context
  const create = () => octokit.rest.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha })
  await write(`creating the branch ${branch} of ${at.owner}/${at.repo}`, () =>
    create().catch(async (error: unknown) => {
      // Git takes no branch whose name another one's goes on from.
      const status = statusOf(error)
      if ((status !== 409 && status !== 422) || !(await deleteBelow(context, branch))) throw error
      return create()
    }),
  )
}

/** The name is the app's, so nobody else has anything to keep below it. Says whether there was anything. */
async function deleteBelow(context: Context, branch: string): Promise<boolean> {
  const { octokit, at, reads } = context
  const what = `the branches below ${branch} of ${at.owner}/${at.repo}`
  const parameters = { ...at, ref: `heads/${branch}/` }
  const refs = await reads.all(what, octokit.rest.git.listMatchingRefs, parameters, (page) => page)
  for (const { ref } of refs) await deleteBranch(context, ref.slice('refs/heads/'.length))
  return refs.length > 0
}

/** In one move, so that a pull request from the branch is at no time without a change. */
export async function replaceHead(
  { octokit, at }: Context,
  base: string,
  { branch, identity, commitMessage }: Revert,
): Promise<string> {
  const { git } = octokit.rest
  return write(`putting the app's own commit on the branch ${branch} of ${at.owner}/${at.repo}`, async () => {
    const { data: from } = await git.getCommit({ ...at, commit_sha: base })
    const removed = { path: identity.path, mode: '100644' as const, type: 'blob' as const, sha: null }
    const { data: tree } = await git.createTree({ ...at, base_tree: from.tree.sha, tree: [removed] })
    const commit = { message: commitMessage, tree: tree.sha, parents: [base] }
    const { data: made } = await git.createCommit({ ...at, ...commit })
    await git.updateRef({ ...at, ref: `heads/${branch}`, sha: made.sha, force: true })
    return made.sha
  })
}

/** No author is named, so that GitHub signs the commit as the app's. */
async function commitRemoval(
  { octokit, at }: Context,
  { identity, branch, blob, commitMessage }: Revert,
): Promise<string> {
  const { path } = identity
  return write(`taking ${path} out on the branch ${branch} of ${at.owner}/${at.repo}`, async () => {
    const { data } = await octokit.rest.repos.deleteFile({
      ...at,
      path,
      branch,
      sha: blob,
      message: commitMessage,
    })
    if (data.commit.sha === undefined) throw new Error('GitHub does not say which commit it made')
    return data.commit.sha
  })
}
