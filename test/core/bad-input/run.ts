/**
 * Reads many spoiled files in a process of its own, whose memory is bounded from outside, and prints the figures:
 * `node --import tsx --max-old-space-size=192 test/core/bad-input/run.ts <files> <seed> [endless]`.
 */
import { deepStrictEqual } from 'node:assert'
import { createDice } from './dice.ts'
import { expectedMeaning, meaningOf, type Outcome, readAndHold } from './reading.ts'
import { ENDLESS, endless, spoil } from './spoiling.ts'
import { KINDS, type Kind, validFile } from './valid-files.ts'

export interface Figures {
  readonly files: number
  readonly taken: number
  readonly refused: number
  /** Right files, read in a random spelling each. */
  readonly right: number
  /** Milliseconds of this process's own time for one file. */
  readonly slowest: number
  readonly slowestFile: string
  /** Seconds of this process's own time for all. */
  readonly seconds: number
  /** The most memory that the process ever held, in MiB. */
  readonly memory: number
  /** What was not right, with the number of the file; the first few. */
  readonly wrong: readonly string[]
}

/** More bytes than are read of each kind, so that the limit is met as well. */
const LARGEST: Readonly<Record<Kind, number>> = {
  request: 20 * 1024,
  rules: 300 * 1024,
  operator: 1100 * 1024,
  codeowners: 3 * 1024 * 1024 - 1,
}
const MOST_WRONG = 5
const SHOWN = 600

function main(files: number, seed: number, endlessToo: boolean): Figures {
  const count = { taken: 0, refused: 0, right: 0 }
  const wrong: string[] = []
  let slowest = 0
  let slowestFile = ''

  function timed(name: string, bytes: Uint8Array, read: () => void): void {
    const start = process.cpuUsage()
    try {
      read()
    } catch (error) {
      const shown = JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, SHOWN))
      if (wrong.length < MOST_WRONG) wrong.push(`${name}: ${String(error).slice(0, 2 * SHOWN)}\n${shown}`)
    }
    const spent = process.cpuUsage(start).user / 1000
    if (spent > slowest) [slowest, slowestFile] = [spent, name]
  }

  const spoiled = (name: string, kind: Kind, bytes: Uint8Array) =>
    timed(name, bytes, () => {
      const outcome: Outcome = readAndHold(kind, bytes)
      count[outcome] += 1
    })

  for (let index = 0; index < files; index++) {
    const dice = createDice(seed, index)
    const kind = dice.pick(KINDS)
    const file = validFile(kind, dice)
    if (dice.onceIn(4)) {
      timed(`#${index} ${kind}`, Buffer.from(file.text), () => {
        deepStrictEqual(meaningOf(kind, file.text), expectedMeaning(kind, file.means))
        count.right += 1
      })
    } else spoiled(`#${index} ${kind}`, kind, spoil(file.text, dice))
    if (index % 500 === 0) console.error(`at #${index}`)
  }
  const endlessOnes = endlessToo ? ENDLESS : []
  for (const [name, unit] of endlessOnes)
    for (const kind of KINDS) {
      console.error(`at ${kind} of ${name}`)
      spoiled(`${kind} of ${name}`, kind, Buffer.from(endless(unit, LARGEST[kind])))
    }

  const { userCPUTime, maxRSS } = process.resourceUsage()
  return {
    files: files + endlessOnes.length * KINDS.length,
    ...count,
    slowest: Math.round(slowest),
    slowestFile,
    seconds: Math.round(userCPUTime / 1e6),
    memory: Math.round(maxRSS / 1024),
    wrong,
  }
}

const [files = '1000', seed = '1', extent] = process.argv.slice(2)
console.log(JSON.stringify(main(Number(files), Number(seed), extent === 'endless'), null, 2))
