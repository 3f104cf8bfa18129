/** Makes the window of a standing grant longer where a changed file is an approved extension; sessions in use go on. */

import { refuseByWrongClock } from './clock-error.ts'
import { grantedEvent } from './core/event.ts'
import type { EndReason, StandingGrant } from './core/grant.ts'
import { filesOf, plan, type Step } from './core/plan.ts'
import type { Parsed } from './core/problem.ts'
import { formerGrants, lastPullOf } from './core/record.ts'
import type { Rules } from './core/rules.ts'
import { phaseOf } from './core/window.ts'
import type { Finding } from './finding.ts'
import { ROLE_MISSING } from './judge-added.ts'
import { judgeFile } from './judge-file.ts'
import { Obstacle, type Snapshot } from './ports.ts'
import { comment, keyOf, lentOf, recordExtension } from './publish.ts'
import { tellFound } from './uphold.ts'
import { attempt, type GitHub, tell, type World } from './world.ts'

/** What is to become of each standing grant whose file has other bytes by now; of one that is missing nothing is known. */
export type Changes = ReadonlyMap<StandingGrant, Finding>

/** The standing grants whose file has other bytes by now. */
export function changedGrants(
  world: World,
  snapshot: Snapshot,
  standing: readonly StandingGrant[],
): ReadonlySet<StandingGrant> {
  const branch = filesOf(snapshot)
  const steps = plan({ desired: [], branch, standing, now: world.now() }).filter(isWeigh)
  return new Set(steps.map((step) => step.standing))
}

export async function judgeChanges(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  rules: Parsed<Rules>,
  standing: readonly StandingGrant[],
  changing: ReadonlySet<StandingGrant>,
): Promise<Changes> {
  const changes = new Map<StandingGrant, Finding>()
  await Promise.all(
    [...changing].map((grant) =>
      attempt(world, 'judge a change of a request', { path: grant.identity.path }, async () => {
        const file = snapshot.requests.find(({ path }) => path === grant.identity.path)
        if (file) changes.set(grant, await judgeFile(world, github, snapshot, rules, standing, file))
      }),
    ),
  )
  return changes
}

/** Why a grant ends with the change of its file; undefined where it is extended, or nobody can say yet. */
export function whyChangeEnds(
  grant: StandingGrant,
  finding: Finding,
): { readonly because: EndReason; readonly detail: string } | undefined {
  const changed = (detail: string) => ({ because: 'file-changed', detail }) as const
  if (finding.kind === 'rejected') return changed(`The change does not extend it. ${finding.reason.message}`)
  if (finding.kind === 'ended') return changed('What was approved is not there any more.')
  const about = finding.kind === 'unknown' ? (finding.extends ?? finding.subject) : finding.subject
  if (keyOf(about.identity) !== keyOf(grant.identity)) return changed('Another request took its place.')
  if (finding.kind !== 'unknown') return undefined
  // The file is what was granted by the record, so it is the role that says otherwise.
  if (finding.reason.code === ROLE_MISSING)
    return { because: 'role-altered', detail: 'Its role says that it is of another file than was granted.' }
  return finding.unapproved ? changed('The change was not approved by anybody who could.') : undefined
}

/** Returns what stands. On record first: whoever starts again after a crash goes on from there, and judges nothing twice. */
export async function extendAccess(
  world: World,
  github: GitHub,
  standing: readonly StandingGrant[],
  changes: Changes,
): Promise<readonly StandingGrant[]> {
  return Promise.all(
    standing.map(async (grant) => {
      const finding = changes.get(grant)
      if (finding?.kind !== 'approved' || keyOf(finding.subject.identity) !== keyOf(grant.identity))
        return grant
      const extended = await attempt(world, 'extend a grant', { role: grant.roleArn }, () =>
        extendGrant(world, github, grant, finding),
      )
      return extended ?? grant
    }),
  )
}

async function extendGrant(
  world: World,
  github: GitHub,
  standing: StandingGrant,
  { subject, judged, grant }: Extract<Finding, { readonly kind: 'approved' }>,
): Promise<StandingGrant> {
  const lent = lentOf(world, subject.identity, judged)
  if (lent === undefined) throw new Error(`${grant.account} is lent no longer`)
  const phase = phaseOf(standing.window, world.now())
  if (phase === 'over') return standing
  await recordExtension(world, github, subject, {
    kind: 'granted',
    lent,
    phase,
    policies: grant,
    refused: [],
  })
  const former = formerGrants(subject.identity, lent.location, lent.account, judged)
  try {
    refuseByWrongClock(world)
    await world.grants.write(lent.account, grant, former, async (what, isMended) => {
      await tellFound(world, standing, lent, what, isMended)
    })
  } catch (error) {
    if (error instanceof Obstacle) {
      const { problem, fix } = error
      const on = { ...subject, identity: { ...subject.identity, pull: lastPullOf(subject.identity, judged) } }
      await comment(world, github, on, { kind: 'approved', lent, obstacle: { problem, fix } })
    }
    throw error
  }
  const { blob, window } = grant
  world.log.info(
    { repository: world.repository.id, role: grant.roleArn, until: window.end },
    'Extended access',
  )
  await tell(world, grantedEvent(subject.identity, lent))
  const extended: StandingGrant = { ...standing, blob, window }
  world.memory.written.set(grant.roleName, { standing: extended, at: world.now() })
  return extended
}

function isWeigh(step: Step): step is Step & { readonly kind: 'weigh' } {
  return step.kind === 'weigh'
}
