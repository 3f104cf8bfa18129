/** A request that later pull requests changed: each of them has to be an extension that holds, from the first to the last. */
import { judge } from './core/approval.ts'
import { readAsked } from './core/asked.ts'
import type { Evidence } from './core/evidence.ts'
import { type ExtensionRefusal, extend, findTooLate, NOTHING_TO_EXTEND } from './core/extension.ts'
import type { StandingGrant } from './core/grant.ts'
import type { Parsed, Problem } from './core/problem.ts'
import { parseRecord, type RequestRecord } from './core/record.ts'
import type { Rules } from './core/rules.ts'
import type { Finding } from './finding.ts'
import {
  approve,
  asRejectedBefore,
  findRecorded,
  judgeAdded,
  NO_TERMS,
  obstacleTo,
  subjectIn,
  termsOf,
  UNREADABLE_RECORD,
} from './judge-added.ts'
import type { Brought, SourceFile } from './ports.ts'
import { keyOf } from './publish.ts'
import { withFallback } from './weigh-fallback.ts'
import type { GitHub, World } from './world.ts'

export interface Chain {
  readonly file: SourceFile
  /** The pull request that added the file. */
  readonly origin: Brought
  /** Those that changed it since, the oldest first. */
  readonly extending: readonly [...Brought[], Brought]
}

/** What stands against an extension, or asks for another look. */
type Stopped =
  | ({ readonly kind: 'rejected' } & ExtensionRefusal)
  | {
      readonly kind: 'unknown'
      readonly code: string
      readonly message: string
      readonly unapproved?: boolean
    }

export async function judgeExtension(
  world: World,
  github: GitHub,
  rules: Parsed<Rules>,
  standing: readonly StandingGrant[],
  chain: Chain,
): Promise<Finding> {
  const { file, origin, extending } = chain
  const last = extending[extending.length - 1] ?? origin
  const subject = subjectIn(world, file, last)
  const extended = subjectIn(world, file, origin)
  const stop = (stopped: Stopped): Finding => {
    const { kind, ...reason } = stopped
    const about = { subject, extends: extended }
    if (kind === 'rejected') return { kind, ...about, reason: { ...reason, fix: stopped.fix } }
    const { unapproved, code, message } = stopped
    return { kind, ...about, reason: { code, message }, ...(unapproved && { unapproved }) }
  }
  if (last.record?.state === 'rejected') return asRejectedBefore(stop(rejected(NOTHING_TO_EXTEND)))

  const begun = await judgeOrigin(world, github, rules, chain)
  if ('kind' in begun) return stop(begun)
  const judged = await judgeEach(world, github, rules, extending, begun.judged)
  if ('kind' in judged) return stop(judged)

  const role = standing.find(({ identity }) => keyOf(identity) === keyOf(extended.identity))
  const isRecorded = judged === begun.judged
  const obstacle = obstacleTo(rules, last.evidence)
  if (role?.state.kind === 'live') {
    if (last.evidence.takenOutSince) return stop(rejected(NOTHING_TO_EXTEND))
    return obstacle ? stop({ kind: 'unknown', ...obstacle }) : approve(world, extended, judged)
  }
  const recorded = findRecorded(world, { ...extended, blob: begun.judged.blob }, last.evidence, obstacle)
  // It was approved and not written yet, or not even judged: it is granted as it is by now.
  if (recorded === undefined || recorded.kind === 'approved') return approve(world, extended, judged)
  if (isRecorded) return { ...recorded, subject: extended }
  if (recorded.kind === 'unknown' && role === undefined) return stop({ kind: 'unknown', ...recorded.reason })
  return stop(rejected(NOTHING_TO_EXTEND))
}

function rejected(refusal: ExtensionRefusal): Stopped {
  return { kind: 'rejected', ...refusal }
}

/** What is on record of the request, or what is judged of it now, if the app saw nothing of it before it was changed. */
async function judgeOrigin(
  world: World,
  github: GitHub,
  rules: Parsed<Rules>,
  { file, origin }: Chain,
): Promise<{ readonly judged: RequestRecord } | Stopped> {
  const state = origin.record?.state
  if (state === 'rejected') return rejected(NOTHING_TO_EXTEND)
  if (state !== undefined && state !== 'pending') {
    const judged = parseRecord(origin.record?.text)
    if (judged !== undefined) return { judged }
    return { kind: 'unknown', ...UNREADABLE_RECORD }
  }
  const added = await asMerged(github, file, origin.evidence)
  const finding = await judgeAdded(world, github, rules, added, origin)
  switch (finding.kind) {
    case 'approved':
      return { judged: finding.judged }
    case 'unknown':
      return { kind: 'unknown', ...finding.reason, unapproved: isUnapproved(origin.evidence, rules) }
    case 'rejected':
      return { kind: 'rejected', ...finding.reason }
    case 'ended':
      return rejected(NOTHING_TO_EXTEND)
  }
}

/** Of those that are on record already nothing is asked again. */
async function judgeEach(
  world: World,
  github: GitHub,
  rules: Parsed<Rules>,
  extending: Chain['extending'],
  begun: RequestRecord,
): Promise<RequestRecord | Stopped> {
  const recorded = begun.extensions ?? []
  const isKept = recorded.every(({ pull }, index) => extending[index]?.evidence.pull?.number === pull)
  if (!isKept)
    return rejected({ ...NOTHING_TO_EXTEND, message: 'The branch was set back behind an extension.' })
  let judged = begun
  for (const link of extending.slice(recorded.length)) {
    const next = await judgeOne(world, github, rules, link, judged)
    if ('kind' in next) return next
    judged = next
  }
  return judged
}

async function judgeOne(
  world: World,
  github: GitHub,
  rules: Parsed<Rules>,
  { evidence: gathered }: Brought,
  judged: RequestRecord,
): Promise<RequestRecord | Stopped> {
  const file = await asMerged(github, gathered, gathered)
  // Read as of the window's start: a window that is told by its start may have begun long ago.
  const asked = rules.ok
    ? readAsked(file, rules.value, world.repository.accounts, judged.window.start, judged.request)
    : rules
  const told: Evidence = { ...gathered, ...(asked.ok ? termsOf(asked.value) : NO_TERMS) }
  const evidence = await withFallback(github, told, asked.ok ? asked.value.terms : {})
  const verdict = judge(evidence)
  const unapproved = isUnapproved(evidence, rules) || !(asked.ok || asked.problems.every(isOfRules))
  const obstacle = verdict.outcome === 'unknown' ? verdict : obstacleTo(rules, evidence)
  if (obstacle) return { kind: 'unknown', code: obstacle.code, message: obstacle.message, unapproved }
  if (!asked.ok) {
    const [{ code, line, message, fix }] = asked.problems
    return rejected({ code, message: `Line ${line}: ${message}`, fix })
  }
  if (verdict.outcome !== 'approved') return rejected(verdict)
  const tooLate = findTooLate(judged, world.now())
  if (tooLate !== undefined) return rejected(tooLate)
  const { pull } = evidence
  if (pull?.author == null) throw new Error('approved without an author')
  const { request, terms } = asked.value
  const by = { number: pull.number, author: pull.author }
  const next = extend(judged, { pull: by, blob: file.blob, request, terms, verdict })
  return 'code' in next ? rejected(next) : next
}

/** Whatever the rules and the trust root turn out to be: a change that nobody approved at all is none that could hold. */
function isUnapproved(evidence: Evidence, rules: Parsed<Rules>): boolean {
  const requester = evidence.requester || (evidence.pull?.author?.login ?? '')
  const lenient = { requester, approvalsNeeded: 1, mergeBy: 'anyone', trustRoot: { holds: true } } as const
  const verdict = judge({ ...evidence, ...lenient })
  // Who stands in for the owners is in the rules.
  return verdict.outcome === 'rejected' && (rules.ok || verdict.code !== 'approvals-missing')
}

function isOfRules({ code }: Problem): boolean {
  return code !== 'extension-changes-more' && code !== 'extension-not-longer'
}

async function asMerged(
  github: GitHub,
  { path }: Pick<SourceFile, 'path'>,
  { atMerge }: Evidence,
): Promise<{ readonly path: string; readonly blob: string; readonly text?: string }> {
  if (atMerge === 'missing') return { path, blob: '' }
  const text = await github.reader.blobText(atMerge.blob)
  return { path, blob: atMerge.blob, ...(text !== undefined && { text }) }
}
