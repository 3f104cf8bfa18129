/** One git process that answers question after question, in their order: asking it costs no new process. */
import { type Lasting, lastInShell } from './shell.ts'

/** What has been said so far, taken for an answer. */
export type Heard<Answer> =
  | { readonly kind: 'complete'; readonly answer: Answer; readonly length: number }
  /** Not worth looking at again before there are so many bytes. */
  | { readonly kind: 'incomplete'; readonly needed: number }

interface Waiting {
  /** How much of it was the answer, once that is here in full; else how much is needed. */
  hear(data: Buffer): Heard<unknown>
  fail(error: Error): void
}

export class LastingGit {
  readonly #directory: string
  readonly #args: readonly string[]
  #child: Lasting | undefined
  #waiting: Waiting[] = []
  #chunks: Buffer[] = []
  #size = 0
  #needed = 0

  constructor(directory: string, args: readonly string[]) {
    this.#directory = directory
    this.#args = args
  }

  /** Throws where git ends instead of answering; the next question starts another. */
  ask<Answer>(question: string, read: (data: Buffer) => Heard<Answer>): Promise<Answer> {
    const child = this.#running()
    return new Promise((resolve, reject) => {
      const hear = (data: Buffer) => {
        const heard = read(data)
        if (heard.kind === 'complete') resolve(heard.answer)
        return heard
      }
      this.#waiting.push({ hear, fail: reject })
      child.stdin.write(question)
    })
  }

  close(): void {
    this.#child?.close()
    this.#fail(new Error(`git ${this.#args[0]} was closed`))
  }

  #running(): Lasting {
    if (this.#child) return this.#child
    const child = lastInShell(this.#directory, ['git', ...this.#args])
    child.stdout.on('data', (chunk: Buffer) => this.#take(chunk))
    child.stdin.on('error', () => {})
    const fail = () => {
      if (this.#child === child) this.#fail(new Error(`git ${this.#args[0]} ended`))
    }
    child.ended.then(fail, fail)
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
    for (const { fail } of waiting) fail(error)
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    // A large answer comes in many chunks: put them together once, when all are here.
    if (this.#size < this.#needed) return
    let data = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    this.#needed = 0
    while (this.#waiting[0] && data.length > 0) {
      const heard = this.#waiting[0].hear(data)
      if (heard.kind === 'incomplete') {
        this.#needed = heard.needed
        break
      }
      this.#waiting.shift()
      data = data.subarray(heard.length)
    }
    this.#chunks = data.length > 0 ? [data] : []
    this.#size = data.length
  }
}
