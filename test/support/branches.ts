/** What people do in git at GitHub beyond opening one request: commits of any shape, pull requests from anywhere, reviews. */
import type { Octokit } from '@octokit/rest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'

/** Content of each path; null takes a file out. */
export type Files = Readonly<Record<string, string | null>>

export interface Proposal {
  readonly branch: string
  readonly files: Files
  readonly base?: string
  readonly draft?: boolean
}

export type MergeMethod = 'merge' | 'squash' | 'rebase'

/** One commit on a branch, which begins at main where it is not there; returns the commit. */
export function commitFiles(
  octokit: Octokit,
  repository: string,
  branch: string,
  files: Files,
  message = `Change ${branch}`,
): Promise<string> {
  const { git } = octokit
  const at = named(repository)
  return withTip(octokit, repository, branch, async (tip) => {
    const tree = await git.createTree({
      ...at,
      base_tree: (await git.getCommit({ ...at, commit_sha: tip })).data.tree.sha,
      tree: Object.entries(files).map(([path, content]) => ({
        path,
        mode: '100644',
        ...(content === null ? { sha: null } : { content }),
      })),
    })
    return (await git.createCommit({ ...at, message, tree: tree.data.sha, parents: [tip] })).data.sha
  })
}

/**
 * Moves a branch, which begins at main where it is not there, on to the commit that is made of its tip; once more where
 * somebody else was faster, as git does by hand.
 */
export async function withTip(
  { git }: Octokit,
  repository: string,
  branch: string,
  make: (tip: string) => Promise<string>,
): Promise<string> {
  const at = named(repository)
  for (;;) {
    const known = await git.getRef({ ...at, ref: `heads/${branch}` }).catch(() => undefined)
    const tip = (known ?? (await git.getRef({ ...at, ref: 'heads/main' }))).data.object.sha
    const sha = await make(tip)
    if (known === undefined) {
      await git.createRef({ ...at, ref: `refs/heads/${branch}`, sha })
      return sha
    }
    try {
      await git.updateRef({ ...at, ref: `heads/${branch}`, sha })
      return sha
    } catch (error) {
      const now = (await git.getRef({ ...at, ref: `heads/${branch}` })).data.object.sha
      if (now === tip) throw error
    }
  }
}

/** Commits the files to a branch and opens a pull request with them. */
export async function propose(
  octokit: Octokit,
  repository: string,
  { branch, files, base = 'main', draft = false }: Proposal,
): Promise<OpenedRequest> {
  await commitFiles(octokit, repository, branch, files)
  const { data } = await octokit.pulls.create({
    ...named(repository),
    title: `Merge ${branch}`,
    head: branch,
    base,
    draft,
  })
  const [path = ''] = Object.keys(files)
  return { repository, path, branch, pull: data.number, head: data.head.sha, url: data.html_url }
}

/** Takes files out of the default branch by a pull request of its own. */
export function proposeRemoval(
  octokit: Octokit,
  repository: string,
  branch: string,
  paths: readonly string[],
): Promise<OpenedRequest> {
  return propose(octokit, repository, {
    branch,
    files: Object.fromEntries(paths.map((path) => [path, null])),
  })
}
