/** Runs the git binary, cut off from the machine's own configuration, and keeps one reader process per repository. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { HERMETIC_ENVIRONMENT } from './git-environment.ts'
import { runInShell } from './shell.ts'

class GitFailed extends Error {}

export interface GitRun {
  readonly input?: string | Buffer
  /** Exit codes that are an answer rather than a failure. */
  readonly answers?: readonly number[]
}

export interface GitOutput {
  readonly code: number
  readonly stdout: Buffer
}

export async function runGit(
  directory: string,
  args: readonly string[],
  { input, answers = [] }: GitRun = {},
): Promise<GitOutput> {
  const { code, stdout, stderr } = await runInShell(directory, ['git', ...args], input)
  if (code !== 0 && !answers.includes(code))
    throw new GitFailed(`git ${args[0]} ended with ${code}: ${stderr.toString().trim()}`)
  return { code, stdout }
}

export interface RawObject {
  readonly sha: string
  readonly type: string
  readonly content: Buffer
}

/** One long-lived `git cat-file --batch`: reading an object costs no new process. */
export class ObjectReader {
  readonly #directory: string
  #child: ChildProcessWithoutNullStreams | undefined
  #waiting: { resolve(found: RawObject | undefined): void; reject(error: Error): void }[] = []
  #chunks: Buffer[] = []
  #size = 0
  #needed = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  read(name: string): Promise<RawObject | undefined> {
    if (name.includes('\n')) return Promise.resolve(undefined)
    const child = this.#running()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      child.stdin.write(`${name}\n`)
    })
  }

  close(): void {
    this.#child?.kill()
    this.#child = undefined
  }

  #running(): ChildProcessWithoutNullStreams {
    if (this.#child) return this.#child
    const child = spawn('git', ['cat-file', '--batch'], { cwd: this.#directory, env: HERMETIC_ENVIRONMENT })
    child.stdout.on('data', (chunk: Buffer) => this.#take(chunk))
    child.stdin.on('error', () => {})
    child.once('error', (error) => this.#fail(error))
    child.once('close', () => this.#fail(new GitFailed('git cat-file ended')))
    this.#child = child
    return child
  }

  #fail(error: Error): void {
    this.#child = undefined
    this.#chunks = []
    this.#size = 0
    this.#needed = 0
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(error)
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    // A large object comes in many chunks: put them together once, when all are here.
    if (this.#size < this.#needed) return
    let data = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    for (;;) {
      const parsed = parseAnswer(data)
      if (parsed.kind === 'incomplete') {
        this.#needed = parsed.needed
        break
      }
      data = data.subarray(parsed.length)
      this.#waiting.shift()?.resolve(parsed.found)
    }
    this.#chunks = data.length > 0 ? [data] : []
    this.#size = data.length
  }
}

type Answer =
  | { readonly kind: 'incomplete'; readonly needed: number }
  | { readonly kind: 'complete'; readonly length: number; readonly found: RawObject | undefined }

/** `<sha> <type> <size>\n<content>\n`, or one line that says why there is none. */
function parseAnswer(data: Buffer): Answer {
  const lineEnd = data.indexOf(10)
  if (lineEnd < 0) return { kind: 'incomplete', needed: data.length + 1 }
  const header = /^([0-9a-f]{40}) (\w+) (\d+)$/.exec(data.subarray(0, lineEnd).toString())
  const [, sha, type, size] = header ?? []
  if (sha === undefined || type === undefined)
    return { kind: 'complete', length: lineEnd + 1, found: undefined }
  const start = lineEnd + 1
  const end = start + Number(size)
  if (data.length < end + 1) return { kind: 'incomplete', needed: end + 1 }
  // Copied, so that a small object kept for long does not hold the whole chunk it came in.
  return {
    kind: 'complete',
    length: end + 1,
    found: { sha, type, content: Buffer.from(data.subarray(start, end)) },
  }
}
