/** Git's own output as a stream: one process for a whole history, never one for each commit. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { FAITHFUL, gitEnvironment } from '../clone.ts'
import { Failure } from '../failure.ts'

type Git = ChildProcessByStdio<Writable, Readable, Readable>

/** As git would without any configuration; and the graph beside the commits is not proven by their hashes. */
const PLAIN = ['-c', 'core.quotePath=false', '-c', 'log.showRoot=true', '-c', 'core.commitGraph=false']
/** Full buffers rather than one write for each commit; and a cache of deltas that fits into a processor's own, the trees being small. */
const FAST = { env: { GIT_FLUSH: '0' }, config: ['-c', 'core.deltaBaseCacheLimit=4m'] }

function start(root: string, args: readonly string[]): { readonly git: Git; readonly ended: Promise<void> } {
  const git = spawn('git', ['-C', root, ...PLAIN, ...FAST.config, ...args], {
    env: gitEnvironment({ ...FAITHFUL, ...FAST.env }),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaint = ''
  git.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  const ended = new Promise<void>((resolve, reject) => {
    git.on('error', reject)
    git.on('close', (code) => {
      if (code === 0) return resolve()
      const said = complaint.trim().split('\n').at(-1) ?? ''
      reject(new Failure(`git ${args[0]} in ${root}: ${said}`, 'Check the clone with `git fsck`.'))
    })
  })
  return { git, ended }
}

/** Everything that git prints, cut at each NUL, in lots as they come. */
export async function* readTokens(root: string, args: readonly string[]): AsyncGenerator<readonly string[]> {
  const { git, ended } = start(root, args)
  ended.catch(() => {})
  git.stdin.end()
  let rest: Buffer[] = []
  for await (const chunk of git.stdout as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(0)
    if (end < 0) {
      rest.push(chunk)
      continue
    }
    yield Buffer.concat([...rest, chunk.subarray(0, end)])
      .toString('utf8')
      .split('\0')
    rest = [chunk.subarray(end + 1)]
  }
  const last = Buffer.concat(rest)
  if (last.length > 0) yield [last.toString('utf8')]
  await ended
}

export interface ObjectReader {
  /** `take` hears the object's bytes, or undefined where the clone does not have it, in the order of asking. */
  ask(id: string, take: (content: Buffer | undefined) => void): void
}

export function missing(id: string): Failure {
  const what = `The clone does not hold the object ${id.slice(0, 12)}, which its history names.`
  return new Failure(what, 'Check it with `git fsck`, or make another clone, without --filter.')
}

const NEWLINE = 10

/** Resolves when everything that `ask` asked for has been taken; rejects with what it, or a `take`, threw. */
export async function readObjects(
  root: string,
  ask: (objects: ObjectReader) => void | Promise<void>,
): Promise<void> {
  const objects = startReader(root)
  try {
    await ask(objects)
    await objects.end()
  } finally {
    objects.close()
  }
}

function startReader(root: string): ObjectReader & { end(): Promise<void>; close(): void } {
  const { git, ended } = start(root, ['cat-file', '--batch', '--buffer'])
  const takers: ((content: Buffer | undefined) => void)[] = []
  let taken = 0
  let asked: string[] = []
  /** What came and is not taken yet; and how much has to be there for the next object. */
  let chunks: Buffer[] = []
  let held = 0
  let needed = 1
  let failure: unknown
  const send = () => {
    if (asked.length > 0) git.stdin.write(`${asked.join('\n')}\n`)
    asked = []
  }
  git.stdin.on('error', () => {})
  git.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    held += chunk.length
    if (held < needed || failure !== undefined) return
    const [first = chunk, ...more] = chunks
    const data = more.length > 0 ? Buffer.concat(chunks) : first
    let at = 0
    needed = 1
    while (at < data.length) {
      const lineEnd = data.indexOf(NEWLINE, at)
      if (lineEnd < 0) {
        needed = data.length - at + 1
        break
      }
      const header = data.toString('latin1', at, lineEnd)
      const size = header.endsWith(' missing') ? undefined : Number(header.slice(header.lastIndexOf(' ') + 1))
      const end = lineEnd + 1 + (size === undefined ? 0 : size + 1)
      if (end > data.length) {
        needed = end - at
        break
      }
      try {
        takers[taken++]?.(size === undefined ? undefined : data.subarray(lineEnd + 1, end - 1))
      } catch (error) {
        failure = error
        git.kill()
        return
      }
      at = end
    }
    chunks = [data.subarray(at)]
    held = data.length - at
  })
  return {
    ask(id, take) {
      takers.push(take)
      asked.push(id)
      if (asked.length >= 500) send()
    },
    async end() {
      send()
      git.stdin.end()
      await ended.catch((error) => {
        failure ??= error
      })
      if (failure !== undefined) throw failure
    },
    close() {
      git.kill()
    },
  }
}
