/** One world for the attacks on the branch, by extensions, and on the trust root. */
import { afterAll, beforeAll } from 'vitest'
import type { TestWorld } from '../support/world.ts'
import { branch } from './branch.ts'
import { extensions } from './extensions.ts'
import { LONGEST_SCENE, startStage } from './stage.ts'
import { trustRoot } from './trust-root.ts'

let world: TestWorld

beforeAll(async () => {
  world = await startStage({ spareRepositories: 27 })
}, LONGEST_SCENE)

afterAll(() => world.close(), LONGEST_SCENE)

let taken = 0
const own = () => world.repositories.spare[taken++] ?? 'none is left'

branch(() => world, own)
extensions(() => world, own)
trustRoot(() => world, own)
