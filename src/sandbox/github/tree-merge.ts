/** Merges of trees whose two sides changed different files: in a small repository that costs no new process. */
import type { Git } from './git.ts'
import { NOT_UTF8, TREE_MODE, type TreeEntry } from './git-objects.ts'

type Entries = ReadonlyMap<string, TreeEntry>

/** Undefined where both sides changed the same name, which git itself has better ways to tell apart. */
export async function mergeDifferent(
  git: Git,
  base: string,
  ours: string,
  theirs: string,
): Promise<string | undefined> {
  if (theirs === base || theirs === ours) return ours
  if (ours === base) return theirs
  const [before, here, there] = await Promise.all([base, ours, theirs].map((sha) => entriesOf(git, sha)))
  if (before === undefined || here === undefined || there === undefined) return undefined
  const merged: TreeEntry[] = []
  for (const name of new Set([...before.keys(), ...here.keys(), ...there.keys()])) {
    const [was, our, their] = [before.get(name), here.get(name), there.get(name)]
    if (isSame(their, was)) {
      if (our) merged.push(our)
    } else if (isSame(our, was)) {
      if (their) merged.push(their)
    } else {
      if (![was, our, their].every((entry) => entry?.mode === TREE_MODE)) return undefined
      const [below = '', ourBelow = '', theirBelow = ''] = [was, our, their].map((entry) => entry?.sha)
      const sha = await mergeDifferent(git, below, ourBelow, theirBelow)
      if (sha === undefined) return undefined
      merged.push({ mode: TREE_MODE, name, sha })
    }
  }
  // Git has no folder without files; whether one is left is for git to say.
  return merged.length === 0 ? undefined : git.writeTree(merged)
}

async function entriesOf(git: Git, sha: string): Promise<Entries | undefined> {
  const entries = await git.tree(sha)
  if (entries?.some(({ name }) => name.includes(NOT_UTF8))) return undefined
  return entries && new Map(entries.map((entry) => [entry.name, entry]))
}

function isSame(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  return a?.sha === b?.sha && a?.mode === b?.mode
}
