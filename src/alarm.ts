/** Shouts about roles that still stand long after their window: AWS has closed it, but nobody should have to trust in that alone. */
import { alarmText } from './core/alarm.ts'
import type { StandingGrant } from './core/grant.ts'
import { formatInstant } from './core/window.ts'
import { attempt, type World } from './world.ts'

/** Removal takes seconds; after this long something keeps it from happening. Seconds. */
const TOLERATED = 600

/** `standing`: what is left when all was tried. Tells it in log and metric at every look, and by an issue, until it is removed. */
export async function raiseAlarm(world: World, standing: readonly StandingGrant[]): Promise<void> {
  const { repository, memory, log, now } = world
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
  const tried = triedLong(world, standing, overdue)
  // An issue that another process opened stays until nothing is left.
  if (overdue.length > 0 && tried.length === 0) return
  await attempt(world, 'tell of it by an issue', {}, () => keepIssue(world, tried))
}

/** An app that was down finds what is long over at its first look: that alone wakes nobody up. */
function triedLong(
  { memory, now }: World,
  standing: readonly StandingGrant[],
  overdue: readonly StandingGrant[],
): readonly StandingGrant[] {
  const since = (role: string) => memory.leftSince.get(role) ?? now()
  const over = standing.filter(({ window }) => window.end <= now())
  memory.leftSince = new Map(over.map(({ roleArn }) => [roleArn, since(roleArn)]))
  return overdue.filter(({ roleArn }) => now() - since(roleArn) >= TOLERATED)
}

async function keepIssue(
  { repository, memory, log, github }: World,
  tried: readonly StandingGrant[],
): Promise<void> {
  const text = tried.length > 0 ? alarmText(tried) : undefined
  const said = text ?? 'none'
  if (github === undefined || memory.alarm === said) return
  const told = await github.writer.tellAlarm(text)
  if (told !== 'told')
    log.warn(
      { repository: repository.id, why: told.refused },
      'GitHub takes no issue: only log and metric tell of it',
    )
  memory.alarm = said
}
