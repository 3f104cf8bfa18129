/** Writes the event stream: one line after the other, each once for each process, and tried again where it could not be written. */
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AccessEvent } from './core/event.ts'

/** Standard output in the place of a file's name. */
export const STANDARD_OUTPUT = '-'

/** Nothing waits longer than this for a line to be written, in milliseconds. */
const PATIENCE = 2_000
/** How many lines are remembered as told, and how many are kept that could not be written. */
const REMEMBERED = 10_000

export interface EventStream {
  /**
   * Resolves when the line is written, or could not be in time; never rejects. A line that was told before is not told again.
   * One that could not be written is logged, and goes before the next one.
   */
  tell(event: AccessEvent): Promise<void>
  /** Tries what could not be written; says whether all is. */
  flush(): Promise<boolean>
}

/** `onFailure` gets what could not be written, each line once, so that it stands in the log at least. */
export function createEventStream(
  file: string,
  onFailure: (error: unknown, lines: readonly string[]) => void,
): EventStream {
  const told = new Set<string>()
  let waiting: readonly string[] = []
  /** How many of those are in the log already. */
  let logged = 0
  let turn: Promise<void> = Promise.resolve()
  // A reader that went away is told of as any other failure; without this it would end the process.
  if (file === STANDARD_OUTPUT) process.stdout.on('error', () => {})

  async function writeWaiting(): Promise<void> {
    const lines = waiting
    if (lines.length === 0) return
    await append(file, lines.join(''))
    waiting = waiting.slice(lines.length)
    logged = Math.max(0, logged - lines.length)
  }

  /** One after the other, so that no line stands within another. */
  function takeTurn(): Promise<void> {
    turn = turn.then(writeWaiting).catch((error: unknown) => {
      onFailure(error, waiting.slice(logged))
      waiting = waiting.slice(-REMEMBERED)
      logged = waiting.length
    })
    return Promise.race([turn, sleep(PATIENCE, undefined, { ref: false })])
  }

  return {
    async tell(event) {
      if (told.has(event.id)) return
      told.add(event.id)
      const [oldest] = told
      if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest)
      waiting = [...waiting, `${JSON.stringify(event)}\n`]
      await takeTurn()
    },
    async flush() {
      if (waiting.length > 0) await takeTurn()
      return waiting.length === 0
    },
  }
}

/** Where no stream is asked for. */
export const NO_EVENTS: EventStream = { tell: async () => {}, flush: async () => true }

async function append(file: string, text: string): Promise<void> {
  if (file === STANDARD_OUTPUT) return writeOut(text)
  // Opened anew each time: whoever moves the file away, to keep it, gets a new one in its place.
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const { buffer } = size === 0 ? { buffer: LINE_END } : await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    // Half a line that a full disk or a crash left is ended first.
    await handle.appendFile(buffer.equals(LINE_END) ? text : `\n${text}`)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

const LINE_END = Buffer.from('\n')

function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
}
