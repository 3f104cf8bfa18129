/** One world for the attacks by what a request is and says, and by what only looks as if somebody else had said it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { TestWorld } from '../support/world.ts'
import { contents } from './contents.ts'
import { forgeries, type Secrets } from './forgeries.ts'
import { paths } from './paths.ts'
import { LONGEST_SCENE, startStage } from './stage.ts'

/** Writes down what the app was given, so that an attacker can sign as GitHub does. */
const WITNESS = new URL('../support/environment-witness.mjs', import.meta.url).href

let directory: string
let world: TestWorld
let secrets: Secrets

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-test-'))
  const file = join(directory, 'environment')
  world = await startStage({ spareRepositories: 5, preload: WITNESS, appEnvironment: { WITNESS_TO: file } })
  const { WEBHOOK_SECRET: webhook, PRIVATE_KEY: privateKey } = JSON.parse(await readFile(file, 'utf8'))
  secrets = { webhook, privateKey }
}, LONGEST_SCENE)

afterAll(async () => {
  await world.close()
  await rm(directory, { recursive: true })
}, LONGEST_SCENE)

let taken = 0
const own = () => world.repositories.spare[taken++] ?? 'none is left'

paths(() => world, own)
forgeries({ world: () => world, own, secrets: () => secrets })
contents(() => world)
