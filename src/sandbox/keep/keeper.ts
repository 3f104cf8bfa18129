/** Keeps the state on disk close behind the world: soon after a change, never more often than the disk bears, and at the end. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Keeper {
  /** Something may have changed. */
  touch(): void
  /** Writes what is not written yet, and then no more. Raises what kept the state from being written. */
  close(): Promise<void>
}

export interface KeeperOptions {
  /** What the file should hold now; asked for only when it may have changed. */
  readonly look: () => Promise<string>
  readonly write: (text: string) => Promise<void>
  /** How long changes may gather, in milliseconds. */
  readonly gatherMs?: number
}

const GATHER_MS = 100
/** Of the time, at most about a tenth goes into writing, however large the world has grown. */
const REST_FACTOR = 9

/** Once it is there, the state is on disk for the first time. */
export async function createKeeper({ look, write, gatherMs = GATHER_MS }: KeeperOptions): Promise<Keeper> {
  const closing = new AbortController()
  let touched = false
  let written = await look()
  await write(written)
  let failure: unknown
  let running: Promise<void> | undefined

  async function keepUp(): Promise<void> {
    let restMs = gatherMs
    while (touched && !closing.signal.aborted) {
      await sleep(restMs, undefined, { signal: closing.signal }).catch(() => {})
      const started = performance.now()
      await save()
      restMs = Math.max(gatherMs, (performance.now() - started) * REST_FACTOR)
    }
    running = undefined
  }

  async function save(): Promise<void> {
    touched = false
    try {
      const text = await look()
      if (text !== written) await write(text)
      written = text
      failure = undefined
    } catch (error) {
      // The next change tries again; the end says it if that fails too.
      failure = error
    }
  }

  return {
    touch() {
      touched = true
      running ??= keepUp()
    },
    async close() {
      closing.abort()
      await running
      await save()
      if (failure !== undefined) throw failure
    },
  }
}
