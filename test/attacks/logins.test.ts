/** One world for the attacks by names that change hands, as everybody in it is called something else in the end. */
import { afterAll, beforeAll } from 'vitest'
import type { TestWorld } from '../support/world.ts'
import { logins } from './logins.ts'
import { LONGEST_SCENE, startStage } from './stage.ts'

let world: TestWorld

beforeAll(async () => {
  world = await startStage({ spareRepositories: 1 })
}, LONGEST_SCENE)

afterAll(() => world.close(), LONGEST_SCENE)

logins(() => world)
