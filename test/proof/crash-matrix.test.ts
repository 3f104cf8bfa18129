import { afterAll, describe, expect, test } from 'vitest'
import { mishapsAt, runAllPoints, runDisturbed, runUndisturbed } from './crash-matrix.ts'
import { FLOWS } from './flows.ts'
import { createStages } from './stages.ts'

const FULL = process.env.FULL === '1'
const HOUR_MS = 3_600_000

const stages = createStages(FULL ? 40 : 8)
afterAll(() => stages.close())

describe('one run after the app was killed, or an answer lost, the world is as if nothing had happened', () => {
  test.skipIf(FULL).each([
    ['grant', 'POST CreateRole'],
    ['end', /^PUT .*\/merge$/],
  ] as const)('at the call of the %s that leaves the most undone', async (name, which) => {
    const flow = FLOWS.find((one) => one.name === name)
    if (flow === undefined) throw new Error(`there is no flow ${name}`)
    const course = await runUndisturbed(stages, flow)
    const index = course.calls.findIndex((call) =>
      typeof which === 'string' ? call === which : which.test(call),
    )

    expect(index).toBeGreaterThan(0)
    for (const mishap of mishapsAt(index + 1))
      expect(await runDisturbed(stages, flow, course, mishap), mishap.kind).toEqual([])
  })

  test.runIf(FULL).each(FLOWS)(
    'at every call of the flow: $name',
    async (flow) => {
      expect((await runAllPoints(stages, flow)).wrong).toEqual([])
    },
    HOUR_MS,
  )
})
