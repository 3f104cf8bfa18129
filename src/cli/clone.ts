/** The clone of the access repository that a command runs in: git asked as anybody would, and nothing of it changed behind people's backs. */
import { spawn } from 'node:child_process'
import { Failure, reasonOf } from './failure.ts'

export interface Clone {
  /** The top of the working tree; of a bare repository, where it lies. */
  readonly root: string
  readonly isBare: boolean
  /** What git prints; throws `Failure` where it refuses. */
  git(args: readonly string[], options?: GitOptions): Promise<string>
  /** Undefined where git refuses. */
  tryGit(args: readonly string[]): Promise<string | undefined>
}

export interface GitOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  /** How to mend it when git refuses. */
  readonly fix?: string
}

/** Nothing that lies in a clone beside its history may show another one, or have another one fetched. */
export const FAITHFUL = {
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_GRAFT_FILE: '/dev/null',
} as const

/** Throws `Failure` where there is no repository. `env` is for every command of git in it. */
export async function openClone(env: Readonly<Record<string, string>> = {}): Promise<Clone> {
  const directory = process.cwd()
  const at = (args: readonly string[], options: GitOptions = {}) =>
    runGit(directory, args, { env, ...options })
  const fix = 'Run it inside a clone of the access repository, or say where one is with -C DIRECTORY.'
  const bare = (await at(['rev-parse', '--is-bare-repository'], { fix })).trim() === 'true'
  const where = bare ? '--absolute-git-dir' : '--show-toplevel'
  const root = (await at(['rev-parse', where], { fix })).trim()
  const git: Clone['git'] = (args, options = {}) =>
    runGit(root, args, { ...options, env: { ...env, ...options.env } })
  return { root, isBare: bare, git, tryGit: (args) => git(args).catch(() => undefined) }
}

/** Undefined where the directory is in no repository. */
export async function findClone(): Promise<Clone | undefined> {
  return openClone().catch((error: unknown) => {
    if (error instanceof Failure && error.message.includes('not a git repository')) return undefined
    throw error
  })
}

/** The text of a file in a commit; undefined where it is not there. */
export function textAt(clone: Clone, commit: string, path: string): Promise<string | undefined> {
  return clone.tryGit(['cat-file', 'blob', `${commit}:${path}`])
}

const REMOTE = 'refs/remotes/'

export interface Branch {
  /** For people: `origin/main`. */
  readonly name: string
  readonly commit: string
}

/**
 * The branch that the clone takes for the default one, as a remote-tracking branch; undefined where it has none. It is
 * asked for by its full name: whoever can push can push a tag `origin/main` too, which the short name would stand for.
 */
export async function remoteDefault(clone: Clone): Promise<Branch | undefined> {
  const head = await clone.tryGit(['symbolic-ref', '--quiet', `${REMOTE}origin/HEAD`])
  for (const ref of [head?.trim(), `${REMOTE}origin/main`, `${REMOTE}origin/master`]) {
    const commit = ref && (await commitOf(clone, ref))
    if (commit) return { name: ref.replace(REMOTE, ''), commit }
  }
  return undefined
}

/** The sha that a name stands for; undefined where it stands for no commit. */
async function commitOf(clone: Clone, name: string): Promise<string | undefined> {
  const sha = await clone.tryGit(['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])
  return sha?.trim()
}

/** A branch, here or of a remote, before whatever else has that name: whoever can push can push a tag, too. */
export async function branchOrFail(clone: Clone, name: string): Promise<string> {
  for (const ref of [`refs/heads/${name}`, `${REMOTE}${name}`]) {
    const commit = await commitOf(clone, ref)
    if (commit) return commit
  }
  return commitOrFail(clone, name)
}

export async function commitOrFail(clone: Clone, name: string): Promise<string> {
  const sha = await commitOf(clone, name)
  if (sha !== undefined) return sha
  throw new Failure(
    `${name} is no commit of ${clone.root}.`,
    'Name a branch, a tag or a sha that the clone has; `git fetch` brings what is new.',
  )
}

/** How every command starts git: no question that nobody would see, and messages in English. */
export function gitEnvironment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const quiet = process.stdin.isTTY ? {} : { GIT_TERMINAL_PROMPT: '0' }
  // Where a command runs is said by its folder, not by what whoever started it was busy with.
  const { GIT_DIR: _, GIT_WORK_TREE: __, ...inherited } = process.env
  return { ...inherited, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', ...quiet, ...env }
}

function runGit(
  directory: string,
  args: readonly string[],
  { input, env, fix }: GitOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const git = spawn('git', ['-C', directory, ...args], {
      env: gitEnvironment(env),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const output: Buffer[] = []
    let complaint = ''
    git.stdout?.on('data', (chunk: Buffer) => output.push(chunk))
    git.stderr?.on('data', (chunk: Buffer) => {
      complaint += chunk.toString()
    })
    git.on('error', (error) => reject(new Failure(`git can't be run: ${reasonOf(error)}.`, 'Install git.')))
    git.on('close', (code) => {
      if (code === 0) return resolve(Buffer.concat(output).toString('utf8'))
      const said =
        complaint
          .trim()
          .split('\n')
          .at(-1)
          ?.replace(/^(?:fatal|error): /, '') ?? ''
      const what = `git ${args[0]} in ${directory}: ${said || `it ended with ${code}`}`
      reject(new Failure(what, fix ?? 'Set that right in the clone, and run this again.'))
    })
    git.stdin?.on('error', () => {})
    git.stdin?.end(input)
  })
}
