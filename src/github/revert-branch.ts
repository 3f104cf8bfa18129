/** The branch of a revert pull request: the head of the default branch, and one commit of the app that takes the file out. */
import type { Revert } from '../ports.ts'
import type { Context } from './context.ts'
import { statusOf, write } from './failures.ts'

/** Returns the branch's head. Goes on wherever an earlier run was cut off; `base` still holds the ended bytes. */
export async function ensureRevertBranch(context: Context, base: string, revert: Revert): Promise<string> {
  const standing = await branchHead(context, revert.branch)
  if (standing !== undefined && (await takesOutOnly(context, base, standing, revert.identity.path)))
    return standing
  if (standing === undefined) await createBranch(context, revert.branch, base)
  else if (standing !== base) await resetBranch(context, revert.branch, base)
  return commitRemoval(context, revert)
}

/** Whether merging `head` into the default branch would remove this file and do nothing else. */
export async function takesOutOnly(
  context: Context,
  base: string,
  head: string,
  path: string,
): Promise<boolean> {
  if (head === base) return false
  const { octokit, at, reads } = context
  const what = `the files between ${base} and ${head} of ${at.owner}/${at.repo}`
  const parameters = { ...at, basehead: `${base}...${head}`, per_page: 1 }
  const { files = [] } = await reads.one(what, octokit.rest.repos.compareCommitsWithBasehead, parameters)
  const [file, ...others] = files
  return others.length === 0 && file?.status === 'removed' && file.filename === path
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

async function resetBranch({ octokit, at }: Context, branch: string, sha: string): Promise<void> {
  await write(`setting the branch ${branch} of ${at.owner}/${at.repo} back`, () =>
    octokit.rest.git.updateRef({ ...at, ref: `heads/${branch}`, sha, force: true }),
  )
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
