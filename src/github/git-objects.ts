/** Git's objects of one repository, read by their sha and kept: a sha's content never changes. */
import type { FileAt } from '../core/evidence.ts'
import { REQUESTS_FOLDER } from '../core/request.ts'
import { decodeUtf8 } from '../core/text.ts'
import { CutOff } from '../ports.ts'
import { createBoundedCache, rememberForever } from './bounded-cache.ts'
import type { Octokit, Target } from './context.ts'
import { isNotFound } from './failures.ts'
import type { Reads } from './reads.ts'
import { createShare } from './share.ts'

export interface TreeEntry {
  readonly mode: string
  readonly type: string
  readonly sha: string
  /** Bytes; blobs only. */
  readonly size: number
}

/** Paths relative to the tree. */
type Tree = ReadonlyMap<string, TreeEntry>

export interface CommitFacts {
  readonly parents: readonly string[]
}

export interface GitObjects {
  /** The commit a branch is at now. */
  head(branch: string): Promise<string>
  commit(sha: string): Promise<CommitFacts>
  /** What is remembered of a commit, without asking; undefined says nothing of it. */
  known(sha: string): CommitFacts | undefined
  /** Remembers a commit that some list told of. */
  learn(commit: ListedCommit): void
  /** Whether GitHub still has the commit: one that was pushed over may be gone. */
  knows(commit: string): Promise<boolean>
  /** The entries at the root of a commit. */
  root(commit: string): Promise<Tree>
  /** The entries of one folder, by the sha of its tree. */
  folder(tree: string): Promise<Tree>
  /** Everything below a folder, by the sha of its tree. */
  below(tree: string): Promise<Tree>
  /** The bytes of a blob as text; undefined where there are more than `limit` of them, or they are not UTF-8. */
  text(blob: string, limit: number): Promise<string | undefined>
  /** The file at a path of a commit, whatever its mode. */
  fileAt(commit: string, path: string): Promise<FileAt | 'missing'>
}

const TREE_ENTRIES = 400_000
const BLOB_BYTES = 32 * 1024 * 1024
const COMMITS = 100_000

export function createGitObjects(octokit: Octokit, { owner, repo }: Target, reads: Reads): GitObjects {
  const { git } = octokit.rest
  const at = { owner, repo }
  const tree = rememberForever<Tree>(TREE_ENTRIES, (entries) => entries.size + 1)
  const blob = rememberForever<Uint8Array>(BLOB_BYTES, (bytes) => bytes.length + 100)
  const commits = createBoundedCache<CommitFacts>(COMMITS)
  const askedCommits = createShare<CommitFacts>()

  async function readTree(sha: string, recursive: boolean): Promise<Tree> {
    const what = `the tree ${sha} of ${owner}/${repo}`
    const answer = await reads.once(what, git.getTree, {
      ...at,
      tree_sha: sha,
      ...(recursive ? { recursive: '1' } : {}),
    })
    return entriesOf(what, answer)
  }

  /** GitHub takes a commit where it wants a tree, which saves reading the commit first. */
  function root(commit: string): Promise<Tree> {
    return tree(`commit ${commit}`, () => readTree(commit, false))
  }

  const folder = (sha: string) => tree(sha, () => readTree(sha, false))
  const below = (sha: string) => tree(`below ${sha}`, () => readTree(sha, true))

  async function entryAt(commit: string, path: string): Promise<TreeEntry | undefined> {
    const [name = '', ...rest] = path.split('/')
    const entry = (await root(commit)).get(name)
    if (rest.length === 0 || entry?.type !== 'tree') return rest.length === 0 ? entry : undefined
    // The requests' folder is read whole for every snapshot; other folders of a repository may be huge.
    if (name === REQUESTS_FOLDER) return (await below(entry.sha)).get(rest.join('/'))
    return entryIn(entry, rest)
  }

  async function entryIn(start: TreeEntry, names: readonly string[]): Promise<TreeEntry | undefined> {
    let entry: TreeEntry | undefined = start
    for (const name of names) {
      if (entry?.type !== 'tree') return undefined
      entry = (await folder(entry.sha)).get(name)
    }
    return entry
  }

  return {
    root,
    folder,
    below,
    async head(branch) {
      const ref = await reads.one(`the branch ${branch} of ${owner}/${repo}`, git.getRef, {
        ...at,
        ref: `heads/${branch}`,
      })
      return ref.object.sha
    },
    async commit(sha) {
      const known = commits.get(sha)
      if (known) return known
      return askedCommits(sha, async () => {
        const what = `the commit ${sha} of ${owner}/${repo}`
        const facts = factsOf((await reads.once(what, git.getCommit, { ...at, commit_sha: sha })).parents)
        commits.set(sha, facts, 1)
        return facts
      })
    },
    known: (sha) => commits.get(sha),
    learn({ sha, parents }) {
      commits.set(sha, factsOf(parents), 1)
    },
    async knows(commit) {
      try {
        await root(commit)
        return true
      } catch (error) {
        if (isNotFound(error)) return false
        throw error
      }
    },
    async text(sha, limit) {
      const bytes = await blob(sha, async () => {
        const answer = await reads.once(`the blob ${sha} of ${owner}/${repo}`, git.getBlob, {
          ...at,
          file_sha: sha,
        })
        return Buffer.from(answer.content, answer.encoding === 'base64' ? 'base64' : 'utf8')
      })
      return bytes.length > limit ? undefined : decodeUtf8(bytes)
    },
    async fileAt(commit, path) {
      const entry = await entryAt(commit, path)
      return entry && entry.type !== 'tree' ? { blob: entry.sha, mode: entry.mode } : 'missing'
    },
  }
}

/** A commit as GitHub's lists of commits have it. */
interface ListedCommit {
  readonly sha: string
  readonly parents: Parents
}

type Parents = readonly { readonly sha: string }[]

function factsOf(parents: Parents): CommitFacts {
  return { parents: parents.map(({ sha }) => sha) }
}

interface TreeAnswer {
  readonly truncated: boolean
  readonly tree: readonly {
    readonly path: string
    readonly mode: string
    readonly type: string
    readonly sha: string
    readonly size?: number
  }[]
}

function entriesOf(what: string, answer: TreeAnswer): Tree {
  if (answer.truncated) {
    throw new CutOff(
      what,
      'GitHub cut the list off, as it holds more than 100,000 entries or 7 MB; take old files out',
    )
  }
  return new Map(
    answer.tree.map(({ path, mode, type, sha, size }) => [path, { mode, type, sha, size: size ?? 0 }]),
  )
}
