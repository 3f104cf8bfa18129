/** What stands in IAM is kept whole, and people are told of it as it is. */
import { setTimeout as pause } from 'node:timers/promises'
import type { RefusedOrder } from './core/early-end.ts'
import { repairedEvent } from './core/event.ts'
import type { End, EndReason, StandingGrant } from './core/grant.ts'
import { type FoundOnRole, formerGrants, grantOf, parseRecord } from './core/record.ts'
import type { Lent } from './core/report-grant.ts'
import { phaseOf } from './core/window.ts'
import { endOnRecord } from './end-on-record.ts'
import { isDue } from './look-again.ts'
import type { GrantRecord } from './ports.ts'
import { keyOf, lentOf, publish, type Subject, subjectOf } from './publish.ts'
import { accountOf, attempt, type GitHub, tell, type World } from './world.ts'

/** What others changed goes on record before it is mended; but what they opened is not left open for longer than this. Milliseconds. */
const TOLD_WITHIN = 5000
/** Seconds: what is found again so soon is what an interrupted repair had left. */
const ONE_REPAIR = 600

/** Looks at a role when this process sees it first, again whenever it opened or ended or whom it trusts changed since, and at least hourly. */
export async function uphold(world: World, github: GitHub, standing: StandingGrant): Promise<void> {
  const phase = phaseOf(standing.window, world.now())
  // What is over is taken down by the clean-up, which tells of it too.
  if (phase === 'over') return
  const key = keyOf(standing.identity)
  const at = world.now()
  const refused = world.memory.refused.get(key) ?? []
  const state = JSON.stringify([standing.state.kind, standing.blob, phase, refused])
  const last = world.memory.upheld.get(key)
  // Who let themselves in since shows in the list already.
  const { trust } = standing
  const isTrusted = trust === undefined || trust === last?.trust
  if (isTrusted && !isDue(last, state, at)) return
  // Whoever can write can alter what the app says, too.
  world.memory.published.delete(key)
  if (standing.state.kind === 'ended') await keepEnded(world, standing, standing.state)
  const subject = await subjectOf(github, standing)
  const judged = parseRecord(subject.record?.text)
  const lent = lentOf(world, subject.identity, judged)
  if (standing.state.kind === 'live' && isFinal(subject.record)) {
    // The record says that it is over, so the role is left over from somewhere: it is ended, never mended.
    const because = judged?.ended?.because ?? 'role-removed'
    return denyFound(world, standing, because, 'Its access is over, yet it stood: it was denied.')
  }
  if (lent === undefined) {
    if (standing.state.kind === 'live' && judged === undefined && (await isNobodys(github, standing)))
      return denyFound(world, standing, 'role-altered', 'No request is behind it: it was denied.')
    world.log.warn(
      { role: standing.roleArn },
      'A role stands whose request has no record: nothing is told of it',
    )
    return
  }
  if (standing.state.kind === 'ended') {
    const end = await endOnRecord(world, github, standing, standing.state, lent.judged)
    const revert = await github.reader.revertOf(subject.identity)
    await publish(world, github, subject, { kind: 'ended', lent, end }, revert)
  } else {
    await upholdLive(world, github, standing, subject, lent, phase, refused)
  }
  world.memory.upheld.set(key, { state, at, ...(trust !== undefined && { trust }) })
}

/** That a role is ended its trust policy says; what keeps sessions in use out, somebody may have taken away. */
async function keepEnded(world: World, standing: StandingGrant, { at, because }: End): Promise<void> {
  await world.grants.deny(accountOf(world, standing), standing, at, because)
}

async function denyFound(world: World, standing: StandingGrant, because: EndReason, found: string) {
  const account = accountOf(world, standing)
  await world.grants.deny(account, standing, world.now(), because)
  await tell(world, repairedEvent(standing, account, [found]))
}

/** The name of a role says of which request it says it is; whether that one brought the file the branch knows. */
async function isNobodys({ reader }: GitHub, { identity }: StandingGrant): Promise<boolean> {
  return (await reader.originOf(identity.path, await reader.branchHead())) !== identity.pull
}

function isFinal(record: GrantRecord | undefined): boolean {
  return record?.state === 'ended' || record?.state === 'rejected'
}

/** The role may be half written, if the app was interrupted, or altered by others since: writing it again mends it. */
async function upholdLive(
  world: World,
  github: GitHub,
  standing: StandingGrant,
  subject: Subject,
  lent: Lent,
  phase: 'waiting' | 'open',
  refused: readonly RefusedOrder[],
): Promise<void> {
  const grant = grantOf(subject.identity, lent.location, lent.account, lent.judged)
  // Only what is on the branch is upheld; a record that is ahead of it was set back there.
  if (grant.blob !== standing.blob) return
  const publishNow = () => {
    // A new process has only the record to know it from.
    const found = world.memory.found.get(standing.roleName) ?? lent.judged.found
    return publish(world, github, subject, {
      kind: 'granted',
      lent: found ? { ...lent, judged: { ...lent.judged, found } } : lent,
      phase,
      policies: grant,
      refused,
    })
  }
  if (!world.memory.written.has(standing.roleName)) {
    const former = formerGrants(subject.identity, lent.location, lent.account, lent.judged)
    await world.grants.write(lent.account, grant, former, async (what, isMended) => {
      // Of a role that was never told of, the rest is what an interrupted run had not come to yet.
      if (subject.record?.state !== 'granted') return
      if (!(await tellFound(world, standing, lent, what, isMended))) return
      const told = attempt(world, 'tell what others changed', { role: standing.roleArn }, publishNow)
      await Promise.race([told, pause(TOLD_WITHIN, undefined, { ref: false })])
    })
  }
  await publishNow()
}

/** Into log, event stream and memory, for the comment and the record. Whether it is news. */
export async function tellFound(
  world: World,
  standing: StandingGrant,
  lent: Lent,
  what: readonly string[],
  isMended: boolean,
): Promise<boolean> {
  // What is left as it is, is found again at every look.
  if (!isMended && foundBefore(world, standing, lent, what) !== undefined) return false
  remember(world, standing, lent, what)
  world.log.warn({ role: standing.roleArn, found: what }, 'A role was not as the app wrote it')
  await tell(world, repairedEvent(standing, lent.account, what))
  return true
}

/** What is left after an interruption was told of in whole before it, except for a time that is another one by now. */
function remember(world: World, standing: StandingGrant, lent: Lent, what: readonly string[]): void {
  const { memory, now } = world
  const before = foundBefore(world, standing, lent, what)
  const isLeftOver = before !== undefined && now() - before.at < ONE_REPAIR
  memory.found.set(
    standing.roleName,
    isLeftOver
      ? { at: before.at, what: before.what.map((told) => what.find((it) => isSame(it, told)) ?? told) }
      : { at: now(), what },
  )
}

/** What was told of the role, where it was all of this and maybe more. */
function foundBefore(
  { memory }: World,
  { roleName }: StandingGrant,
  { judged }: Lent,
  what: readonly string[],
): FoundOnRole | undefined {
  const before = memory.found.get(roleName) ?? judged.found
  return before && what.every((sentence) => before.what.some((told) => isSame(sentence, told)))
    ? before
    : undefined
}

/** But for the time in it. */
function isSame(sentence: string, other: string): boolean {
  const [one, two] = [sentence, other].map((it) => it.replace(/\d\d:\d\d:\d\d UTC/, ''))
  return one === two
}
