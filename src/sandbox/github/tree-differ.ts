/** How two trees of one repository differ, told by one `git diff-tree` that stays. */
import { randomUUID } from 'node:crypto'
import { type Heard, LastingGit } from './lasting-git.ts'

const OPTIONS = ['-r', '-z', '-M', '--no-abbrev', '--raw', '--numstat', '-p', '--no-ext-diff', '--no-color']

export class TreeDiffer {
  readonly #git: LastingGit
  /** Git gives a line back that names no object: no file can hold this one, as nobody knows it. */
  readonly #end = Buffer.from(`=${randomUUID()}\n`)

  constructor(directory: string) {
    this.#git = new LastingGit(directory, ['diff-tree', '--stdin', ...OPTIONS])
  }

  /** Trees by their names; throws where there is none of that name. */
  diff(before: string, after: string): Promise<Buffer> {
    return this.#git.ask(`${before} ${after}\n${this.#end}`, (data) => this.#hear(data))
  }

  close(): void {
    this.#git.close()
  }

  /** A line that names the trees, then the differences, then the line that was given to be given back. */
  #hear(data: Buffer): Heard<Buffer> {
    const end = data.indexOf(this.#end)
    if (end < 0) return { kind: 'incomplete', needed: data.length + 1 }
    const answer = Buffer.from(data.subarray(data.indexOf(10) + 1, end))
    return { kind: 'complete', answer, length: end + this.#end.length }
  }
}
