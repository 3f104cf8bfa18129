/** One long-lived `git update-ref --stdin`: moving refs in a transaction costs no new process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { HERMETIC_ENVIRONMENT } from './git-environment.ts'
import { Lock } from './lock.ts'

/** What to do to a ref; `before` guards it, as git does. */
export interface RefUpdate {
  readonly ref: string
  readonly before: string
  readonly after: string
}

export class RefWriter {
  readonly #directory: string
  readonly #lock = new Lock()
  #child: ChildProcessWithoutNullStreams | undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Moves all of the refs or none; false when one of them is not where `before` says. */
  move(updates: readonly RefUpdate[]): Promise<boolean> {
    return this.#lock.run(() => this.#transaction(updates))
  }

  close(): void {
    this.#child?.kill()
    this.#child = undefined
  }

  #transaction(updates: readonly RefUpdate[]): Promise<boolean> {
    this.#child ??= this.#start()
    const child = this.#child
    const lines = updates.map(({ ref, before, after }) => `update ${ref} ${after} ${before}\n`)
    return new Promise((resolve) => {
      let said = ''
      const heard = (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes('commit: ok\n')) finish(true)
      }
      // Git ends when a guard does not hold; the next transaction starts another one.
      const ended = () => finish(false)
      const finish = (moved: boolean) => {
        child.stdout.off('data', heard)
        child.off('close', ended)
        if (!moved && this.#child === child) this.#child = undefined
        resolve(moved)
      }
      child.stdout.on('data', heard)
      child.once('close', ended)
      child.stdin.write(`start\n${lines.join('')}prepare\ncommit\n`)
    })
  }

  #start(): ChildProcessWithoutNullStreams {
    const child = spawn('git', ['update-ref', '--stdin'], { cwd: this.#directory, env: HERMETIC_ENVIRONMENT })
    child.stdin.on('error', () => {})
    child.once('error', () => child.stdin.destroy())
    child.stderr.resume()
    return child
  }
}
