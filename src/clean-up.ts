/** What is over is taken down: the receipt first, then the role, then the file, also where the role can't be removed yet. */
import type { RevertShown } from './core/comment.ts'
import type { StandingGrant } from './core/grant.ts'
import { plan, type Step } from './core/plan.ts'
import { parseRecord } from './core/record.ts'
import type { GrantState } from './core/report-grant.ts'
import { type RevertReason, revertTexts } from './core/revert-texts.ts'
import { phaseOf } from './core/window.ts'
import { endOnRecord } from './end-on-record.ts'
import type { Finding } from './finding.ts'
import { WINDOW_OVER } from './judge-added.ts'
import type { Revert, RevertState, Snapshot } from './ports.ts'
import { comment, keyOf, lentOf, publish, recordVerdict, type Subject, subjectOf } from './publish.ts'
import { whileNotAwaited } from './while-not-awaited.ts'
import { accountOf, attempt, type GitHub, type World } from './world.ts'

type Final = Extract<Finding, { readonly kind: 'rejected' | 'ended' }>
type FinalState = Extract<GrantState, { readonly kind: 'rejected' | 'ended' }>

/** GitHub takes a write a second, and each needs several: with more at once all would be half-way for minutes. */
const TAKEN_DOWN_AT_ONCE = 4

/** Returns what still stands. */
export async function cleanUp(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  standing: readonly StandingGrant[],
  findings: readonly Finding[],
): Promise<readonly StandingGrant[]> {
  // Only roles that deny everything already; one whose denial failed waits for the next look.
  const over = plan({ desired: [], branch: 'unreadable', standing, now: world.now() })
    .filter(isRemove)
    .map((step) => step.standing)
    .filter((grant) => standing.includes(grant))
  const removed = new Set<StandingGrant>()
  const tasks: (() => Promise<unknown>)[] = [
    ...over.map(
      (grant) => () =>
        attempt(world, 'remove a grant', { role: grant.roleArn }, async () => {
          await takeDown(world, github, snapshot, grant)
          removed.add(grant)
        }),
    ),
    ...standing
      .filter(({ state, window }) => state.kind === 'ended' && phaseOf(window, world.now()) !== 'over')
      .map(
        (grant) => () =>
          attempt(world, 'take a file out of the branch', { role: grant.roleArn }, () =>
            takeOutEnded(world, github, snapshot, grant),
          ),
      ),
    ...findings
      .filter(isFinal)
      .map(
        (finding) => () =>
          attempt(world, 'take a file out of the branch', { path: finding.subject.identity.path }, () =>
            takeOut(world, github, snapshot, finding, standing),
          ),
      ),
  ]
  await Promise.all([
    ...(world.memory.untidy
      ? [attempt(world, 'delete merged branches', {}, () => github.writer.tidyReverts())]
      : []),
    whileNotAwaited(world, tasks, TAKEN_DOWN_AT_ONCE, (task) => task()),
  ])
  world.memory.untidy = world.memory.failures > 0
  return standing.filter((grant) => !removed.has(grant))
}

async function takeDown(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  standing: StandingGrant,
): Promise<void> {
  const found = await subjectOf(github, standing)
  const lent = lentOf(world, found.identity, parseRecord(found.record?.text))
  const ended: FinalState | undefined =
    lent && standing.state.kind === 'ended'
      ? { kind: 'ended', lent, end: await endOnRecord(world, github, standing, standing.state, lent.judged) }
      : undefined
  const subject = ended ? await recordVerdict(world, github, found, ended) : found
  const revert =
    ended && (await isItsFile(github, snapshot, subject)) ? revertFor(world, subject, ended) : undefined
  const state = revert && (await github.writer.openRevert(revert))
  try {
    await world.grants.remove(accountOf(world, standing), standing)
    world.log.info({ repository: world.repository.id, role: standing.roleArn }, 'Removed a role')
  } finally {
    // Whatever keeps it in AWS, it denies everything: people are told of the end, and the file goes.
    if (ended) {
      const tell = (shown?: RevertShown) => publish(world, github, subject, ended, shown)
      if (revert && state) await tellAndMerge(world, github, tell, revert, state)
      // The file may have gone before, while the role could not.
      else await tell(await github.reader.revertOf(subject.identity))
    }
  }
}

/** Its role stays, denying everything, until the window is over; its file need not. */
async function takeOutEnded(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  standing: StandingGrant,
): Promise<void> {
  const { identity, state } = standing
  const file = snapshot.requests.find(({ path }) => path === identity.path)
  const settled = world.memory.settled.get(identity.path)
  if (state.kind !== 'ended' || file === undefined) return
  if (settled?.blob === file.blob && settled.commit === snapshot.commit) return
  // Which bytes were granted the record says: the role may have been altered, or be behind an extension.
  const subject = await subjectOf(github, standing)
  const judged = parseRecord(subject.record?.text)
  if (judged === undefined || !(await isItsFile(github, snapshot, subject))) return
  const ended = await endOnRecord(world, github, standing, state, judged)
  await takeOut(world, github, snapshot, { kind: 'ended', subject, judged: { ...judged, ended } })
}

/** `standing`: what stands of the request that the file was to extend. */
async function takeOut(
  world: World,
  github: GitHub,
  snapshot: Snapshot,
  finding: Final,
  standing: readonly StandingGrant[] = [],
): Promise<void> {
  const final = finalState(world, finding)
  if (final === undefined) return
  if (await isForgotten(github, finding)) return settle(world, snapshot, finding)
  // First of all: whatever holds up the rest, what was refused stays refused, and a receipt says what is on record.
  const subject = await recordVerdict(world, github, finding.subject, final)
  const extended = 'extends' in finding ? finding.extends : undefined
  const role = standing.find(({ identity }) => extended && keyOf(identity) === keyOf(extended.identity))
  // It is to be denied first.
  if (role?.state.kind === 'live') return
  const revert =
    (extended && (await receiptFor(world, github, extended, subject.blob, role))) ??
    revertFor(world, subject, final)
  const state = await github.writer.openRevert(revert)
  const tell = isRejected(finding.subject)
    ? (shown?: RevertShown) => tellOnce(world, github, subject, final, shown)
    : (shown?: RevertShown) => publish(world, github, subject, final, shown)
  // Who asked first is told too, where the app saw nothing of it before somebody asked for more.
  if (extended && extended.record === undefined && finding.kind === 'rejected')
    await comment(world, github, extended, { kind: 'rejected', ...finding.reason })
  const waits = await tellAndMerge(world, github, tell, revert, state)
  if (!waits) settle(world, snapshot, finding)
}

/** Nothing more is asked of it on this commit. */
function settle({ memory }: World, { commit }: Snapshot, { subject: { identity, blob } }: Final): void {
  memory.settled.set(identity.path, { blob, commit })
}

/**
 * Whether the app had a verdict on it long ago: GitHub deletes checks after some months, and with them the record. What the
 * revert pull request says then, its receipt and all, is not to be written over by what would be judged now.
 */
async function isForgotten({ reader }: GitHub, finding: Final): Promise<boolean> {
  const { identity, record } = finding.subject
  if (finding.kind !== 'rejected' || finding.reason.code !== WINDOW_OVER) return false
  if (record !== undefined || identity.pull === 0) return false
  return (await reader.revertOf(identity)) !== undefined
}

function finalState(world: World, finding: Final): FinalState | undefined {
  if (finding.kind === 'rejected') {
    const { extends: extended, reason } = finding
    return { kind: 'rejected', ...reason, ...(extended && { extends: extended.identity.pull }) }
  }
  const lent = lentOf(world, finding.subject.identity, finding.judged)
  const end = finding.judged.ended
  return lent && end && { kind: 'ended', lent, end }
}

/** Whatever the bytes are that are taken out: the file of a grant goes with its receipt. */
async function receiptFor(
  world: World,
  github: GitHub,
  extended: Subject,
  blob: string,
  role: StandingGrant | undefined,
): Promise<Revert | undefined> {
  // What is told of the role since is on record by now.
  const found = role ? await subjectOf(github, role) : extended
  const judged = parseRecord(found.record?.text)
  const lent = lentOf(world, found.identity, judged)
  const end =
    role?.state.kind === 'ended' && judged
      ? await endOnRecord(world, github, role, role.state, judged)
      : judged?.ended
  if (lent === undefined || end === undefined) return undefined
  const ended: FinalState = { kind: 'ended', lent, end }
  const subject = await recordVerdict(world, github, found, ended)
  return revertFor(world, { ...subject, blob }, ended)
}

function isRejected({ record }: Subject): boolean {
  return record?.state === 'rejected'
}

/** What a rejection said at first sight stays as it was said; it is said again only where it never reached the pull request. */
async function tellOnce(
  world: World,
  github: GitHub,
  subject: Subject,
  final: FinalState,
  shown?: RevertShown,
): Promise<void> {
  const key = keyOf(subject.identity)
  if (world.memory.published.has(key)) return
  await comment(world, github, subject, final, shown, 'keep')
  world.memory.published.set(key, final.kind)
}

/** Told before the merge: after it, nothing on the branch would remind the app. Says whether the merge is to be tried again. */
async function tellAndMerge(
  world: World,
  github: GitHub,
  tell: (shown?: RevertShown) => Promise<void>,
  revert: Revert,
  state: RevertState,
): Promise<boolean> {
  if (state.kind === 'not-needed') {
    await tell()
    return false
  }
  await tell({ kind: state.kind, pull: state.pull })
  if (state.kind !== 'open') return false
  if ((await github.writer.mergeRevert(state, revert)) === 'waiting') return true
  world.log.info({ repository: world.repository.id, pull: state.pull }, 'Merged a revert pull request')
  return false
}

/** Whether the file on the branch is this request's, and not one with the same bytes that a later pull request added. */
async function isItsFile(github: GitHub, snapshot: Snapshot, { identity, blob }: Subject): Promise<boolean> {
  const file = snapshot.requests.find((request) => request.path === identity.path && request.blob === blob)
  if (file === undefined) return false
  return (await github.reader.originOf(identity.path, snapshot.commit)) === identity.pull
}

function revertFor({ sign }: World, { identity, blob }: Subject, state: FinalState): Revert {
  const reason: RevertReason = state.kind === 'ended' ? { ...state, sign } : state
  return { identity, blob, ...revertTexts(identity, reason) }
}

function isRemove(step: Step): step is Step & { readonly kind: 'remove' } {
  return step.kind === 'remove'
}

function isFinal(finding: Finding): finding is Final {
  return finding.kind === 'rejected' || finding.kind === 'ended'
}
