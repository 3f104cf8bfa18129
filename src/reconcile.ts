/** The loop's one sentence: read IAM and the branch, end what is over, judge what is new, grant it, report, clean up. */
import { raiseAlarm } from './alarm.ts'
import { cleanUp } from './clean-up.ts'
import { refuseByWrongClock } from './clock-error.ts'
import type { Account } from './core/account.ts'
import { endedEvent, grantedEvent, requestTold, strayEvent } from './core/event.ts'
import type { Person } from './core/evidence.ts'
import type { EndReason, Grant, StandingGrant, StrayRole } from './core/grant.ts'
import { type BranchFiles, nextWake, plan, type Step } from './core/plan.ts'
import type { Parsed } from './core/problem.ts'
import { parseLocation } from './core/request.ts'
import type { Rules } from './core/rules.ts'
import { earliest } from './earliest.ts'
import { findDisallowed } from './end-disallowed.ts'
import { findGivenBack } from './end-early.ts'
import { type Changes, extendAccess, judgeChanges, whyChangeEnds } from './extend.ts'
import type { Finding } from './finding.ts'
import { judgeFile } from './judge-file.ts'
import { Obstacle, type Snapshot, type SourceFile } from './ports.ts'
import { comment, keyOf, lentOf, publish, publishRules, recordVerdict } from './publish.ts'
import { readRules } from './read-rules.ts'
import { remind } from './remind.ts'
import { uphold } from './uphold.ts'
import { accountOf, attempt, type GitHub, tell, type World } from './world.ts'

/** IAM may take this long to list a role that was just written; until then it counts as standing. Seconds. */
const PROPAGATION_SECONDS = 300

/** Brings one repository to the state that git describes. Returns when the next window opens or closes, in seconds since the epoch. */
export async function reconcile(world: World): Promise<number | undefined> {
  const iam = await readStanding(world)
  let standing = await endAccess(world, iam.standing, 'unreadable')
  let reminder: number | undefined

  const snapshot = await readBranch(world)
  if (world.github !== undefined && snapshot !== undefined) {
    standing = await endAccess(world, standing, filesOf(snapshot))
    const rules = readRules(snapshot)
    standing = await endGivenBack(world, world.github, snapshot, standing)
    const changes = await judgeChanges(world, world.github, snapshot, rules, standing)
    standing = await denyEach(world, standing, endedBy(changes))
    standing = await denyEach(
      world,
      standing,
      await findDisallowed(world, world.github, snapshot, rules, standing, new Set(changes.keys())),
    )
    const findings = [
      ...(await judgeNewFiles(world, world.github, snapshot, rules, standing, changes, iam.unreadable)),
      ...findingsOf(changes, standing),
    ]
    standing = await extendAccess(world, world.github, standing, changes)
    standing = await giveAccess(world, world.github, standing, filesOf(snapshot), findings)
    await report(world, world.github, keptOf(world, standing, filesOf(snapshot)), findings)
    standing = await cleanUp(world, world.github, snapshot, standing, findings)
    reminder = await remind(world, world.github, rules, standing)
  }
  raiseAlarm(world, standing)
  return earliest(reminder, nextWake({ desired: [], standing, now: world.now() }))
}

interface Iam {
  readonly standing: readonly StandingGrant[]
  /** Aliases of the accounts that could not be read: nothing is concluded about them. */
  readonly unreadable: ReadonlySet<string>
}

async function readStanding(world: World): Promise<Iam> {
  const { accounts, id } = world.repository
  const standing: StandingGrant[] = []
  const unreadable = new Set<string>()
  await Promise.all(
    [...accounts.values()].map(async (account) => {
      const listed = await attempt(world, 'list the grants of an account', { account: account.alias }, () =>
        world.grants.list(account, id),
      )
      if (listed === undefined) return unreadable.add(account.alias)
      standing.push(...listed.grants)
      await Promise.all(listed.strays.map((stray) => endStray(world, account, stray)))
    }),
  )
  return { standing: withJustWritten(world, standing), unreadable }
}

/** Only the app makes roles there, so one that nobody asked for, or that hides for whom it is, is not let stand. */
async function endStray(world: World, account: Account, stray: StrayRole): Promise<void> {
  const { id } = world.repository
  await attempt(world, 'end a role that is no request', { role: stray.roleArn }, async () => {
    await world.grants.denyStray(account, id, stray, world.now())
    await tell(world, strayEvent(stray, account))
    world.log.warn(
      { repository: id, role: stray.roleArn },
      'Denied a role that is no request, or hides whose it is',
    )
  })
}

/** What should stand as it is: never a grant that is to end and could not be denied yet. */
function keptOf(
  world: World,
  standing: readonly StandingGrant[],
  branch: BranchFiles,
): readonly StandingGrant[] {
  return plan({ desired: [], branch, standing, now: world.now() })
    .filter((step) => step.kind === 'keep')
    .map((step) => step.standing)
}

/** What this process wrote, where IAM does not list it yet, or lists what it was before. */
function withJustWritten(world: World, listed: readonly StandingGrant[]): readonly StandingGrant[] {
  const { written } = world.memory
  for (const { roleName, identity, blob, state } of listed) {
    if (written.get(roleName)?.standing.blob === blob || state.kind === 'ended') written.delete(roleName)
    world.memory.missing.delete(keyOf(identity))
  }
  for (const [roleName, { at }] of written) {
    if (world.now() - at > PROPAGATION_SECONDS) written.delete(roleName)
  }
  return [
    ...listed.filter(({ roleName }) => !written.has(roleName)),
    ...[...written.values()].map(({ standing }) => standing),
  ]
}

async function readBranch(world: World): Promise<Snapshot | undefined> {
  const { github } = world
  return github && attempt(world, 'read the branch', {}, () => github.reader.snapshot())
}

function filesOf(snapshot: Snapshot): BranchFiles {
  return new Map(snapshot.requests.map((file) => [file.path, file.blob]))
}

/** Denies what must not go on. Nothing stands before it: no approval, no rule, and for the end of a window no GitHub. */
async function endAccess(
  world: World,
  standing: readonly StandingGrant[],
  branch: BranchFiles | 'unreadable',
): Promise<readonly StandingGrant[]> {
  const steps = plan({ desired: [], branch, standing, now: world.now() })
  return denyEach(world, standing, steps.filter(isDeny))
}

/** Those whose file was changed to something that does not extend them. */
function endedBy(changes: Changes): readonly Ending[] {
  return [...changes].flatMap(([standing, finding]) => {
    const detail = whyChangeEnds(standing, finding)
    return detail === undefined ? [] : [{ standing, because: 'file-changed', detail }]
  })
}

/** What is to become of the changed files themselves, apart from the grants that they extend. */
function findingsOf(changes: Changes, standing: readonly StandingGrant[]): readonly Finding[] {
  const known = new Set(standing.map(({ identity }) => keyOf(identity)))
  return [...changes.values()].filter(({ subject }) => !known.has(keyOf(subject.identity)))
}

/** Denies what somebody who may has ended early: by a comment, or by the button on the check run. */
async function endGivenBack(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  standing: readonly StandingGrant[],
): Promise<readonly StandingGrant[]> {
  const givenBack = await findGivenBack(world, github, snapshot, standing)
  return denyEach(
    world,
    standing,
    [...givenBack].map(([grant, by]) => ({ standing: grant, because: 'given-back', by })),
  )
}

interface Ending {
  readonly standing: StandingGrant
  readonly because: EndReason
  readonly by?: Person
  readonly detail?: string
}

/** Returns what stands, each one denied as denied; one whose denial failed as it was. */
async function denyEach(
  world: World,
  standing: readonly StandingGrant[],
  endings: readonly Ending[],
): Promise<readonly StandingGrant[]> {
  const ended = new Map<StandingGrant, StandingGrant>()
  await Promise.all(
    endings.map((ending) =>
      attempt(world, 'end a grant', { role: ending.standing.roleArn, because: ending.because }, async () => {
        ended.set(ending.standing, await deny(world, ending))
      }),
    ),
  )
  return standing.map((grant) => ended.get(grant) ?? grant)
}

async function deny(world: World, { standing, because, by, detail }: Ending): Promise<StandingGrant> {
  // A window that is over was closed by AWS at its end, whenever the app gets round to it.
  const at = because === 'expired' ? Math.min(world.now(), standing.window.end) : world.now()
  const account = accountOf(world, standing)
  await world.grants.deny(account, standing, at, because)
  world.memory.written.delete(standing.roleName)
  world.log.info(
    { repository: world.repository.id, role: standing.roleArn, because, by: by?.login, detail },
    'Ended access',
  )
  await tell(world, endedEvent(standing, account, { at, because, by, detail }))
  return { ...standing, state: { kind: 'ended', at, because, ...(by && { by }), ...(detail && { detail }) } }
}

async function judgeNewFiles(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  rules: Parsed<Rules>,
  standing: readonly StandingGrant[],
  changes: Changes,
  unreadable: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  await attempt(world, 'report broken rules', {}, () => publishRules(world, github, snapshot, rules))
  forgetGone(world, snapshot)
  const changed = new Set([...changes.keys()].map(({ identity }) => identity.path))
  const open = snapshot.requests.filter(
    (file) => !changed.has(file.path) && isOpenQuestion(world, snapshot, standing, unreadable, file),
  )
  const findings = await Promise.all(
    open.map((file) =>
      attempt(world, 'judge a request', { path: file.path }, () =>
        judgeFile(world, github, snapshot, rules, standing, file),
      ),
    ),
  )
  const known = new Set(standing.map(({ identity }) => keyOf(identity)))
  return findings
    .filter((finding) => finding !== undefined)
    .filter(({ subject }) => !known.has(keyOf(subject.identity)))
}

/** Whether anything about this file is still to be asked: it has no live grant, and was not settled on this very commit. */
function isOpenQuestion(
  world: World,
  snapshot: Snapshot,
  standing: readonly StandingGrant[],
  unreadable: ReadonlySet<string>,
  file: SourceFile,
): boolean {
  const location = parseLocation(file.path)
  if (location.ok && unreadable.has(location.value.account)) return false
  const settled = world.memory.settled.get(file.path)
  if (settled?.blob === file.blob && settled.commit === snapshot.commit) return false
  return !standing.some(({ identity, state }) => identity.path === file.path && state.kind === 'live')
}

function forgetGone(world: World, snapshot: Snapshot): void {
  for (const [path, { commit }] of world.memory.settled) {
    if (commit !== snapshot.commit) world.memory.settled.delete(path)
  }
}

/** Writes every approved grant that the plan lets through: verdict on record first, then IAM. */
async function giveAccess(
  world: World,
  github: GitHub,
  standing: readonly StandingGrant[],
  branch: BranchFiles,
  findings: readonly Finding[],
): Promise<readonly StandingGrant[]> {
  const approved = findings.filter(isApproved)
  const desired = approved.map(({ grant }) => grant)
  const wanted = new Set(
    plan({ desired, branch, standing, now: world.now() })
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
  return [...standing, ...written]
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

/** Keeps what stands whole, and brings every record and comment up to date with what is. */
async function report(
  world: World,
  github: GitHub,
  standing: readonly StandingGrant[],
  findings: readonly Finding[],
): Promise<void> {
  await Promise.all([
    ...standing.map((grant) =>
      attempt(world, 'uphold a grant', { role: grant.roleArn }, () => uphold(world, github, grant)),
    ),
    ...findings.filter(isUnknown).map(({ subject, reason }) =>
      tell(world, {
        event: 'unknown',
        request: requestTold(subject.identity, subject.blob),
        ...reason,
      }),
    ),
    ...findings
      .filter(isUnknown)
      // A record that says more than that something is unknown stays as it is.
      .filter(({ subject }) => (subject.record?.state ?? 'pending') === 'pending')
      .map(({ subject, reason, extends: extended }) =>
        attempt(world, 'report a request', { path: subject.identity.path }, () => {
          const state = { kind: 'pending', ...reason } as const
          if (extended === undefined) return publish(world, github, subject, state)
          // The record of what it would extend says enough.
          return comment(world, github, subject, { ...state, extends: extended.identity.pull })
        }),
      ),
  ])
}

function isDeny(step: Step): step is Step & { readonly kind: 'deny' } {
  return step.kind === 'deny'
}

type Approved = Extract<Finding, { readonly kind: 'approved' }>

function isApproved(finding: Finding): finding is Approved {
  return finding.kind === 'approved'
}

function isUnknown(finding: Finding): finding is Extract<Finding, { readonly kind: 'unknown' }> {
  return finding.kind === 'unknown'
}

function isGrant(step: Step): step is Step & { readonly kind: 'grant' } {
  return step.kind === 'grant'
}
