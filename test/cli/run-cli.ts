/** Runs the built command line, and makes small repositories for it to run in. */
import { execFile, execFileSync } from 'node:child_process'
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createHosts } from '../support/host.ts'

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** What it answered with `--json`. */
  json<T>(): T
}

/** Nothing of whoever runs the tests gets in: no token, no AWS credentials, no git configuration. */
export function bareEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Alice',
    GIT_AUTHOR_EMAIL: 'alice@acme.example',
    GIT_COMMITTER_NAME: 'Alice',
    GIT_COMMITTER_EMAIL: 'alice@acme.example',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

interface Where {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

const takeHost = createHosts('./cli-host.mjs')
let last: Promise<unknown> = Promise.resolve()

/**
 * In a process that has run commands before and is warm, one after the other. What is of the process itself is not seen:
 * that it ends, and what it would read but once, as the AWS SDK does of a file.
 */
export function runCli(args: readonly string[], where: Where): Promise<Ran> {
  const ran = last.then(() => runHosted(args, where))
  last = ran.catch(() => {})
  return ran
}

async function runHosted(args: readonly string[], { cwd, env }: Where): Promise<Ran> {
  await checkBuilt()
  const printed = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  const { gone, run } = takeHost()
  const answered = run(
    { args, directory: cwd, environment: { ...bareEnvironment(cwd), ...env } },
    { stdout: (chunk) => printed.stdout.push(chunk), stderr: (chunk) => printed.stderr.push(chunk) },
  )
  const code = await Promise.race([answered, gone])
  const [stdout, stderr] = [printed.stdout, printed.stderr].map((chunks) => Buffer.concat(chunks).toString())
  return ranWith(typeof code === 'number' ? code : -1, stdout ?? '', stderr ?? '')
}

/** As a process of its own, as people do. */
export function runAlone(args: readonly string[], where: Where): Promise<Ran> {
  return runProcess(process.execPath, [CLI, ...args], where)
}

export async function runProcess(
  command: string,
  args: readonly string[],
  { cwd, env }: Where,
): Promise<Ran> {
  await checkBuilt()
  return new Promise((resolve) => {
    const options = { cwd, env: { ...bareEnvironment(cwd), ...env }, maxBuffer: 2 ** 30 }
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      resolve(ranWith(typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr))
    })
    child.stdin?.end()
  })
}

async function checkBuilt(): Promise<void> {
  await access(CLI).catch(() => {
    throw new Error('the command line is not built: run `npm run build` first')
  })
}

function ranWith(code: number, stdout: string, stderr: string): Ran {
  return { code, stdout, stderr, json: <T>() => JSON.parse(stdout) as T }
}

export interface Repository {
  readonly root: string
  git(...args: string[]): string
  write(path: string, text: string | Uint8Array): Promise<void>
  /** Commits everything; returns the commit. */
  commit(message: string, at?: string): string
  remove(): Promise<void>
}

export async function makeRepository(files: Readonly<Record<string, string>> = {}): Promise<Repository> {
  const root = await mkdtemp(join(tmpdir(), 'daypass-cli-'))
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', env: bareEnvironment(root) }).trim()
  const write = async (path: string, text: string | Uint8Array) => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  git('init', '--quiet', '--initial-branch', 'main')
  for (const [path, text] of Object.entries(files)) await write(path, text)
  return {
    root,
    git,
    write,
    commit(message, at = '2026-11-24T09:00:00Z') {
      git('add', '--all')
      execFileSync('git', ['-C', root, 'commit', '--quiet', '--allow-empty', '-m', message], {
        env: { ...bareEnvironment(root), GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at },
      })
      return git('rev-parse', 'HEAD')
    },
    remove: () => rm(root, { recursive: true, force: true }),
  }
}
