/** Opens the access of requests that were found approved. */
import { refuseByWrongClock } from './clock-error.ts'
import { grantedEvent } from './core/event.ts'
import type { Grant, StandingGrant } from './core/grant.ts'
import { filesOf, plan, type Step } from './core/plan.ts'
import type { Finding } from './finding.ts'
import { Obstacle, type Snapshot } from './ports.ts'
import { lentOf, publish, recordVerdict } from './publish.ts'
import { attempt, type GitHub, tell, type World } from './world.ts'

/** Writes every approved grant that the plan lets through: verdict on record first, then IAM. Returns what was written. */
export async function giveAccess(
  world: World,
  github: GitHub,
  standing: readonly StandingGrant[],
  snapshot: Snapshot,
  findings: readonly Finding[],
): Promise<readonly StandingGrant[]> {
  const approved = findings.filter(isApproved)
  const desired = approved.map(({ grant }) => grant)
  const wanted = new Set(
    plan({ desired, branch: filesOf(snapshot), standing, now: world.now() })
      .filter(isGrant)
      .map((step) => step.grant),
  )
  const given = await Promise.all(
    approved
      .filter(({ grant }) => wanted.has(grant))
      .map((finding) =>
        attempt(world, 'grant access', { role: finding.grant.roleArn }, () =>
          grantAccess(world, github, finding),
        ),
      ),
  )
  const written = given.filter((grant) => grant !== undefined)
  for (const grant of written) world.memory.written.set(grant.roleName, { standing: grant, at: world.now() })
  return written
}

/** Whoever waits for it is told what keeps it from being written, when somebody has to mend that. */
async function grantAccess(
  world: World,
  github: GitHub,
  { subject, judged, grant }: Approved,
): Promise<StandingGrant> {
  const lent = lentOf(world, subject.identity, judged)
  if (lent === undefined) throw new Error(`${grant.account} is lent no longer`)
  const recorded = await recordVerdict(world, github, subject, { kind: 'approved', lent })
  try {
    refuseByWrongClock(world)
    await world.grants.write(lent.account, grant)
  } catch (error) {
    if (error instanceof Obstacle) {
      const { problem, fix } = error
      await publish(world, github, recorded, { kind: 'approved', lent, obstacle: { problem, fix } })
    }
    throw error
  }
  world.log.info({ repository: world.repository.id, role: grant.roleArn }, 'Granted access')
  await tell(world, grantedEvent(subject.identity, lent))
  return standingOf(grant)
}

function standingOf(grant: Grant): StandingGrant {
  const { identity, account, roleName, rolePath, roleArn, blob, window } = grant
  return { identity, account, roleName, rolePath, roleArn, blob, window, state: { kind: 'live' } }
}

type Approved = Extract<Finding, { readonly kind: 'approved' }>

function isApproved(finding: Finding): finding is Approved {
  return finding.kind === 'approved'
}

function isGrant(step: Step): step is Step & { readonly kind: 'grant' } {
  return step.kind === 'grant'
}
