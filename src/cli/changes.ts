/** One file as a pull request: committed beside the working tree, on a branch of its own, and opened. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clone } from './clone.ts'
import { Failure, reasonOf } from './failure.ts'
import { type GitHubAs, gitAuth } from './github.ts'

export interface Change {
  readonly path: string
  readonly text: string
  readonly branch: string
  readonly title: string
  readonly body: string
}

export interface OpenedPull {
  readonly number: number
  readonly url: string
}

/** The default branch as it is at GitHub now; the clone's own branches stay as they are. */
export async function fetchBase(
  clone: Clone,
  github: GitHubAs,
): Promise<{ readonly branch: string; readonly commit: string }> {
  const branch = github.repository.defaultBranch
  const fix = `Check that the clone may read ${github.place.url}/${github.place.owner}/${github.place.repo}.`
  const options = { env: gitAuth(github), fix }
  await clone.git(['fetch', '--quiet', '--no-tags', remoteOf(github), `refs/heads/${branch}`], options)
  const commit = (await clone.git(['rev-parse', '--verify', 'FETCH_HEAD'])).trim()
  return { branch, commit }
}

/** By its address, and not by a remote's name, which may stand for something else. */
function remoteOf({ place: { url, owner, repo } }: GitHubAs): string {
  return `${url}/${owner}/${repo}.git`
}

export async function openChange(
  clone: Clone,
  github: GitHubAs,
  base: { readonly branch: string; readonly commit: string },
  change: Change,
): Promise<OpenedPull> {
  if (await signsCommits(clone)) await pushChange(clone, github, base.commit, change)
  else await commitAtGitHub(clone, github, base.commit, change)
  const { data } = await github.octokit.pulls.create({
    ...github.at,
    title: change.title,
    body: change.body,
    head: change.branch,
    base: base.branch,
  })
  return { number: data.number, url: data.html_url }
}

async function signsCommits(clone: Clone): Promise<boolean> {
  return (await clone.tryGit(['config', '--type=bool', 'commit.gpgsign']))?.trim() === 'true'
}

/**
 * GitHub makes the commit as whoever is signed in. An address that git has here may belong to no account there, and then
 * nobody could tell whose commit it is.
 */
async function commitAtGitHub(
  clone: Clone,
  github: GitHubAs,
  parent: string,
  { path, text, title, branch }: Change,
): Promise<void> {
  const { octokit, at } = github
  const base_tree = (await clone.git(['rev-parse', '--verify', `${parent}^{tree}`])).trim()
  const entry = { path, mode: '100644', type: 'blob', content: text } as const
  const tree = await octokit.git.createTree({ ...at, base_tree, tree: [entry] }).catch((error: unknown) => {
    throw new Failure(`GitHub takes no change: ${reasonOf(error)}`, needsWrite(github), { cause: error })
  })
  const { sha } = (
    await octokit.git.createCommit({ ...at, message: title, tree: tree.data.sha, parents: [parent] })
  ).data
  await octokit.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha })
}

/** Only who signs can make a commit that is signed, which the repository may ask for. */
async function pushChange(clone: Clone, github: GitHubAs, parent: string, change: Change): Promise<void> {
  const commit = await signChange(clone, parent, change)
  await clone.git(['push', '--quiet', remoteOf(github), `${commit}:refs/heads/${change.branch}`], {
    env: gitAuth(github),
    fix: needsWrite(github),
  })
}

function needsWrite({ place: { owner, repo } }: GitHubAs): string {
  return `You need write access to ${owner}/${repo}; without, change the file in a fork, on GitHub's own pages.`
}

/** In an index of its own: neither the working tree nor what is staged there is touched. */
async function signChange(clone: Clone, parent: string, { path, text, title }: Change): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'daypass-'))
  const env = { GIT_INDEX_FILE: join(folder, 'index') }
  try {
    await clone.git(['read-tree', parent], { env })
    const blob = (await clone.git(['hash-object', '-w', '--stdin', '--no-filters'], { input: text })).trim()
    await clone.git(['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env })
    const tree = (await clone.git(['write-tree'], { env })).trim()
    const fix = 'Tell git who you are: git config user.name and user.email.'
    return (await clone.git(['commit-tree', '-S', '-p', parent, '-m', title, tree], { fix })).trim()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The name, or the name with a number, that no branch at GitHub has yet. */
export async function freeBranch({ octokit, at }: GitHubAs, wanted: string): Promise<string> {
  const { data } = await octokit.git.listMatchingRefs({ ...at, ref: `heads/${wanted}` })
  const taken = new Set(data.map(({ ref }) => ref.slice('refs/heads/'.length)))
  for (let n = 1; n <= 100; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`
    if (!taken.has(name)) return name
  }
  throw new Failure(`There are a hundred branches named ${wanted} already.`, 'Delete the old ones at GitHub.')
}
