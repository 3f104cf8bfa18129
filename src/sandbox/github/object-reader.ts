/** Objects of one repository by name, read by one `git cat-file` that stays. */
import { type Heard, LastingGit } from './lasting-git.ts'

export interface ObjectInfo {
  readonly sha: string
  readonly type: string
  /** In bytes. */
  readonly size: number
}

export interface RawObject {
  readonly sha: string
  readonly type: string
  readonly content: Buffer
}

export class ObjectReader {
  readonly #git: LastingGit

  constructor(directory: string) {
    this.#git = new LastingGit(directory, ['cat-file', '--batch-command'])
  }

  read(name: string): Promise<RawObject | undefined> {
    return this.#ask('contents', name, hearContents)
  }

  info(name: string): Promise<ObjectInfo | undefined> {
    return this.#ask('info', name, hearInfo)
  }

  close(): void {
    this.#git.close()
  }

  async #ask<Found>(
    command: string,
    name: string,
    hear: (data: Buffer) => Heard<Found | undefined>,
  ): Promise<Found | undefined> {
    return name.includes('\n') ? undefined : this.#git.ask(`${command} ${name}\n`, hear)
  }
}

/** `<sha> <type> <size>\n`, or one line that says why there is none. */
function hearInfo(data: Buffer): Heard<ObjectInfo | undefined> {
  const lineEnd = data.indexOf(10)
  if (lineEnd < 0) return { kind: 'incomplete', needed: data.length + 1 }
  const header = /^([0-9a-f]{40}) (\w+) (\d+)$/.exec(data.subarray(0, lineEnd).toString())
  const [, sha, type, size] = header ?? []
  const answer = sha === undefined || type === undefined ? undefined : { sha, type, size: Number(size) }
  return { kind: 'complete', answer, length: lineEnd + 1 }
}

/** The same line, then `<content>\n`. */
function hearContents(data: Buffer): Heard<RawObject | undefined> {
  const heard = hearInfo(data)
  if (heard.kind === 'incomplete') return heard
  if (heard.answer === undefined) return { ...heard, answer: undefined }
  const { sha, type, size } = heard.answer
  const end = heard.length + size
  if (data.length < end + 1) return { kind: 'incomplete', needed: end + 1 }
  // Copied, so that a small object kept for long does not hold the whole chunk it came in.
  const content = Buffer.from(data.subarray(heard.length, end))
  return { kind: 'complete', answer: { sha, type, content }, length: end + 1 }
}
