/** What changed between two commits, with renames and patches, read from `git diff-tree`. */
import type { Git } from './git.ts'
import { NO_OBJECT } from './git.ts'
import { Memo } from './memo.ts'

export interface FileDiff {
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed'
  readonly path: string
  readonly previousPath: string | undefined
  /** The blob after the change, or before it when the file was removed. */
  readonly sha: string
  readonly additions: number
  readonly deletions: number
  readonly patch: string | undefined
}

const STATUS: Readonly<Record<string, FileDiff['status']>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
}

/** The tree of no files: what a first commit is compared with. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** Diffs of two names never change; a very large one is made again rather than kept. */
const known = new WeakMap<Git, Memo<FileDiff[]>>()
const LARGEST_KEPT = 256 * 1024

export async function diffTrees(
  git: Git,
  before: string | undefined,
  after: string,
): Promise<readonly FileDiff[]> {
  const memo = known.get(git) ?? new Memo<FileDiff[]>()
  known.set(git, memo)
  const key = `${before} ${after}`
  const found = memo.get(key)
  if (found) return found
  const [old, now] = await Promise.all([
    before === undefined ? EMPTY_TREE : treeOf(git, before),
    treeOf(git, after),
  ])
  const told = await git.diff(old, now)
  const diff = parseDiff(told.toString())
  return told.length > LARGEST_KEPT ? diff : memo.set(key, diff)
}

async function treeOf(git: Git, commit: string): Promise<string> {
  return (await git.commitOrFail(commit)).tree
}

interface RawChange {
  readonly letter: string
  readonly sha: string
  readonly previousPath: string | undefined
  readonly path: string
}

/** `:mode mode sha sha X\0path\0…`, then `added\tdeleted\tpath\0…`, then `\0` and the patches in the same order. */
function parseDiff(output: string): FileDiff[] {
  const tokens = new Tokens(output)
  const changes: RawChange[] = []
  while (tokens.startsWith(':')) changes.push(rawChange(tokens))
  const counts = changes.map((change) => counted(tokens, change))
  // One more NUL stands between the numbers and the patches.
  const patches = tokens
    .rest()
    .replace(/^\0/, '')
    .split(/^diff --git /m)
    .slice(1)
  return changes.map((change, index) => ({
    status: STATUS[change.letter] ?? 'changed',
    path: change.path,
    previousPath: change.previousPath,
    sha: change.sha,
    ...(counts[index] ?? { additions: 0, deletions: 0 }),
    patch: hunks(takePatch(patches, change.letter)),
  }))
}

/** A change of type, such as file to symlink, is printed as a removal and an addition: two patches. */
function takePatch(patches: string[], letter: string): string {
  const first = patches.shift() ?? ''
  return letter === 'T' ? first + (patches.shift() ?? '') : first
}

function rawChange(tokens: Tokens): RawChange {
  const [, , before = '', after = '', status = ''] = tokens.next().split(' ')
  const letter = status.slice(0, 1)
  const first = tokens.next()
  const renamed = letter === 'R' || letter === 'C'
  return {
    letter,
    sha: after === NO_OBJECT ? before : after,
    previousPath: renamed ? first : undefined,
    path: renamed ? tokens.next() : first,
  }
}

function counted(tokens: Tokens, change: RawChange): { additions: number; deletions: number } {
  const [added = '0', deleted = '0'] = tokens.next().split('\t')
  if (change.previousPath !== undefined) {
    tokens.next()
    tokens.next()
  }
  // Binary files count as "-".
  return { additions: Number(added) || 0, deletions: Number(deleted) || 0 }
}

function hunks(patch: string): string | undefined {
  const start = patch.search(/^@@ /m)
  return start < 0 ? undefined : patch.slice(start).replace(/\n$/, '')
}

class Tokens {
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  startsWith(prefix: string): boolean {
    return this.#text.startsWith(prefix, this.#position)
  }

  next(): string {
    const end = this.#text.indexOf('\0', this.#position)
    if (end < 0) return ''
    const token = this.#text.slice(this.#position, end)
    this.#position = end + 1
    return token
  }

  rest(): string {
    return this.#text.slice(this.#position)
  }
}
