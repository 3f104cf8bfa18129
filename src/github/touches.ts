/** Which commit gave a file of the branch the content it has, or took it away. */
import type { Context } from './context.ts'

/** Undefined where the branch never had the file. */
export async function lastTouch(
  { octokit, at, reads, git }: Context,
  head: string,
  path: string,
): Promise<string | undefined> {
  const what = `the last commit of ${path} in ${at.owner}/${at.repo}`
  const [commit] = await reads.one(what, octokit.rest.repos.listCommits, {
    ...at,
    sha: head,
    path,
    per_page: 1,
  })
  if (commit) git.learn(commit)
  return commit?.sha
}
