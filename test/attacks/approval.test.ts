/** One world for the attacks on the approval and on the merge. */
import { afterAll, beforeAll } from 'vitest'
import type { TestWorld } from '../support/world.ts'
import { approvals } from './approvals.ts'
import { merges } from './merges.ts'
import { LONGEST_SCENE, startStage } from './stage.ts'

let world: TestWorld

beforeAll(async () => {
  world = await startStage({ spareRepositories: 3 })
}, LONGEST_SCENE)

afterAll(() => world.close(), LONGEST_SCENE)

approvals(() => world)
merges(() => world)
