import { afterAll, describe, expect, test } from 'vitest'
import { runAllPoints, runDisturbed, runUndisturbed } from './crash-matrix.ts'
import { FLOWS } from './flows.ts'
import { createStages } from './stages.ts'

const FULL = process.env.FULL === '1'
const HOUR_MS = 3_600_000

const stages = createStages(FULL ? 40 : 4)
afterAll(() => stages.close())

describe('one run after the app was killed, or an answer lost, the world is as if nothing had happened', () => {
  test.skipIf(FULL).each([
    ['grant', 'killed', /^POST CreateRole$/],
    ['end', 'unheard', /^PUT .*\/merge$/],
    // Who gave it back was in the memory of the app alone.
    ['early end by a comment', 'killed', /^POST UpdateAssumeRolePolicy$/],
  ] as const)(
    'in the %s, %s at the call that leaves the most undone',
    async (name, kind, which) => {
      const flow = FLOWS.find((one) => one.name === name)
      if (flow === undefined) throw new Error(`there is no flow ${name}`)
      const course = await runUndisturbed(stages, flow)
      const call = course.calls.findIndex((one) => which.test(one)) + 1

      expect(call).toBeGreaterThan(0)
      expect(await runDisturbed(stages, flow, course, { kind, call })).toEqual([])
    },
    120_000,
  )

  test.runIf(FULL).each(FLOWS)(
    'at every call of the flow: $name',
    async (flow) => {
      expect((await runAllPoints(stages, flow)).wrong).toEqual([])
    },
    HOUR_MS,
  )
})
