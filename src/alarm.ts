/** Shouts about roles that still stand long after their window: AWS has closed it, but nobody should have to trust in that alone. */
import type { StandingGrant } from './core/grant.ts'
import { formatInstant } from './core/window.ts'
import type { World } from './world.ts'

/** Removal takes seconds; after this long something keeps it from happening. Seconds. */
const TOLERATED = 600

/** `standing`: what is left when all was tried. Tells it at every look, until it is removed. */
export function raiseAlarm(
  { repository, memory, log, now }: World,
  standing: readonly StandingGrant[],
): void {
  const overdue = standing.filter(({ window }) => window.end + TOLERATED <= now())
  memory.notRemoved = overdue.length
  for (const { roleArn, identity, window, state } of overdue)
    log.error(
      {
        alarm: 'grant-not-removed',
        repository: repository.id,
        role: roleArn,
        path: identity.path,
        pull: identity.pull,
        until: formatInstant(window.end),
        overdueSeconds: now() - window.end,
        denied: state.kind === 'ended',
      },
      'A grant whose window is over could not be removed from AWS; it is tried again. AWS itself lets nobody in any more',
    )
}
