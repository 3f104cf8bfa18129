/** Moves refs in transactions, by one `git update-ref` that stays. */
import { type Heard, LastingGit } from './lasting-git.ts'
import { Lock } from './lock.ts'

/** What to do to a ref; `before` guards it, as git does. */
export interface RefUpdate {
  readonly ref: string
  readonly before: string
  readonly after: string
}

export class RefWriter {
  readonly #git: LastingGit
  readonly #lock = new Lock()

  constructor(directory: string) {
    this.#git = new LastingGit(directory, ['update-ref', '--stdin'])
  }

  /** Moves all of the refs or none; false when one of them is not where `before` says. */
  move(updates: readonly RefUpdate[]): Promise<boolean> {
    const lines = updates.map(({ ref, before, after }) => `update ${ref} ${after} ${before}\n`)
    const transaction = `start\n${lines.join('')}prepare\ncommit\n`
    // Git ends when a guard does not hold; the next transaction starts another one.
    return this.#lock.run(() => this.#git.ask(transaction, hearCommit).catch(() => false))
  }

  close(): void {
    this.#git.close()
  }
}

const COMMITTED = Buffer.from('commit: ok\n')

function hearCommit(data: Buffer): Heard<boolean> {
  const at = data.indexOf(COMMITTED)
  if (at < 0) return { kind: 'incomplete', needed: data.length + 1 }
  return { kind: 'complete', answer: true, length: at + COMMITTED.length }
}
