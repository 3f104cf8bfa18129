/** Shouts about roles that still stand long after their window: AWS has closed it, but nobody should have to trust in that alone. */
import { alarmText } from './core/alarm.ts'
import type { StandingGrant } from './core/grant.ts'
import { formatInstant } from './core/window.ts'
import { attempt, type Iam, type World } from './world.ts'

/** Removal takes seconds; after this long something keeps it from happening. Seconds. */
const TOLERATED = 600

/** `iam`: what is left when all was tried. Tells it in log and metric at every look, and by an issue, until it is removed. */
export async function raiseAlarm(world: World, iam: Iam): Promise<void> {
  const { repository, memory, log, now } = world
  memory.left = leftOver(world, iam)
  const overdue = [...memory.left.values()].filter(({ standing }) => standing.window.end + TOLERATED <= now())
  memory.notRemoved = overdue.length
  for (const { standing } of overdue) {
    const { roleArn, identity, window, state } = standing
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
  // An app that was down finds what is long over at its first look: that alone wakes nobody up.
  const tried = overdue.filter(({ since }) => now() - since >= TOLERATED).map(({ standing }) => standing)
  // An issue that another process opened stays until nothing is left, as far as all accounts can be read.
  if (tried.length === 0 && (overdue.length > 0 || iam.unreadable.size > 0)) return
  await attempt(world, 'tell of it by an issue', {}, () => keepIssue(world, tried))
}

/** What is over and still there; what was, where its account can't be read now, counts as before. */
function leftOver({ memory, now }: World, { standing, unreadable }: Iam): World['memory']['left'] {
  const before = [...memory.left.values()].map((one) => one.standing)
  const unseen = before.filter(({ account }) => unreadable.has(account))
  const over = [...standing, ...unseen].filter(({ window }) => window.end <= now())
  return new Map(
    over.map((grant) => [
      grant.roleArn,
      { standing: grant, since: memory.left.get(grant.roleArn)?.since ?? now() },
    ]),
  )
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
