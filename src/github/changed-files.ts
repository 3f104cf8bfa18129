/** Which files a pull request or a merge group changes, also where GitHub's list of them is cut off. */
import type { ChangedFile } from '../core/evidence.ts'
import { REQUESTS_FOLDER } from '../core/request.ts'
import { GUARDED_PATHS } from '../core/trust.ts'
import { CutOff } from '../ports.ts'
import type { Context } from './context.ts'
import { sameFile } from './merged-pull.ts'
import { isWhole, pullFiles, readPull, toChangedFile, wholeList } from './pulls.ts'

/** GitHub lists no more between two commits, and doesn't say that it cut the list off. */
const MOST_COMPARED_FILES = 300

/** `pull` is left out for a merge group, or a commit of which only its place is known. */
export async function changedFiles(
  context: Context,
  headSha: string,
  pull?: number,
): Promise<readonly ChangedFile[]> {
  return pull === undefined ? filesSinceBranch(context, headSha) : filesOfHead(context, headSha, pull)
}

async function filesOfHead(
  context: Context,
  headSha: string,
  number: number,
): Promise<readonly ChangedFile[]> {
  const [pull, files] = await Promise.all([readPull(context, number), pullFiles(context, number)])
  // A merge group carries the number of a pull request whose own head is another commit.
  if (pull.head.sha !== headSha) return filesSinceBranch(context, headSha)
  if (isWhole(pull.changed_files, files)) return files
  // However many others it changes: a check that never came would hold it up for ever.
  if (await leavesAlone(context, headSha, await forkedFrom(context, headSha))) return files
  return wholeList(number, pull.changed_files, files)
}

async function filesSinceBranch(context: Context, headSha: string): Promise<readonly ChangedFile[]> {
  const { files = [], merge_base_commit } = await compareWithBranch(context, headSha)
  if (files.length < MOST_COMPARED_FILES || (await leavesAlone(context, headSha, merge_base_commit.sha)))
    return files.map(toChangedFile)
  const what = `the files of ${headSha} of ${context.at.owner}/${context.at.repo}`
  throw new CutOff(what, `GitHub lists ${MOST_COMPARED_FILES} files at most; split the change`)
}

/** Whether two commits hold the very same requests, rules and CODEOWNERS. */
async function leavesAlone({ git }: Context, one: string, other: string): Promise<boolean> {
  const [before, after] = await Promise.all([git.root(one), git.root(other)])
  if (before.get(REQUESTS_FOLDER)?.sha !== after.get(REQUESTS_FOLDER)?.sha) return false
  const same = await Promise.all(
    GUARDED_PATHS.map(async (path) => sameFile(await git.fileAt(one, path), await git.fileAt(other, path))),
  )
  return same.every(Boolean)
}

/** The commit of the default branch that a head was made from. */
export async function forkedFrom(context: Context, headSha: string): Promise<string> {
  return (await compareWithBranch(context, headSha)).merge_base_commit.sha
}

function compareWithBranch({ octokit, target, at, reads }: Context, headSha: string) {
  const what = `what is between ${target.defaultBranch} and ${headSha} of ${at.owner}/${at.repo}`
  const basehead = `${target.defaultBranch}...${headSha}`
  return reads.one(what, octokit.rest.repos.compareCommitsWithBasehead, { ...at, basehead, per_page: 1 })
}
