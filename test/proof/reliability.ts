/** `npm run reliability [-- PART …]`: runs the proofs at full size and writes their tables into docs/reliability.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { measureDenial, measureGrant, measureIdle } from './call-budget.ts'
import { runAllPoints } from './crash-matrix.ts'
import { measureEnd, TROUBLES } from './ends-on-time.ts'
import { FLOWS } from './flows.ts'
import { hunt, MUTANTS, simulate } from './simulation/mutants.ts'
import { createStages } from './stages.ts'

/**
 * `--flow NAME` runs one flow of the crash matrix. `--histories N` is how many are played, or as many as `--minutes M` are
 * time for, by `--jobs J` processes side by side, with the seeds from `--seed S` on.
 */
const { values, positionals: asked } = parseArgs({
  options: {
    flow: { type: 'string', multiple: true, default: [] },
    histories: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    minutes: { type: 'string' },
  },
  allowPositionals: true,
})
const flows = values.flow

const DOC = new URL('../../docs/reliability.md', import.meta.url)
const PAST_REQUESTS = 25
const SPAN = { before: 60, after: 120 }

const PARTS: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  async 'call-budget'() {
    const stages = createStages(5)
    const next = async <T>(measure: (...at: Parameters<typeof measureGrant>) => Promise<T>) => {
      const { stage, place } = await stages.next()
      return measure(stage, place)
    }
    const young = await next((stage, place) => measureIdle(stage, place, 0))
    const old = await next((stage, place) => measureIdle(stage, place, PAST_REQUESTS))
    const denial = await next(measureDenial)
    const grant = await next(measureGrant)
    await stages.close()
    return table(
      ['what', 'calls'],
      [
        ['a look where nothing changed, one access standing', young.map(code).join('<br>')],
        [
          `the same after ${PAST_REQUESTS} requests that are over`,
          same(young, old) ? 'the same' : old.join('<br>'),
        ],
        ['from the end of a window to its denial, one after the other', denial.map(code).join(', ')],
        [
          'from a merge to the last write of its grant',
          `${grant} round trips one after the other, then the write`,
        ],
      ],
    )
  },

  async 'ends-on-time'() {
    const stages = createStages(TROUBLES.length)
    const rows: string[][] = []
    for (const trouble of TROUBLES) {
      const { stage, place } = await stages.next()
      const measured = await measureEnd(stage, place, trouble, SPAN)
      console.log(JSON.stringify(measured))
      rows.push([trouble.name, String(measured.missingBefore), String(measured.accessAfter)])
    }
    await stages.close()
    return table(
      ['trouble', 'seconds of access missing before the end', 'seconds of access after the end'],
      rows,
    )
  },

  async histories() {
    const jobs = Number(values.jobs)
    const first = Number(values.seed)
    const seeds = Array.from({ length: jobs }, (_, job) => first + job)
    const share = String(Math.ceil(Number(values.histories) / jobs))
    const limit = values.minutes === undefined ? [] : ['--minutes', values.minutes]
    const told = await Promise.all(
      seeds.map((seed) => simulate(process.cwd(), ['--histories', share, '--seed', String(seed), ...limit])),
    )
    console.log(told.join('\n'))
    const figures = told.map((text) =>
      /(\d+) histories, (\d+) steps, (\d+) acts; \d+ s, (\d+) s of a processor/
        .exec(text)
        ?.slice(1)
        .map(Number),
    )
    const sum = (column: number) =>
      String(figures.reduce((total, row) => total + (row?.[column] ?? Number.NaN), 0))
    const wrong = told.filter((text) => text.includes('to this history')).length
    return table(
      ['what', jobs === 1 ? 'of one run' : `of ${jobs} runs side by side`],
      [
        [jobs === 1 ? 'seed' : 'seeds', seeds.join(', ')],
        ['histories', sum(0)],
        ['steps, after each of which S3 was asked as everybody', sum(1)],
        ['acts of people', sum(2)],
        ['histories in which somebody read what they should not, or was kept out', String(wrong)],
        ['processor time', `${sum(3)} s`],
      ],
    )
  },

  async bugs() {
    const rows: string[][] = []
    for (const mutant of MUTANTS) {
      const noticed = await hunt(mutant)
      console.log(mutant.name, noticed)
      rows.push([mutant.name, noticed ?? 'not noticed'])
    }
    return table(['bug', 'what the oracle said'], rows)
  },

  async 'crash-matrix'() {
    const stages = createStages(40)
    const rows = new Map<string, readonly string[]>()
    for (const flow of FLOWS.filter(({ name }) => flows.length === 0 || flows.includes(name))) {
      const { points, wrong } = await runAllPoints(stages, flow)
      console.log(flow.name, JSON.stringify(points), wrong.join('\n'))
      const count = wrong.filter((line) => line.startsWith(flow.name)).length
      rows.set(flow.name, [flow.name, String(points.killed), String(points.unheard), String(count)])
    }
    await stages.close()
    // Those of other runs that were not asked for now stay as they are.
    const others = await readRows('crash-matrix')
    const told = FLOWS.flatMap(({ name }) => {
      const row = flows.length === 0 || flows.includes(name) ? rows.get(name) : others.get(name)
      return row === undefined ? [] : [row]
    })
    return table(['flow', 'killed after a call', 'answer lost', 'not as it should be one run later'], told)
  },
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}

function code(text: string): string {
  return `\`${text}\``
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** What the table of a part holds by now, by its first cell. */
async function readRows(part: string): Promise<Map<string, readonly string[]>> {
  const [, rest = ''] = (await readFile(DOC, 'utf8')).split(`<!-- ${part} -->`)
  const [lines = ''] = rest.split(`<!-- /${part} -->`)
  const rows = lines
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  return new Map(rows.map((row) => [row[0] ?? '', row]))
}

/** Between the two marks of its part, and nowhere else. */
async function write(part: string, lines: readonly string[]): Promise<void> {
  const text = await readFile(DOC, 'utf8')
  const [begin, end] = [`<!-- ${part} -->`, `<!-- /${part} -->`]
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined)
    throw new Error(`docs/reliability.md has no place for ${part}`)
  await writeFile(DOC, `${before}${begin}\n${lines.join('\n')}\n${end}${after}`)
}

for (const part of asked.length === 0 ? Object.keys(PARTS) : asked) {
  const run = PARTS[part]
  if (run === undefined)
    throw new Error(`there is no part ${part}; there are: ${Object.keys(PARTS).join(', ')}`)
  await write(part, await run())
}
