import { afterAll, beforeAll, expect, test } from 'vitest'
import { measureEnd, TROUBLES } from './ends-on-time.ts'
import { openStage, type Stage } from './stage.ts'

const FULL = process.env.FULL === '1'
/** Seconds around the end. */
const SPAN = FULL ? { before: 60, after: 120 } : { before: 2, after: 2 }
/** In `npm test`, what differs most from one another; the others take the same way. */
const TRIED = new Set(['the app is dead', 'GitHub and IAM are dead', 'writes to IAM fail'])

let stage: Stage
beforeAll(async () => {
  stage = await openStage(FULL ? TROUBLES.length : TRIED.size)
}, 120_000)
afterAll(() => stage.close())

test.each(TROUBLES.filter(({ name }) => FULL || TRIED.has(name)))(
  'access lasts to the last second of its window and no second longer while $name',
  async (trouble) => {
    const place = stage.nextRepository()
    if (place === undefined) throw new Error('there are too few repositories')

    expect(await measureEnd(stage, place, trouble, SPAN)).toEqual({
      trouble: trouble.name,
      missingBefore: 0,
      accessAfter: 0,
    })
  },
  120_000,
)
