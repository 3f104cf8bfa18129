/** Shows what a pull request would grant before anybody approves it, and what its approval lacks. Can't write to IAM, by type. */
import { fewAtOnce } from './core/few-at-once.ts'
import type { Parsed } from './core/problem.ts'
import { approvalReport, leastApproved } from './core/report-approval.ts'
import { requestReport } from './core/report-request.ts'
import { reviewersToAsk } from './core/review-requests.ts'
import type { Rules } from './core/rules.ts'
import { digest } from './digest.ts'
import { earliest } from './earliest.ts'
import { examine } from './examine.ts'
import { cutOff, type Examined } from './examined.ts'
import { type Head, type HeadsOfCommit, readHeads } from './heads.ts'
import { type ApprovedHead, CutOff, type Snapshot } from './ports.ts'
import { readRules } from './read-rules.ts'
import { bearsLabel, closeUnanswered, tellClosed, tellOpen } from './tell-open.ts'
import { createImpatience } from './while-not-awaited.ts'
import { attempt, type GitHub, type PreviewWorld } from './world.ts'

/** External id of a check that could not be decided: it is asked again at every look. */
const UNKNOWN = 'unknown'

/** Who is in a team, and who may write, shows in nothing that is read at every look: everything is looked at anew this often. Seconds. */
const LOOK_ANEW_AFTER = 600

/** Anybody may open any number of pull requests, with files as large as are read. */
const HEADS_AT_ONCE = 8

/** Brings the checks **Daypass / request** and **Daypass / approval** of every open pull request and merge group up to date. Returns when somebody else is to be asked, in seconds since the epoch. */
export async function preview(world: PreviewWorld): Promise<number | undefined> {
  const { github } = world
  if (github === undefined) return undefined
  const hints = hintsNow(world)
  const base = await attempt(world, 'read the branch', {}, async () => {
    const commit = await github.reader.branchHead()
    github.reader.expectMerges(commit, approvedOf(world))
    return github.reader.snapshot(commit)
  })
  const heads = await attempt(world, 'list the open pull requests', {}, () => readHeads(github))
  if (base === undefined || heads === undefined) return undefined
  const open = new Set([...heads.values()].flat().map(({ pull }) => pull))
  forgetClosed(world, heads, open)
  const rules = readRules(base)
  const isImpatient = createImpatience(world)
  const { leftOff } = world.memory
  world.memory.leftOff = undefined
  await Promise.all([
    fewAtOnce(from(leftOff, [...heads]), HEADS_AT_ONCE, async ([sha, sharing]) => {
      if (isImpatient()) {
        world.memory.leftOff ??= sha
        return
      }
      await attempt(world, 'check a pull request', { pull: sharing[0].pull }, () =>
        check(world, github, rules, base, { sha, heads: sharing, key: keyOf(base, sharing, hints) }),
      )
    }),
    tellClosed(world, github, open),
  ])
  // One that is past could not be decided just now: that is what the next try is for.
  return earliest(...[...world.memory.previewed.values()].map(({ due }) => later(due, world.now())))
}

/** Each gets its turn, however often the looks are cut short. */
function from<T>(sha: string | undefined, heads: readonly (readonly [string, T])[]): typeof heads {
  const first = Math.max(
    heads.findIndex(([head]) => head === sha),
    0,
  )
  return [...heads.slice(first), ...heads.slice(0, first)]
}

/** Whatever of these is merged now will be judged in this very look. */
function approvedOf({ memory }: PreviewWorld): readonly ApprovedHead[] {
  return [...memory.previewed].flatMap(([headSha, { approved }]) =>
    approved.map((path) => ({ headSha, path })),
  )
}

function forgetClosed(
  { memory }: PreviewWorld,
  heads: ReadonlyMap<string, HeadsOfCommit>,
  open: ReadonlySet<number>,
): void {
  for (const sha of memory.previewed.keys()) if (!heads.has(sha)) memory.previewed.delete(sha)
  // Somebody may have asked for the checks of a commit anew that is on the branch by now.
  for (const sha of memory.recheck) if (!heads.has(sha)) memory.recheck.delete(sha)
  for (const pull of memory.hints.pulls.keys()) if (!open.has(pull)) memory.hints.pulls.delete(pull)
}

interface Commit {
  readonly sha: string
  readonly heads: HeadsOfCommit
  /** Changes with whatever may change what the checks say. */
  readonly key: string
}

async function check(
  world: PreviewWorld,
  github: GitHub,
  rules: Parsed<Rules>,
  base: Snapshot,
  { sha, heads, key }: Commit,
): Promise<void> {
  const { memory } = world
  const wanted = memory.recheck.has(sha)
  const last = memory.previewed.get(sha)
  const isDue = last?.due !== undefined && last.due <= world.now()
  if (!wanted && !isDue && last?.key === key && world.now() - last.at < LOOK_ANEW_AFTER) return
  const at = world.now()
  const seen = await examineEach(world, github, rules, base, heads)
  const asked = await Promise.all(heads.map((head, index) => askOwners(world, github, head, seen[index])))
  // Since when owners could answer is known only once they were asked.
  const examined = asked.includes(true) ? await examineEach(world, github, rules, base, heads) : seen
  const found: Found = { sha, heads, examined }
  const told = digest(found.examined.map(lasting))
  // What this process wrote it need not look for, but for now and then.
  const stands = !wanted && last?.told === told && world.now() - last.checkedAt < LOOK_ANEW_AFTER
  if (!stands) {
    await Promise.all([
      writeRequestCheck(world, github, found, wanted),
      writeApprovalCheck(world, github, found, wanted),
    ])
  }
  await Promise.all(
    heads.map(async (head, index) => {
      const examined = found.examined[index]
      if (head.kind !== 'pull' || examined === undefined) return
      if (await closeUnanswered(world, github, rules, head, examined)) return
      if (!stands || !bearsLabel(head, examined)) await tellOpen(world, github, head, examined)
    }),
  )
  memory.recheck.delete(sha)
  const checkedAt = stands ? last.checkedAt : at
  if (!found.examined.some(({ request }) => request.kind === 'unknown'))
    memory.previewed.set(sha, {
      key,
      at,
      told,
      checkedAt,
      approved: found.examined.flatMap(approvedIn),
      due: earliest(...found.examined.map((one) => turnAfter(at, one))),
    })
}

function approvedIn({ approval }: Examined): readonly string[] {
  if (approval.kind !== 'judged') return []
  return approval.judged.filter(({ verdict }) => verdict.outcome === 'would-hold').map(({ path }) => path)
}

/** When those who stand in for the owners may. */
function turnAfter(now: number, { request }: Examined): number | undefined {
  return later(request.kind === 'valid' ? request.standing.fallback?.from : undefined, now)
}

function later(instant: number | undefined, now: number): number | undefined {
  return instant !== undefined && instant > now ? instant : undefined
}

async function examineEach(
  world: PreviewWorld,
  github: GitHub,
  rules: Parsed<Rules>,
  base: Snapshot,
  [first, ...others]: HeadsOfCommit,
): Promise<Found['examined']> {
  const examined = (head: Head) => tryToExamine(world, github, rules, base, head)
  const [one, rest] = await Promise.all([examined(first), Promise.all(others.map(examined))])
  return [one, ...rest]
}

/** What GitHub does not tell in full is told to people; a read that merely failed is tried again. */
async function tryToExamine(
  world: PreviewWorld,
  github: GitHub,
  rules: Parsed<Rules>,
  base: Snapshot,
  head: Head,
): Promise<Examined> {
  try {
    return await examine(world, github, rules, base, head)
  } catch (error) {
    if (!(error instanceof CutOff)) throw error
    return cutOff(error.message)
  }
}

interface Found {
  readonly sha: string
  readonly heads: HeadsOfCommit
  readonly examined: readonly [Examined, ...Examined[]]
}

const GRAVITY = { failure: 2, success: 1, neutral: 0 } as const

/** Where several pull requests share a commit, what stands against one of them stands against the commit. */
function worst(examined: Found['examined']): Examined {
  const gravity = ({ request }: Examined) => GRAVITY[requestReport(request).conclusion]
  return examined.reduce((one, other) => (gravity(other) > gravity(one) ? other : one))
}

async function writeRequestCheck(
  world: PreviewWorld,
  { reader, writer }: GitHub,
  { sha, heads, examined }: Found,
  wanted: boolean,
): Promise<void> {
  const gravest = worst(examined)
  const { conclusion, ...report } = requestReport(gravest.request)
  const pulls = heads.map(({ pull }) => pull)
  const externalId = gravest.request.kind === 'unknown' ? UNKNOWN : digest([pulls, lasting(gravest).request])
  if (!wanted && (await reader.lastRequestCheck(sha)) === externalId) return
  await writer.writeRequestCheck(sha, externalId, conclusion, report)
  world.log.info({ repository: world.repository.id, pull: pulls[0], conclusion }, 'Checked a pull request')
}

/** What the reports are made from, without what is different at each look: the policies have the time of a merge right now. */
function lasting({ request, approval }: Examined): { readonly request: unknown; readonly approval: unknown } {
  if (request.kind !== 'valid') return { request, approval }
  const { grant: _, standing, ...rest } = request
  const { needed, mayApprove, mayMerge, silentOwners, fallback } = standing
  return { request: { ...rest, needed, mayApprove, mayMerge, silentOwners, fallback }, approval }
}

async function writeApprovalCheck(
  world: PreviewWorld,
  { reader, writer }: GitHub,
  { sha, examined: [first, ...others] }: Found,
  wanted: boolean,
): Promise<void> {
  const report = approvalReport(leastApproved([first.approval, ...others.map(({ approval }) => approval)]))
  const externalId = digest(report)
  const last = await reader.lastApprovalCheck(sha)
  const stands = last?.externalId === externalId && last.completed === (report.state !== 'pending')
  if (stands && !wanted) return
  await writer.writeApprovalCheck(sha, externalId, last, report)
  const { state, title } = report
  world.log.info({ repository: world.repository.id, commit: sha, state, title }, 'Wrote an approval check')
}

/** Asks whom GitHub did not ask, and tells whether it did; a refusal is told, and changes nothing. */
async function askOwners(
  world: PreviewWorld,
  { reader, writer }: GitHub,
  head: Head,
  examined: Examined | undefined,
): Promise<boolean> {
  const approval = examined?.approval
  if (head.kind !== 'pull' || head.draft || approval?.kind !== 'judged') return false
  const { pull } = head
  const none = { people: [], teams: [] }
  if (isEmpty(reviewersToAsk(approval.judged, none, world.now()))) return false
  const reviewers = reviewersToAsk(approval.judged, await reader.askedReviewers(pull), world.now())
  if (isEmpty(reviewers)) return false
  const outcome = await writer.askReviewers(pull, reviewers)
  const told = { repository: world.repository.id, pull, ...reviewers }
  if (outcome === 'asked') world.log.info(told, 'Asked owners for a review')
  else world.log.warn({ ...told, refused: outcome.refused }, 'GitHub does not let the app ask for a review')
  return outcome === 'asked'
}

function isEmpty({ people, teams }: ReturnType<typeof reviewersToAsk>): boolean {
  return people.length === 0 && teams.length === 0
}

/** How often events have pointed at a pull request, or at all of them: read before anything else, so that none is lost. */
function hintsNow({ memory }: PreviewWorld): (pull: number) => readonly number[] {
  const { everything, pulls } = memory.hints
  const counted = new Map(pulls)
  return (pull) => [everything, counted.get(pull) ?? 0]
}

function keyOf(
  { commit, rules, codeowners }: Snapshot,
  heads: HeadsOfCommit,
  hints: ReturnType<typeof hintsNow>,
): string {
  const told = heads.map((head) => [
    head,
    hints(head.pull),
    ...(head.kind === 'group' ? head.queued.map(({ number }) => hints(number)) : []),
  ])
  return digest([commit, rules?.blob, codeowners?.path, codeowners?.blob, told])
}
