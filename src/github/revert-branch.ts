/** The branch of a revert pull request: the head of the default branch, and one commit of the app that takes the file out. */
import type { Revert } from '../ports.ts'
import type { Context } from './context.ts'
import { statusOf, write } from './failures.ts'
import { personOf } from './people.ts'

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

/** Behind it the default branch may have been brought in some times. */
const MOST_COMMITS = 100

/** Whether merging `head` into the default branch would remove this file by the app's own receipt, and bring nothing else. */
export async function isOwnRemoval(
  context: Context,
  base: string,
  head: string,
  { identity, commitMessage }: Revert,
): Promise<boolean> {
  if (head === base) return false
  const { octokit, at, reads } = context
  const what = `what is between ${base} and ${head} of ${at.owner}/${at.repo}`
  const parameters = { ...at, basehead: `${base}...${head}`, per_page: MOST_COMMITS }
  const compare = octokit.rest.repos.compareCommitsWithBasehead
  const { files = [], commits, total_commits } = await reads.one(what, compare, parameters)
  const [file, ...others] = files
  if (others.length > 0 || file?.status !== 'removed' || file.filename !== identity.path) return false
  if (commits.length !== total_commits || !commits.every(({ author }) => isApp(context, author))) return false
  const [removal, ...more] = commits.filter(({ parents }) => parents.length === 1)
  return more.length === 0 && removal?.commit.message.trimEnd() === commitMessage.trimEnd()
}

export function isApp({ target }: Context, user: Parameters<typeof personOf>[0]): boolean {
  const account = personOf(user)
  return account?.kind === 'bot' && account.login === `${target.appSlug}[bot]`
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

async function createBranch({ octokit, at }: Context, branch: string, sha: string): Promise<void> {
  await write(`creating the branch ${branch} of ${at.owner}/${at.repo}`, () =>
    octokit.rest.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha }),
  )
}

/** In one move, so that a pull request from the branch is at no time without a change. */
async function replaceHead(
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
