/** Walks and rewrites trees: find a path, list everything, put and remove files. */
import type { Git } from './git.ts'
import { FILE_MODE, SUBMODULE_MODE, TREE_MODE, type TreeEntry } from './git-objects.ts'
import { Memo } from './memo.ts'

export interface PathEntry extends TreeEntry {
  readonly path: string
}

/** One wish: the entry a path shall have, or undefined to have it gone. */
export type TreeChange = { readonly mode: string; readonly sha: string } | undefined

export async function findPath(git: Git, treeSha: string, path: string): Promise<PathEntry | undefined> {
  let current: TreeEntry = { mode: TREE_MODE, name: '', sha: treeSha }
  for (const name of path.split('/')) {
    if (current.mode !== TREE_MODE) return undefined
    const found: TreeEntry | undefined = (await git.tree(current.sha))?.find((entry) => entry.name === name)
    if (!found) return undefined
    current = found
  }
  return { ...current, path }
}

export interface ListedEntry {
  readonly path: string
  /** As GitHub writes it: six digits. */
  readonly mode: string
  readonly type: string
  readonly sha: string
  /** Of blobs only. */
  readonly size: number | undefined
}

/** The entries of a tree, or every entry below it with folders before their content. */
export async function listTree(
  git: Git,
  treeSha: string,
  recursive: boolean,
): Promise<readonly ListedEntry[]> {
  const memo = listed.get(git) ?? new Memo<readonly ListedEntry[]>()
  listed.set(git, memo)
  return memo.of(`${treeSha} ${recursive}`, () => entriesOf(git, treeSha, '', recursive))
}

const listed = new WeakMap<Git, Memo<readonly ListedEntry[]>>()

async function entriesOf(
  git: Git,
  treeSha: string,
  folder: string,
  recursive: boolean,
): Promise<readonly ListedEntry[]> {
  const entries = await Promise.all(
    ((await git.tree(treeSha)) ?? []).map(async ({ mode, name, sha }) => {
      const entry = { path: folder + name, mode: mode.padStart(6, '0'), type: typeOf(mode), sha }
      if (entry.type !== 'tree')
        return [{ ...entry, size: entry.type === 'blob' ? (await git.info(sha))?.size : undefined }]
      const below = recursive ? await entriesOf(git, sha, `${entry.path}/`, true) : []
      return [{ ...entry, size: undefined }, ...below]
    }),
  )
  return entries.flat()
}

function typeOf(mode: string): string {
  if (mode === TREE_MODE) return 'tree'
  return mode === SUBMODULE_MODE ? 'commit' : 'blob'
}

/** The tree with the changes made; folders left empty disappear, as git has no empty folders. */
export async function changeTree(
  git: Git,
  treeSha: string | undefined,
  changes: ReadonlyMap<string, TreeChange>,
): Promise<string> {
  const entries = new Map<string, TreeEntry>()
  for (const entry of (treeSha === undefined ? undefined : await git.tree(treeSha)) ?? []) {
    entries.set(entry.name, entry)
  }
  for (const [name, below] of groupByFirstSegment(changes)) {
    const entry = await changedEntry(git, name, entries.get(name), below)
    if (entry) entries.set(name, entry)
    else entries.delete(name)
  }
  return git.writeTree([...entries.values()])
}

async function changedEntry(
  git: Git,
  name: string,
  current: TreeEntry | undefined,
  below: ReadonlyMap<string, TreeChange>,
): Promise<TreeEntry | undefined> {
  if (below.has('')) {
    const change = below.get('')
    return change && { name, ...change }
  }
  const folder = current?.mode === TREE_MODE ? current.sha : undefined
  const sha = await changeTree(git, folder, below)
  const left = await git.tree(sha)
  return left?.length ? { name, mode: TREE_MODE, sha } : undefined
}

/** `a/b` and `a/c` become `a` → {`b`, `c`}; a path that ends here has the key ''. */
function groupByFirstSegment(
  changes: ReadonlyMap<string, TreeChange>,
): ReadonlyMap<string, ReadonlyMap<string, TreeChange>> {
  const groups = new Map<string, Map<string, TreeChange>>()
  for (const [path, change] of changes) {
    const slash = path.indexOf('/')
    const name = slash < 0 ? path : path.slice(0, slash)
    const group = groups.get(name) ?? new Map<string, TreeChange>()
    group.set(slash < 0 ? '' : path.slice(slash + 1), change)
    groups.set(name, group)
  }
  return groups
}

export async function writeFiles(git: Git, files: Readonly<Record<string, string>>): Promise<string> {
  const changes = new Map<string, TreeChange>()
  for (const [path, content] of Object.entries(files)) {
    changes.set(path, { mode: FILE_MODE, sha: await git.writeBlob(Buffer.from(content)) })
  }
  return changeTree(git, undefined, changes)
}

/** GitHub refuses paths that git could not check out. */
export function isValidPath(path: string): boolean {
  return (
    path !== '' &&
    !path.includes('\0') &&
    path
      .split('/')
      .every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git')
  )
}
