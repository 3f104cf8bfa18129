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
const REVEAL = `data:text/javascript,${encodeURIComponent(
  "import { writeFileSync } from 'node:fs'; writeFileSync(process.env.REVEAL_TO, JSON.stringify({ webhook: process.env.WEBHOOK_SECRET, privateKey: process.env.PRIVATE_KEY }))",
)}`

let directory: string
let world: TestWorld
let secrets: Secrets

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-test-'))
  const file = join(directory, 'secret')
  world = await startStage({ spareRepositories: 5, preload: REVEAL, appEnvironment: { REVEAL_TO: file } })
  secrets = JSON.parse(await readFile(file, 'utf8')) as Secrets
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
