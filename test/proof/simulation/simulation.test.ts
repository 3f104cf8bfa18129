import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createStages } from '../stages.ts'
import { type Act, type History, histories, step } from './history.ts'
import { hunt, MUTANTS } from './mutants.ts'
import { runHistory } from './run-history.ts'

const FULL = process.env.FULL === '1'
const HOUR_MS = 3_600_000

/** What many histories are made of, in three steps. */
const SHORT: History = [
  {
    seconds: 0,
    acts: [{ kind: 'obtain', who: 'alice', hours: 4, folder: 'exports/2026/11/' }],
    trouble: { kind: 'killed', call: 30 },
  },
  {
    seconds: 600,
    acts: [
      { kind: 'extend', on: 0, hours: 6, approved: true },
      { kind: 'ask', who: 'mallory', hours: 4, folder: 'internal/' },
      { kind: 'merge', on: 1, by: 'mallory' },
    ],
    trouble: { kind: 'replica' },
  },
  { seconds: 3600, acts: [{ kind: 'revoke', on: 0, by: 'olivia' }], trouble: { kind: 'unheard', call: 12 } },
]

const obtain = (hours: number): Act => ({ kind: 'obtain', who: 'alice', hours, folder: 'exports/2026/11/' })
const extend = (hours: number, approved = true): Act => ({ kind: 'extend', on: 0, hours, approved })

/** Found among random ones, and shrunken. */
const ONCE_WRONG: Readonly<Record<string, History>> = {
  'a change longer than the rules allow, of which nothing can be said yet, ended what was granted': [
    step(obtain(1)),
    step({ kind: 'usurp' }, extend(13)),
  ],
  'a file that went with a force push was put back, and kept its access': [
    step(obtain(1)),
    step({ kind: 'rewind', steps: 1 }, { kind: 'restore', on: 0 }),
  ],
  'a file was taken off and put back, and the branch forced back to where the app had seen it': [
    step(obtain(1)),
    step({ kind: 'blink', on: 0 }, { kind: 'rewind', steps: 2 }),
  ],
  // The oracle was wrong in these, not the app.
  'a change that nobody approved, while nobody can read the rules, ends nothing yet': [
    step(obtain(1)),
    step({ kind: 'rules', change: 'broken', approved: true }, extend(2, false)),
    step({ kind: 'rules', change: 'mended', approved: true }),
  ],
  'an owner who changed the request approves of nothing in it': [
    step(
      { kind: 'ask', who: 'alice', hours: 1, folder: 'exports/2026/11/', ahead: 0 },
      { kind: 'push', on: 0, by: 'oscar', hours: 4 },
      { kind: 'approve', on: 0, by: 'oscar' },
      { kind: 'merge', on: 0, by: 'olivia', method: 'merge' },
    ),
  ],
  'a change to a shorter window ends what was granted, although nothing can be approved for now': [
    step(obtain(4)),
    step({ kind: 'usurp' }, extend(2)),
  ],
  'an access that begins later was opened after all, for it had been given back before the app saw its merge':
    [
      {
        ...step(
          { kind: 'obtain', who: 'alice', hours: 1, folder: 'exports/2026/11/', ahead: 900 },
          { kind: 'revoke', on: 0, by: 'alice' },
        ),
        trouble: { kind: 'down', what: 'github' },
      },
      { ...step(), seconds: 3600 },
    ],
}

const stages = createStages(FULL ? 20 : 2)
afterAll(() => stages.close())

test(
  'through random histories nobody reads outside an approved window, nor is kept out inside one',
  async () => {
    for (const history of FULL ? fc.sample(histories, { seed: 20261124, numRuns: 200 }) : [SHORT]) {
      const { stage, place } = await stages.next()

      expect(await runHistory(stage, place, history), JSON.stringify(history)).toBeUndefined()
    }
  },
  FULL ? HOUR_MS : 90_000,
)

test.each(Object.entries(ONCE_WRONG))('goes right by now: %s', async (_, history) => {
  const { stage, place } = await stages.next()
  expect(await runHistory(stage, place, history)).toBeUndefined()
})

describe('a bug put in on purpose', () => {
  test.each(MUTANTS)('can still be put in: $name', async ({ file, from }) => {
    expect((await readFile(file, 'utf8')).split(from)).toHaveLength(2)
  })

  test.runIf(FULL).each(MUTANTS)(
    'is noticed: $name',
    async (mutant) => {
      expect(await hunt(mutant)).toMatch(/though not allowed|missing once/)
    },
    HOUR_MS,
  )
})
