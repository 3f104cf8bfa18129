/** One world for the attacks by what a request is and says, and by what only looks as if somebody else had said it. */
import { afterAll, beforeAll } from 'vitest'
import type { TestWorld } from '../support/world.ts'
import { contents } from './contents.ts'
import { forgeries, type Secrets } from './forgeries.ts'
import { paths } from './paths.ts'
import { LONGEST_SCENE, startStage } from './stage.ts'

let world: TestWorld
let secrets: Secrets

beforeAll(async () => {
  world = await startStage({ spareRepositories: 5 })
  const { WEBHOOK_SECRET: webhook = '', PRIVATE_KEY: privateKey = '' } = world.appEnvironment
  secrets = { webhook, privateKey }
}, LONGEST_SCENE)

afterAll(() => world.close(), LONGEST_SCENE)

let taken = 0
const own = () => world.repositories.spare[taken++] ?? 'none is left'

paths(() => world, own)
forgeries({ world: () => world, own, secrets: () => secrets })
contents(() => world)
