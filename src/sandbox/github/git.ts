/** One bare repository: objects, refs and history, by git itself. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type Commit,
  formatCommit,
  formatTree,
  NOT_UTF8,
  parseCommit,
  parseTree,
  type TreeEntry,
  writeLooseObject,
} from './git-objects.ts'
import { runGit } from './git-process.ts'
import { findPath, isValidPath } from './git-tree.ts'
import { beyond, mergeBases, pathHistory } from './graph.ts'
import { Memo } from './memo.ts'
import { type ObjectInfo, ObjectReader, type RawObject } from './object-reader.ts'
import { type RefUpdate, RefWriter } from './ref-writer.ts'
import { TreeDiffer } from './tree-differ.ts'
import { mergeDifferent } from './tree-merge.ts'

export const NO_OBJECT = '0'.repeat(40)

/** In bytes; larger objects are read anew each time. */
const LARGEST_KEPT = 16 * 1024

export interface Ref {
  readonly name: string
  readonly sha: string
}

export interface HistoryOptions {
  readonly path?: string | undefined
  /** Part of an author's e-mail address or name. */
  readonly author?: string | undefined
  readonly committer?: string | undefined
  readonly skip?: number
  readonly limit?: number
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly reverse?: boolean
  readonly noMerges?: boolean
}

export class Git {
  readonly directory: string
  readonly #reader: ObjectReader
  readonly #differ: TreeDiffer
  readonly #refs: RefWriter
  /** Those that are not large. */
  readonly #objects = new Memo<RawObject>()
  readonly #commits = new Memo<Commit>()
  readonly #trees = new Memo<readonly TreeEntry[]>()
  readonly #bases = new Memo<string | null>()
  readonly #merges = new Memo<string | null>()
  readonly #ranges = new Memo<readonly string[]>()
  readonly #histories = new Memo<string[]>()
  /** Undefined until they are listed, and whenever they moved by another way than through here. */
  #listed: readonly Ref[] | undefined
  #moves = 0

  /** `refs`: all that there are, where that is known. */
  constructor(directory: string, refs?: readonly Ref[]) {
    this.directory = directory
    this.#listed = refs
    this.#reader = new ObjectReader(directory)
    this.#differ = new TreeDiffer(directory)
    this.#refs = new RefWriter(directory)
  }

  close(): void {
    this.#reader.close()
    this.#differ.close()
    this.#refs.close()
  }

  /** Any object by name; `name` must be a full sha or a ref that `isSafeRefName` accepts. */
  async read(name: string): Promise<RawObject | undefined> {
    const known = this.#objects.get(name)
    if (known) return known
    const object = await this.#reader.read(name)
    if (object?.sha === name) this.#keep(object)
    return object
  }

  /** The same without its content. */
  async info(name: string): Promise<ObjectInfo | undefined> {
    const known = this.#objects.get(name)
    if (known === undefined) return this.#reader.info(name)
    const { sha, type, content } = known
    return { sha, type, size: content.length }
  }

  /** What `git diff-tree` says of two trees. */
  diff(before: string, after: string): Promise<Buffer> {
    return this.#differ.diff(before, after)
  }

  async commit(sha: string): Promise<Commit | undefined> {
    const known = this.#commits.get(sha)
    if (known) return known
    const object = await this.#reader.read(`${sha}^{commit}`)
    if (object?.type !== 'commit') return undefined
    return this.#commits.set(object.sha, parseCommit(object))
  }

  async commitOrFail(sha: string): Promise<Commit> {
    const commit = await this.commit(sha)
    if (!commit) throw new Error(`commit ${sha} is missing in ${this.directory}`)
    return commit
  }

  async tree(sha: string): Promise<readonly TreeEntry[] | undefined> {
    const known = this.#trees.get(sha)
    if (known) return known
    const object = await this.#reader.read(`${sha}^{tree}`)
    if (object?.type !== 'tree') return undefined
    return this.#trees.set(object.sha, parseTree(object))
  }

  async blob(sha: string): Promise<Buffer | undefined> {
    const object = await this.read(sha)
    return object?.type === 'blob' ? object.content : undefined
  }

  writeBlob(content: Buffer): Promise<string> {
    return this.#write('blob', content)
  }

  async writeTree(entries: readonly TreeEntry[]): Promise<string> {
    const content = formatTree(entries)
    const sha = await this.#write('tree', content)
    this.#trees.set(sha, parseTree({ sha, type: 'tree', content }))
    return sha
  }

  async writeCommit(commit: Omit<Commit, 'sha'>): Promise<string> {
    const content = formatCommit(commit)
    const sha = await this.#write('commit', content)
    this.#commits.set(sha, parseCommit({ sha, type: 'commit', content }))
    return sha
  }

  async #write(type: string, content: Buffer): Promise<string> {
    const sha = writeLooseObject(this.directory, type, content)
    this.#keep({ sha, type, content })
    return sha
  }

  #keep(object: RawObject): void {
    if (object.content.length <= LARGEST_KEPT) this.#objects.set(object.sha, object)
  }

  /** The first ref of a repository that nobody else knows yet: written as git would write it. */
  async plantRef(ref: string, sha: string): Promise<void> {
    const file = join(this.directory, ref)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${sha}\n`)
    this.#listed &&= withMoves(this.#listed, [{ ref, before: NO_OBJECT, after: sha }])
  }

  /** The object a full ref name points at. */
  async refSha(ref: string): Promise<string | undefined> {
    if (!isSafeRefName(ref)) return undefined
    if (this.#listed !== undefined) return this.#listed.find(({ name }) => name === ref)?.sha
    return (await this.#reader.info(ref))?.sha
  }

  /** Those below the prefixes, by name; without any, all. */
  async refs(...prefixes: string[]): Promise<Ref[]> {
    const listed = this.#listed ?? (await this.#listRefs())
    return listed.filter(
      ({ name }) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(`${prefix}/`)),
    )
  }

  async #listRefs(): Promise<readonly Ref[]> {
    const moves = this.#moves
    const { stdout } = await runGit(this.directory, ['for-each-ref', '--format=%(objectname) %(refname)'])
    const listed = lines(stdout).map((line) => ({ sha: line.slice(0, 40), name: line.slice(41) }))
    if (moves === this.#moves) this.#listed = listed
    return listed
  }

  /** To be called when git itself moved refs, as it does for whoever pushes. */
  forgetRefs(): void {
    this.#moves += 1
    this.#listed = undefined
  }

  /** Moves all of the refs or none; false when one of them is no longer where `before` says. */
  async updateRefs(updates: readonly RefUpdate[]): Promise<boolean> {
    const before = this.#listed
    this.#moves += 1
    const moves = this.#moves
    const moved = await this.#refs.move(updates)
    if (moved && before !== undefined && moves === this.#moves) this.#listed = withMoves(before, updates)
    else this.forgetRefs()
    return moved
  }

  async history(range: readonly string[], options: HistoryOptions = {}): Promise<string[]> {
    const args = historyArguments(range, options)
    const read = async () => [
      ...((await this.#walkedHistory(range, options)) ??
        lines((await runGit(this.directory, ['rev-list', ...args])).stdout)),
    ]
    // What follows from names of objects alone never changes.
    const isFixed = range.every((name) => /^[0-9a-f]{40}$/.test(name)) && !options.since && !options.until
    return isFixed ? this.#histories.of(args.join('\n'), read) : read()
  }

  /** Undefined where git itself has to be asked. */
  async #walkedHistory(
    range: readonly string[],
    { path, skip = 0, limit, ...others }: HistoryOptions,
  ): Promise<readonly string[] | undefined> {
    const [head = ''] = range
    if (range.length > 1 || !/^[0-9a-f]{40}$/.test(head) || Object.values(others).some(Boolean))
      return undefined
    if (path !== undefined && (!isValidPath(path) || path.includes(NOT_UTF8))) return undefined
    const all = await (path === undefined
      ? beyond(this.#node, head, [])
      : pathHistory(this.#node, head, (sha) => this.#stateOf(path, sha)))
    return all?.slice(skip, limit === undefined ? undefined : skip + limit)
  }

  async #stateOf(path: string, commit: string): Promise<string | undefined> {
    const entry = await findPath(this, (await this.commitOrFail(commit)).tree, path)
    return entry && `${entry.mode} ${entry.sha}`
  }

  async countHistory(range: readonly string[], options: HistoryOptions = {}): Promise<number> {
    const { stdout } = await runGit(this.directory, [
      'rev-list',
      '--count',
      ...historyArguments(range, options),
    ])
    return Number(stdout.toString())
  }

  /** What a branch has beyond its base, newest first: it follows from the two commits alone. */
  async between(base: string, head: string): Promise<readonly string[]> {
    if (base === head) return []
    const { parents } = await this.commitOrFail(head)
    if (parents.length === 1 && parents[0] === base) return [head]
    return this.#ranges.of(
      `${base} ${head}`,
      async () => (await beyond(this.#node, head, [base])) ?? this.history([head, `^${base}`]),
    )
  }

  /** What a commit has beyond every branch but one, newest first. */
  async newTo(branch: string, head: string): Promise<readonly string[]> {
    const others = (await this.refs('refs/heads')).filter(({ name }) => name !== `refs/heads/${branch}`)
    const shas = others.map(({ sha }) => sha)
    return (await beyond(this.#node, head, shas)) ?? this.history([head, ...shas.map((sha) => `^${sha}`)])
  }

  async mergeBase(a: string, b: string): Promise<string | undefined> {
    if (a === b || (await this.#isParent(a, b))) return a
    if (await this.#isParent(b, a)) return b
    const found = await this.#bases.of(`${a} ${b}`, async () => {
      const bases = await mergeBases(this.#node, a, b)
      if (bases !== undefined && bases.length < 2) return bases[0] ?? null
      const { stdout } = await runGit(this.directory, ['merge-base', a, b], { answers: [1] })
      return lines(stdout)[0] ?? null
    })
    return found ?? undefined
  }

  readonly #node = (sha: string): Promise<Commit> => this.commitOrFail(sha)

  async isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    return (await this.mergeBase(ancestor, descendant)) === ancestor
  }

  async #isParent(parent: string, child: string): Promise<boolean> {
    return (await this.commit(child))?.parents.includes(parent) ?? false
  }

  /** The tree of a merge of two commits, or undefined when they conflict. */
  async mergeTree(ours: string, theirs: string): Promise<string | undefined> {
    const merged = await this.#merges.of(`${ours} ${theirs}`, async () => {
      const different = await this.#mergeDifferent(ours, theirs)
      if (different !== undefined) return different
      const args = ['merge-tree', '--write-tree', '--no-messages', ours, theirs]
      const { code, stdout } = await runGit(this.directory, args, { answers: [1] })
      return (code === 0 ? lines(stdout)[0] : undefined) ?? null
    })
    return merged ?? undefined
  }

  async #mergeDifferent(ours: string, theirs: string): Promise<string | undefined> {
    const bases = await mergeBases(this.#node, ours, theirs)
    if (bases?.length !== 1) return undefined
    const [base = '', our = '', their = ''] = await Promise.all(
      [...bases, ours, theirs].map(async (sha) => (await this.commitOrFail(sha)).tree),
    )
    return mergeDifferent(this, base, our, their)
  }

  /** Brings one commit over from another repository and names it here. */
  async fetch(source: Git, sha: string, ref: string): Promise<void> {
    const fetched = runGit(this.directory, [
      'fetch',
      '--quiet',
      '--no-tags',
      source.directory,
      `+${sha}:${ref}`,
    ])
    await fetched.finally(() => this.forgetRefs())
  }
}

/** A new bare repository; `hooks` is the folder of the hooks every push runs through. This is all that `git init` does. */
export async function initRepository(directory: string, branch: string, hooks: string): Promise<Git> {
  await Promise.all(['objects', 'refs'].map((name) => mkdir(join(directory, name), { recursive: true })))
  await writeFile(join(directory, 'HEAD'), `ref: refs/heads/${branch}\n`)
  await configure(directory, hooks)
  return new Git(directory, [])
}

/** A fork shares its parent's objects, as on GitHub. */
export async function forkRepository(parent: Git, directory: string, hooks: string): Promise<Git> {
  await runGit('/', ['clone', '--quiet', '--bare', '--shared', '--template=', parent.directory, directory])
  return openRepository(directory, hooks, parent)
}

/** A repository that lies there already, wherever its folder may have been before. */
export async function openRepository(
  directory: string,
  hooks: string,
  parent?: { readonly directory: string },
): Promise<Git> {
  await configure(directory, hooks)
  if (parent)
    await writeFile(join(directory, 'objects/info/alternates'), `${join(parent.directory, 'objects')}\n`)
  return new Git(directory)
}

async function configure(directory: string, hooks: string): Promise<void> {
  const config = [
    '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true',
    `\thooksPath = ${hooks}`,
    '[gc]\n\tauto = 0',
    '[uploadpack]\n\tallowAnySHA1InWant = true',
    '[receive]\n\thideRefs = refs/pull\n\tfsckObjects = true',
  ]
  await writeFile(join(directory, 'config'), `${config.join('\n')}\n`)
}

/** Git's rules for ref names, a little stricter; what passes can't be read as an option or a revision. */
export function isSafeRefName(name: string): boolean {
  return (
    name.length <= 500 &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids control characters in ref names
    !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(\/|$)/.test(name) &&
    !/^[-/.]|[/.]$/.test(name) &&
    name !== '@' &&
    name !== ''
  )
}

function historyArguments(range: readonly string[], options: HistoryOptions): string[] {
  return [
    ...(options.skip ? [`--skip=${options.skip}`] : []),
    ...(options.limit === undefined ? [] : [`--max-count=${options.limit}`]),
    ...(options.author === undefined ? [] : [`--author=${options.author}`, '--fixed-strings']),
    ...(options.committer === undefined ? [] : [`--committer=${options.committer}`, '--fixed-strings']),
    ...(options.since === undefined ? [] : [`--since=${options.since}`]),
    ...(options.until === undefined ? [] : [`--until=${options.until}`]),
    ...(options.reverse ? ['--reverse'] : []),
    ...(options.noMerges ? ['--no-merges'] : []),
    '--topo-order',
    ...range,
    '--',
    ...(options.path ? [`:(literal)${options.path}`] : []),
  ]
}

/** In git's own order, by the bytes of their names. */
function withMoves(refs: readonly Ref[], updates: readonly RefUpdate[]): readonly Ref[] {
  const moved = new Map(refs.map(({ name, sha }) => [name, sha]))
  for (const { ref, after } of updates) {
    if (after === NO_OBJECT) moved.delete(ref)
    else moved.set(ref, after)
  }
  return [...moved]
    .map(([name, sha]) => ({ name, sha }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
}

function lines(output: Buffer): string[] {
  return output.toString().split('\n').filter(Boolean)
}
