/** One look at one repository: finds it on GitHub, brings it up to date, and checks its open pull requests. */
import type { RepositoryConfig } from './config.ts'
import { earliest } from './earliest.ts'
import { preview } from './preview.ts'
import { reconcile } from './reconcile.ts'
import { attempt, type GitHub, type Memory, type World } from './world.ts'

/** Whatever could not be done is tried again after this many seconds, long before the next sweep; what goes on failing, a little less often. */
const RETRY_SECONDS = [15, 30, 60] as const

export type Surroundings = Pick<World, 'grants' | 'now' | 'clockError' | 'log' | 'sign' | 'events'> & {
  /** Undefined where the app is not installed on it. Throws where GitHub gives no clear answer. */
  readonly find: (repository: RepositoryConfig) => Promise<GitHub | undefined>
}

/**
 * Returns when it must be looked at again (seconds since the epoch), if it knows. Never throws. `isAwaited` tells whether
 * somebody waits for the next look already.
 */
export async function look(
  { find, ...shared }: Surroundings,
  repository: RepositoryConfig,
  memory: Memory,
  isAwaited: () => boolean = () => false,
): Promise<number | undefined> {
  memory.failures = 0
  memory.limited = 0
  memory.rateLimitedUntil = undefined
  const told = { repository, memory, log: shared.log }
  const github = await attempt(told, 'find the repository on GitHub', {}, () => find(repository))
  const isFound = github !== undefined || (memory.failures === 0 ? false : undefined)
  if (isFound === false && memory.lastLook?.isFound !== false)
    shared.log.error(
      { repository: repository.id },
      'The app is not installed on this repository: AWS closes what stands at its end, and nothing else of it is ended or granted',
    )
  const world: World = { ...shared, repository, memory, github, isAwaited }
  const wakes = await Promise.all([
    attempt(told, 'bring the repository up to date', {}, () => reconcile(world)),
    attempt(told, 'check the open pull requests', {}, () => preview({ ...world, ...world.grants })),
  ])
  const isTold = await shared.events.flush()
  const { failures } = memory
  memory.lastLook = { endedAt: shared.now(), failures, ...(isFound !== undefined && { isFound }) }
  const wakeAt = earliest(...wakes)
  if (failures === 0 && isTold) {
    memory.failedLooks = 0
    return wakeAt
  }
  return earliest(wakeAt, retryAt(shared.now(), memory))
}

/** What a rate limit of GitHub keeps from being done waits for it; what failed otherwise does not. */
function retryAt(now: number, memory: Memory): number {
  const { failures, limited, rateLimitedUntil } = memory
  if (rateLimitedUntil !== undefined && failures === limited) return rateLimitedUntil
  const wait = RETRY_SECONDS[Math.min(memory.failedLooks, RETRY_SECONDS.length - 1)] ?? RETRY_SECONDS[0]
  memory.failedLooks += 1
  return now + wait
}
