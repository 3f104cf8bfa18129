/** The loop's one sentence: read IAM and the branch, end what is over, judge what is new, grant it, report, clean up. */
import { raiseAlarm } from './alarm.ts'
import { ACCOUNT_UNREADABLE, applyBranch, endGivenBack } from './apply-branch.ts'
import { cleanUp } from './clean-up.ts'
import type { Account } from './core/account.ts'
import { PROPAGATION_SECONDS } from './core/earlier-sessions.ts'
import { requestTold, strayEvent } from './core/event.ts'
import type { StandingGrant, StrayRole } from './core/grant.ts'
import { type BranchFiles, filesOf, nextWake, plan, type Step } from './core/plan.ts'
import { lastPullOf, parseRecord } from './core/record.ts'
import { RULES_PATH } from './core/rules.ts'
import { denyEach } from './deny.ts'
import { earliest } from './earliest.ts'
import { extendAccess } from './extend.ts'
import type { Finding } from './finding.ts'
import type { Snapshot } from './ports.ts'
import { comment, keyOf, pathIn, publish, publishRules, subjectOf } from './publish.ts'
import { readRules } from './read-rules.ts'
import { remind } from './remind.ts'
import { uphold } from './uphold.ts'
import { whileNotAwaited } from './while-not-awaited.ts'
import { attempt, type GitHub, type Iam, tell, type World } from './world.ts'

/** Brings one repository to the state that git describes. Returns when the next window opens or closes, in seconds since the epoch. */
export async function reconcile(world: World): Promise<number | undefined> {
  const began = world.now()
  const iam = await readStanding(world)
  let standing = await endAccess(world, iam.standing, 'unreadable')
  let reminder: number | undefined

  const { github } = world
  const snapshot = await readBranch(world, standing)
  if (github !== undefined && snapshot === undefined)
    standing = await endUnread(world, github, { ...iam, standing })
  if (github !== undefined && snapshot !== undefined) {
    standing = await endAccess(world, standing, filesOf(snapshot))
    const rules = readRules(snapshot)
    await attempt(world, 'report broken rules', {}, () => publishRules(world, github, snapshot, rules))
    forgetGone(world, snapshot)
    const applied = await applyBranch(world, github, snapshot, rules, { ...iam, standing })
    const { findings, changes, written } = applied
    standing = await extendAccess(world, github, applied.standing, changes)
    // What is in force only since just now may have been given back before: no event will tell of that any more.
    if (written.length + changes.size > 0)
      standing = await endGivenBack(world, github, snapshot.commit, { ...iam, standing })
    await report(world, github, keptOf(world, standing, filesOf(snapshot)), findings)
    standing = await cleanUp(world, github, snapshot, standing, findings)
    reminder = await remind(world, github, rules, standing)
    forgetOver(world, snapshot, { ...iam, standing })
  }
  await raiseAlarm(world, { ...iam, standing })
  // What came to pass meanwhile was not dealt with yet.
  return earliest(reminder, nextWake({ desired: [], standing, now: began }))
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

/** What this process wrote counts where IAM does not list it yet, or lists what it was before. */
function withJustWritten(world: World, listed: readonly StandingGrant[]): readonly StandingGrant[] {
  const { written } = world.memory
  for (const { roleName, identity, blob, state } of listed) {
    const own = written.get(roleName)?.standing
    if (state.kind === 'ended' || (own?.state.kind === 'live' && own.blob === blob)) written.delete(roleName)
    world.memory.missing.delete(keyOf(identity))
  }
  for (const [roleName, { at }] of written) {
    if (world.now() - at > PROPAGATION_SECONDS) written.delete(roleName)
  }
  const names = new Set(listed.map(({ roleName }) => roleName))
  const own = [...written.values()].map(({ standing }) => standing)
  return [
    ...listed.map((grant) => written.get(grant.roleName)?.standing ?? grant),
    // One that was ended and is not listed is as good as gone.
    ...own.filter(({ roleName, state }) => state.kind === 'live' && !names.has(roleName)),
  ]
}

/** What GitHub goes on answering for so long is believed. Seconds. */
const BEHIND_FOR = 60

async function readBranch(world: World, standing: readonly StandingGrant[]): Promise<Snapshot | undefined> {
  const { github, memory, now } = world
  return (
    github &&
    attempt(world, 'read the branch', {}, async () => {
      const snapshot = await github.reader.snapshot()
      memory.behindSince ??= now()
      if (now() - memory.behindSince < BEHIND_FOR) await refuseBehind(github, snapshot, standing)
      memory.behindSince = undefined
      return snapshot
    })
  )
}

/** What seems to be taken off the branch, or set back, may only not be there yet: GitHub's answers lag behind a merge. */
async function refuseBehind(
  github: GitHub,
  snapshot: Snapshot,
  standing: readonly StandingGrant[],
): Promise<void> {
  const files = filesOf(snapshot)
  const lacking = standing.filter(
    ({ state, identity, blob }) => state.kind === 'live' && files.get(identity.path) !== blob,
  )
  await Promise.all(
    lacking.map(async (grant) => {
      const { record } = await subjectOf(github, grant)
      const pull = lastPullOf(grant.identity, parseRecord(record?.text))
      if (await github.reader.isBehindMerge(pull, snapshot.commit))
        throw new Error(`GitHub answers with the branch as it was before the merge of #${pull}`)
    }),
  )
}

/** Whoever can push can make a branch that can't be read whole; nobody waits for that to give access back, or to take it back. */
async function endUnread(world: World, github: GitHub, iam: Iam): Promise<readonly StandingGrant[]> {
  const commit = await attempt(world, 'read where the branch is', {}, () => github.reader.branchHead())
  return commit === undefined ? iam.standing : endGivenBack(world, github, commit, iam)
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

function forgetGone(world: World, snapshot: Snapshot): void {
  for (const [path, { commit }] of world.memory.settled) {
    if (commit !== snapshot.commit) world.memory.settled.delete(path)
  }
}

/** What neither stands nor lies on the branch is over for good; an account that can't be read may hold it still. */
function forgetOver({ memory }: World, { requests }: Snapshot, { standing, unreadable }: Iam): void {
  if (unreadable.size > 0) return
  const left = [...requests, ...standing.map(({ identity }) => identity)]
  const paths = new Set([RULES_PATH, ...left.map(({ path }) => path)])
  for (const remembered of [
    memory.published,
    memory.missing,
    memory.allowed,
    memory.upheld,
    memory.reminded,
  ]) {
    for (const key of remembered.keys()) if (!paths.has(pathIn(key))) remembered.delete(key)
  }
  const roles = new Set(standing.map(({ roleName }) => roleName))
  for (const role of memory.found.keys()) if (!roles.has(role)) memory.found.delete(role)
}

/** Each is read in IAM now and then, and then its record and comment at GitHub. */
const UPHELD_AT_ONCE = 16

/** Keeps what stands whole, and brings every record and comment up to date with what is. */
async function report(
  world: World,
  github: GitHub,
  standing: readonly StandingGrant[],
  findings: readonly Finding[],
): Promise<void> {
  await Promise.all([
    whileNotAwaited(world, standing, UPHELD_AT_ONCE, (grant) =>
      attempt(world, 'uphold a grant', { role: grant.roleArn }, () => uphold(world, github, grant)),
    ),
    ...findings.filter(isUnknown).map(({ subject, reason }) =>
      tell(world, {
        event: 'unknown',
        request: requestTold(subject.identity, subject.blob),
        ...reason,
      }),
    ),
    ...findings.filter(isUnknown).map((finding) =>
      attempt(world, 'report a request', { path: finding.subject.identity.path }, async () => {
        await reportUnknown(world, github, finding)
        const { identity, blob } = finding.subject
        if (finding.reason.code === ACCOUNT_UNREADABLE) world.memory.shut.set(identity.path, blob)
      }),
    ),
  ])
}

async function reportUnknown(
  world: World,
  github: GitHub,
  { subject, reason, extends: extended }: Extract<Finding, { readonly kind: 'unknown' }>,
): Promise<void> {
  // A record that says more than that something is unknown stays as it is.
  if ((subject.record?.state ?? 'pending') !== 'pending') return
  const state = { kind: 'pending', ...reason } as const
  if (extended === undefined) return publish(world, github, subject, state)
  // The record of what it would extend says enough.
  await comment(world, github, subject, { ...state, extends: extended.identity.pull })
}

function isDeny(step: Step): step is Step & { readonly kind: 'deny' } {
  return step.kind === 'deny'
}

function isUnknown(finding: Finding): finding is Extract<Finding, { readonly kind: 'unknown' }> {
  return finding.kind === 'unknown'
}
