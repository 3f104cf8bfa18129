/** Processes that outlive what runs in them, for what the same worker runs next: to start one and to warm it up takes long. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Host {
  readonly child: ChildProcess
  /** Resolves once the process is gone, with how that came, as `ended with code 1`. */
  readonly gone: Promise<string>
  /** Runs one thing, and resolves with what it answered once all that it printed is there; the process is free then. */
  run(order: object, heard: Heard): Promise<unknown>
}

/** Gets what is printed. */
export type Heard = Readonly<Record<'stdout' | 'stderr', (chunk: Buffer) => void>>

/** Follows all that one thing printed, as `host.mjs` has it: nothing that is run prints it. */
const END = 0

/** Takes a free process of this file of this folder, or starts one. */
export function createHosts(file: string, execArgv: readonly string[] = []): () => Host {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const free: Host[] = []
  return () => {
    for (let host = free.pop(); host !== undefined; host = free.pop()) if (host.child.connected) return host
    const started = startHost(path, execArgv, () => free.push(started))
    return started
  }
}

function startHost(path: string, execArgv: readonly string[], onFree: () => void): Host {
  const child = fork(path, { execArgv: [...execArgv], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  // Where the worker has nothing else to do, it ends, and that ends the process.
  child.unref()
  child.channel?.unref()
  const gone = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`could not be run: ${error.message}`))
    child.once('close', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    )
  })
  let heard: Heard | undefined
  let ended: (what: 'stdout' | 'stderr') => void = () => {}
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => {
      const end = chunk.indexOf(END)
      heard?.[name](end < 0 ? chunk : Buffer.concat([chunk.subarray(0, end), chunk.subarray(end + 1)]))
      if (end >= 0) ended(name)
    })

  return {
    child,
    gone,
    run(order, listener) {
      heard = listener
      return new Promise((resolve) => {
        const missing = new Set(['stdout', 'stderr', 'answer'])
        let answer: unknown
        const came = (what: string) => {
          if (!missing.delete(what) || missing.size > 0) return
          onFree()
          resolve(answer)
        }
        ended = came
        child.once('message', (message) => {
          answer = message
          came('answer')
        })
        child.send(order)
      })
    },
  }
}
