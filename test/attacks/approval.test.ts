/** One world for the attacks on the approval, on the merge, and on the patience of stand-ins, who move the clock and so come last. */
import { afterAll, beforeAll } from 'vitest'
import type { TestWorld } from '../support/world.ts'
import { approvals } from './approvals.ts'
import { fallback } from './fallback.ts'
import { merges } from './merges.ts'
import { LONGEST_SCENE, startStage } from './stage.ts'

let world: TestWorld

beforeAll(async () => {
  world = await startStage({ spareRepositories: 4 })
}, LONGEST_SCENE)

afterAll(() => world.close(), LONGEST_SCENE)

approvals(() => world)
merges(() => world)
fallback(() => world)
