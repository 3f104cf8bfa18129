/**
 * Runs commands by one small shell that lives as long as this process: to fork this process takes longer the more memory
 * it holds, and blocks it meanwhile; to fork a shell costs next to nothing.
 */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { constants, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setImmediate as breathe } from 'node:timers/promises'
import { HERMETIC_ENVIRONMENT } from './git-environment.ts'

export interface Ended {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** Throws where the shell itself ends before the command does. */
export async function runInShell(
  directory: string,
  command: readonly string[],
  { input = '', environment = {} }: ShellRun = {},
): Promise<Ended> {
  shell ??= new Shell()
  return shell.run(callOf(directory, command, environment), input)
}

export interface ShellRun {
  readonly input?: string | Buffer
  /** Besides that of every git. */
  readonly environment?: Readonly<Record<string, string>>
}

/** A command that goes on, at both ends of which one can write and read. */
export interface Lasting {
  readonly stdin: Socket
  readonly stdout: Socket
  /** Resolves with its exit code; rejects where the shell itself ended. */
  readonly ended: Promise<number>
  /** Lets it find the end of its input. */
  close(): void
}

/** What the command writes to its standard error is lost. */
export function lastInShell(directory: string, command: readonly string[]): Lasting {
  shell ??= new Shell()
  return shell.last(callOf(directory, ['exec', ...command]))
}

let shell: Shell | undefined

/** What was larger does not stay on the disk until its file is used again. In bytes. */
const LARGEST_LEFT = 1024 * 1024

/** Named pipes are made so many at a time. */
const PIPES = 16

class Shell {
  readonly #files = mkdtempSync(join(tmpdir(), 'daypass-shell-'))
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #waiting = new Map<number, { resolve(code: number): void; reject(error: Error): void }>()
  #last = 0
  /** Names of files that nobody writes or reads now, and how many there are in all. */
  readonly #free: number[] = []
  #places = 0
  /** Pairs of named pipes that nobody has open. */
  readonly #pipes: { readonly stdin: string; readonly stdout: string }[] = []
  #pairs = 0

  constructor() {
    // The commands find their input in a file, so that none of them can read what is meant for the shell.
    this.#child = spawn('/bin/sh', ['-s'], { env: HERMETIC_ENVIRONMENT, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child.stdin.on('error', () => {})
    this.#child.once('error', (error) => this.#fail(error))
    this.#child.once('close', () => this.#fail(new Error('the shell ended')))
    createInterface(this.#child.stdout).on('line', (line) => this.#take(line))
    process.once('exit', () => rmSync(this.#files, { recursive: true, force: true }))
    this.#rest()
  }

  async run(call: string, input: string | Buffer): Promise<Ended> {
    const place = this.#free.pop() ?? this.#places++
    const file = (name: string) => join(this.#files, `${place}.${name}`)
    const [stdin, stdout, stderr] = [file('in'), file('out'), file('err')] as const
    // Most are so small that to wait for them costs more than to write and read them.
    if (input.length > 0) writeFileSync(stdin, input)
    const source = input.length > 0 ? quote(stdin) : '/dev/null'
    const code = await this.#ask(`{ ${call}; } <${source} >${quote(stdout)} 2>${quote(stderr)}`)
    const ended = { code, stdout: readFileSync(stdout), stderr: readFileSync(stderr) }
    for (const [file, { length }] of [
      [stdin, input],
      [stdout, ended.stdout],
    ] as const)
      if (length > LARGEST_LEFT) truncateSync(file)
    this.#free.push(place)
    return ended
  }

  last(call: string): Lasting {
    if (this.#pipes.length === 0) this.#makePipes()
    const pair = this.#pipes.pop()
    if (pair === undefined) throw new Error('no named pipe could be made')
    // Opened for both ways, neither end waits for the other.
    const open = (file: string) => openSync(file, constants.O_RDWR | constants.O_NONBLOCK)
    const stdin = new Socket({ fd: open(pair.stdin), readable: false })
    const stdout = new Socket({ fd: open(pair.stdout), writable: false })
    const sockets = [stdin, stdout]
    const [input, output] = [quote(pair.stdin), quote(pair.stdout)]
    // To open one end of a pipe waits for the other one, which may be closed by now: so both are held for as long as that takes.
    const opened = `exec 3<>${input} 4<>${output} <${input} >${output} 3<&- 4<&- 2>/dev/null`
    // What it wrote comes another way than that it ended.
    const ended = this.#ask(`( ${opened}; ${call} )`).finally(() => breathe())
    const close = () => {
      for (const socket of sockets) socket.destroy()
    }
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    ended.finally(close).then(
      () => Promise.all(closed).then(() => this.#pipes.push(pair)),
      () => {},
    )
    return { stdin, stdout, ended, close }
  }

  #makePipes(): void {
    const made = Array.from({ length: PIPES }, () => {
      this.#pairs += 1
      const name = join(this.#files, `pipe-${this.#pairs}`)
      return { stdin: `${name}.in`, stdout: `${name}.out` }
    })
    execFileSync('mkfifo', ['-m', '600', ...made.flatMap(({ stdin, stdout }) => [stdin, stdout])])
    this.#pipes.push(...made)
  }

  /** Runs it beside all others, and resolves with its exit code. */
  #ask(command: string): Promise<number> {
    this.#last += 1
    const id = this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.ref()
      ;(this.#child.stdout as Socket).ref()
      // A shell takes notice of what has ended in the background only when it lists its jobs.
      this.#child.stdin.write(`jobs >/dev/null; { ${command}; echo "${id} $?"; } &\n`)
    })
  }

  #take(line: string): void {
    const [id, code] = line.split(' ').map(Number)
    if (id === undefined || code === undefined) return
    this.#waiting.get(id)?.resolve(code)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#rest()
  }

  /** With nothing asked, the shell must not keep this process from ending. */
  #rest(): void {
    this.#child.unref()
    ;(this.#child.stdout as Socket).unref()
    ;(this.#child.stdin as Socket).unref()
  }

  #fail(error: Error): void {
    shell = undefined
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

function callOf(
  directory: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string {
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${quote(value)}`)
  return `cd ${quote(directory)} && ${[...settings, ...command.map(quote)].join(' ')}`
}

/** One word of the shell's, whatever is in it; NUL can be in no argument of a process. */
function quote(word: string): string {
  if (word.includes('\0')) throw new Error('an argument of a command holds a NUL')
  return `'${word.replaceAll("'", "'\\''")}'`
}
