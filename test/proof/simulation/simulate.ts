/**
 * `npm run simulate -- --histories N --seed S`: plays that many random histories, or as many as `--minutes M` are time for;
 * prints the smallest one that goes wrong.
 */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { createStages } from '../stages.ts'
import { type History, histories } from './history.ts'
import { runHistory } from './run-history.ts'

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    minutes: { type: 'string' },
    path: { type: 'string' },
    /** As JSON: plays this one alone. */
    history: { type: 'string' },
  },
})
const wanted = values.history === undefined ? Number(values.histories) : 1
const seed = Number(values.seed)
const began = performance.now()
const stages = createStages(Math.min(20, wanted))
const played = { histories: 0, steps: 0, acts: 0 }

/** Where time is up, the last one is not waited for by who plays them, and not counted. */
let last: Promise<void> = Promise.resolve()

function play(history: History): Promise<void> {
  last = playOne(history)
  return last
}

async function playOne(history: History): Promise<void> {
  const { stage, place } = await stages.next()
  const wrong = await runHistory(stage, place, history)
  played.histories += 1
  played.steps += history.length
  played.acts += history.flatMap(({ acts }) => acts).length
  if (played.histories % 10 === 0) console.error(tell())
  if (wrong !== undefined) throw new Error(wrong)
}

function tell(): string {
  const { user, system } = process.cpuUsage()
  const cpu = ((user + system) / 1e6).toFixed(0)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const { histories: count, steps, acts } = played
  return `${count} histories, ${steps} steps, ${acts} acts; ${seconds} s, ${cpu} s of a processor`
}

const source = values.history === undefined ? histories : fc.constant<History>(JSON.parse(values.history))
const result = await fc.check(fc.asyncProperty(source, play), {
  numRuns: wanted,
  seed,
  endOnFailure: values.history !== undefined,
  ...(values.minutes !== undefined && { interruptAfterTimeLimit: Number(values.minutes) * 60_000 }),
  ...(values.path !== undefined && { path: values.path }),
})
const told = tell()
await last.catch(() => {})
await stages.close()
console.log(`seed ${seed}: ${told}`)
if (result.failed) {
  console.log(
    result.errorInstance instanceof Error ? (result.errorInstance.stack ?? '') : String(result.errorInstance),
  )
  console.log(`path ${result.counterexamplePath}, shrunken ${result.numShrinks} times, to this history:`)
  console.log(JSON.stringify(result.counterexample?.[0], undefined, 2))
}
process.exit(result.failed ? 1 : 0)
