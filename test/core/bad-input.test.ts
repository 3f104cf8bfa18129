import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Figures } from './bad-input/run.ts'
import { ENDLESS } from './bad-input/spoiling.ts'
import { KINDS } from './bad-input/valid-files.ts'

const RUN = fileURLToPath(new URL('./bad-input/run.ts', import.meta.url))

/** MiB of JavaScript's heap: V8 itself ends the process that needs more. */
const HEAP = 192
/** MiB of the whole process: heap, buffers, code and the tools that run it. */
const MEMORY = 512
/** Milliseconds of the process's own time for any one file, the largest included. */
const ONE_FILE = 5000
/** Milliseconds without a word of how far it is: it hangs. */
const SILENCE = 60_000

const isFull = process.env.FULL === '1'
const FILES = isFull ? 100_000 : 1500
/** Seconds of the process's own time for all files. */
const TIME = isFull ? 600 : 30

/** Reads the files in a process of its own, so that neither a hang nor an exhausted heap can go unnoticed. */
function read(files: number, extent: 'endless' | 'short'): Promise<Figures> {
  const args = ['--import', 'tsx', `--max-old-space-size=${HEAP}`, RUN, String(files), '1', extent]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let at = ''
  const hang = () => child.kill('SIGKILL')
  let watch = setTimeout(hang, SILENCE)
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  child.stderr.on('data', (chunk) => {
    at = `${at}${chunk}`.slice(-2000)
    clearTimeout(watch)
    watch = setTimeout(hang, SILENCE)
  })
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      clearTimeout(watch)
      if (code === 0) resolve(JSON.parse(said) as Figures)
      else reject(new Error(`reading ended with ${signal ?? code}; its last words:\n${at}`))
    })
  })
}

describe(`${FILES} generated files, right and spoiled, as requests, rules, CODEOWNERS and operator files`, () => {
  let figures: Figures

  beforeAll(async () => {
    figures = await read(FILES, isFull ? 'endless' : 'short')
    if (isFull) console.log(JSON.stringify(figures, null, 2))
  }, TIME * 4000)

  test('are all read without an exception, and what comes out is what the file says, or problems that stand in it', () => {
    expect(figures.wrong).toEqual([])
    expect(figures.taken + figures.refused + figures.right).toBe(figures.files)
    expect(figures.files).toBe(FILES + (isFull ? ENDLESS.length * KINDS.length : 0))
  })

  test('are of every sort: right ones, spoiled ones that are still right, and wrong ones', () => {
    for (const sort of ['right', 'taken', 'refused'] as const)
      expect(figures[sort]).toBeGreaterThan(FILES / 20)
  })

  test('take a bounded time, each by itself and together, and bounded memory', () => {
    expect(figures.slowest, figures.slowestFile).toBeLessThan(ONE_FILE)
    expect(figures.seconds).toBeLessThan(TIME)
    expect(figures.memory).toBeLessThan(MEMORY)
  })
})
