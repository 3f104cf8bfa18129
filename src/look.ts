/** One look at one repository: finds it on GitHub, brings it up to date, and checks its open pull requests. */
import type { RepositoryConfig } from './config.ts'
import { earliest } from './earliest.ts'
import { preview } from './preview.ts'
import { reconcile } from './reconcile.ts'
import { attempt, type GitHub, type Memory, type World } from './world.ts'

/** Whatever could not be done is tried again after this many seconds, long before the next sweep. */
const RETRY_SECONDS = 15

export type Surroundings = Pick<World, 'grants' | 'now' | 'clockError' | 'log' | 'sign' | 'events'> & {
  /** Undefined where the app is not installed on it. Throws where GitHub gives no clear answer. */
  readonly find: (repository: RepositoryConfig) => Promise<GitHub | undefined>
}

/** Returns when it must be looked at again (seconds since the epoch), if it knows. Never throws. */
export async function look(
  { find, ...shared }: Surroundings,
  repository: RepositoryConfig,
  memory: Memory,
): Promise<number | undefined> {
  memory.failures = 0
  memory.rateLimitedUntil = undefined
  const told = { repository, memory, log: shared.log }
  const github = await attempt(told, 'find the repository on GitHub', {}, () => find(repository))
  const world: World = { ...shared, repository, memory, github }
  const wakes = await Promise.all([
    attempt(told, 'bring the repository up to date', {}, () => reconcile(world)),
    attempt(told, 'check the open pull requests', {}, () =>
      preview({ ...world, hasRoom: world.grants.hasRoom }),
    ),
  ])
  const isTold = await shared.events.flush()
  const wakeAt = earliest(...wakes)
  if (memory.failures === 0 && isTold) return wakeAt
  const retryAt = memory.rateLimitedUntil ?? shared.now() + RETRY_SECONDS
  return Math.min(wakeAt ?? Number.POSITIVE_INFINITY, retryAt)
}
