/** A request that a pull request added: what the record says of it already, or what the judgement says of it now. */
import { judge } from './core/approval.ts'
import { type Asked, type FileText, readAsked } from './core/asked.ts'
import type { Evidence } from './core/evidence.ts'
import { checkGrantSize, type EndReason } from './core/grant.ts'
import type { Parsed } from './core/problem.ts'
import { grantOf, parseRecord, type RequestRecord } from './core/record.ts'
import type { Rules } from './core/rules.ts'
import { phaseOf, windowOf } from './core/window.ts'
import type { Finding, Reason } from './finding.ts'
import type { Brought, EvidenceTerms, SourceFile } from './ports.ts'
import { keyOf, lentOf, type Subject } from './publish.ts'
import { withFallback } from './weigh-fallback.ts'
import type { GitHub, World } from './world.ts'

/** A role on record as granted but not in IAM was removed by somebody only if IAM goes on not to list it. Seconds. */
const MISSING_FOR = 300

const PAUSED: Reason = {
  code: 'paused',
  message:
    'The rules say `paused`: nothing new is granted for now. An owner of `.github/daypass.yml` knows when it goes on.',
}

/** What was granted by the record, but by no role that is of this very file. */
export const ROLE_MISSING = 'role-missing'

/** What was approved, but not seen before its window was over. */
export const WINDOW_OVER = 'window-over'

/** Never taken for a request that was not judged yet. */
export const UNREADABLE_RECORD: Reason = {
  code: 'record-unreadable',
  message:
    'What this app recorded of the request can not be read by this version of it. Whoever runs Daypass has to run the newer version again.',
}

/** The evidence is gathered before the request is read, and also where it can't be, so that its author can be told. */
export const NO_TERMS: EvidenceTerms = { requester: '', approvalsNeeded: 1, mergeBy: 'owners' }

/** Judges it by the evidence of the pull request that added it. */
export async function judgeAdded(
  world: World,
  github: GitHub,
  rules: Parsed<Rules>,
  file: FileText & Pick<SourceFile, 'blob'>,
  { evidence: gathered, record }: Brought,
): Promise<Finding> {
  const asked = readAtMerge(world, rules, file, gathered)
  const told = { ...gathered, ...(asked.ok ? termsOf(asked.value) : NO_TERMS) }
  const evidence = await withFallback(github, told, asked.ok ? asked.value.terms : {})
  const subject = subjectIn(world, file, { evidence, record })
  const finding =
    findRecorded(world, subject, evidence, obstacleTo(rules, evidence)) ??
    findNew(world, subject, evidence, rules, asked)
  return record?.state === 'rejected' ? asRejectedBefore(finding) : finding
}

/** A request is read as of its merge: a start that lies ahead then may be past by the time it is looked at. */
function readAtMerge(
  { repository, now }: World,
  rules: Parsed<Rules>,
  file: FileText,
  { pull }: Evidence,
): Parsed<Asked> {
  return rules.ok ? readAsked(file, rules.value, repository.accounts, pull?.mergedAt ?? now()) : rules
}

export function subjectIn(
  world: World,
  { path, blob }: Pick<SourceFile, 'path' | 'blob'>,
  { evidence: { pull }, record }: Brought,
): Subject {
  return {
    identity: { repositoryId: world.repository.id, path, pull: pull?.number ?? 0 },
    blob,
    mergeSha: pull?.mergeSha,
    record,
  }
}

export function termsOf({ request, terms }: Asked): EvidenceTerms {
  return { requester: request.requester, approvalsNeeded: terms.approvalsNeeded, mergeBy: terms.mergeBy }
}

/** A rejection is final, whatever would be judged today. */
export function asRejectedBefore(finding: Finding): Finding {
  if (finding.kind === 'rejected') return finding
  const message = 'This request was rejected when it was first seen on the branch, and that is final.'
  const reason = { code: 'rejected-before', message, fix: 'Open a new pull request.' }
  return { kind: 'rejected', subject: finding.subject, reason }
}

/** What the app's own record says already; undefined where the request is still to be judged. */
export function findRecorded(
  world: World,
  subject: Subject,
  { takenOutSince }: Evidence,
  obstacle: Reason | undefined,
): Finding | undefined {
  const state = subject.record?.state
  if (state === undefined || state === 'pending' || state === 'rejected') return undefined
  const judged = parseRecord(subject.record?.text)
  if (judged === undefined) return { kind: 'unknown', subject, reason: UNREADABLE_RECORD }
  if (state === 'ended') return { kind: 'ended', subject, judged }
  // An extension that was set back by a force push: what lies there now was approved for another window.
  if (judged.blob !== subject.blob)
    return {
      kind: 'ended',
      subject,
      judged: { ...judged, ended: { at: world.now(), because: 'file-changed' } },
    }
  if (state === 'granted') return findMissing(world, subject, judged)
  if (takenOutSince)
    return {
      kind: 'ended',
      subject,
      judged: { ...judged, ended: { at: world.now(), because: 'file-removed' } },
    }
  return obstacle ? { kind: 'unknown', subject, reason: obstacle } : approve(world, subject, judged)
}

/** What keeps everything new from being granted, approved or not. */
export function obstacleTo(rules: Parsed<Rules>, { trustRoot }: Evidence): Reason | undefined {
  if (!trustRoot.holds) return { code: 'trust-root-broken', message: trustRoot.message }
  if (!rules.ok) return { code: 'rules-broken', message: brokenRules(rules) }
  return rules.value.paused ? PAUSED : undefined
}

function brokenRules({ problems }: Extract<Parsed<Rules>, { readonly ok: false }>): string {
  return `The rules can't be used: ${problems[0].message} Nothing new is granted until an owner of \`.github/daypass.yml\` mends them.`
}

/** It was granted, yet no role stands: the window is over and the app was interrupted, or somebody took the role away. */
function findMissing(world: World, subject: Subject, judged: RequestRecord): Finding {
  const now = world.now()
  const ended = (because: EndReason): Finding => ({
    kind: 'ended',
    subject,
    judged: { ...judged, ended: { at: Math.min(now, judged.window.end), because } },
  })
  if (phaseOf(judged.window, now) === 'over') return ended('expired')
  const key = keyOf(subject.identity)
  const since = world.memory.missing.get(key) ?? now
  world.memory.missing.set(key, since)
  if (now - since >= MISSING_FOR) return ended('role-removed')
  const message =
    'The role of this grant was not found in AWS. If it stays away, somebody ended the access early.'
  return { kind: 'unknown', subject, reason: { code: ROLE_MISSING, message } }
}

function findNew(
  world: World,
  subject: Subject,
  evidence: Evidence,
  rules: Parsed<Rules>,
  asked: Parsed<Asked>,
): Finding {
  const unknown = (code: string, message: string): Finding => ({
    kind: 'unknown',
    subject,
    reason: { code, message },
  })

  // The trust root comes first: rules that nobody approved must not even reject.
  const verdict = judge(evidence)
  if (verdict.outcome === 'unknown') return unknown(verdict.code, verdict.message)
  if (!rules.ok) {
    return unknown('rules-broken', brokenRules(rules))
  }
  if (rules.value.paused) return unknown(PAUSED.code, PAUSED.message)
  if (!asked.ok) {
    const [first] = asked.problems
    return rejected(subject, first.code, `Line ${first.line}: ${first.message}`, first.fix)
  }
  if (verdict.outcome === 'rejected') return rejected(subject, verdict.code, verdict.message, verdict.fix)

  const { pull } = evidence
  if (pull?.author == null || pull.mergedAt === undefined) throw new Error('approved without author or merge')
  const { request, terms } = asked.value
  const judged: RequestRecord = {
    blob: subject.blob,
    author: pull.author,
    request: { ...request, prefixes: [...request.prefixes] },
    principal: terms.principal,
    kmsKey: terms.kmsKey,
    window: windowOf(request, pull.mergedAt),
    approvals: [...verdict.approvals],
    mergedBy: verdict.mergedBy,
  }
  return approve(world, subject, judged)
}

export function approve(world: World, subject: Subject, judged: RequestRecord): Finding {
  if (phaseOf(judged.window, world.now()) === 'over') {
    return rejected(
      subject,
      WINDOW_OVER,
      'Its window was over before the app could grant it.',
      'Open a new request.',
    )
  }
  const lent = lentOf(world, subject.identity, judged)
  if (lent === undefined) {
    return rejected(
      subject,
      'account-gone',
      'The account is not lent through this repository any more.',
      'Ask whoever runs Daypass.',
    )
  }
  const grant = grantOf(subject.identity, lent.location, lent.account, judged)
  const tooLarge = checkGrantSize(grant)
  if (tooLarge !== undefined) return rejected(subject, tooLarge.code, tooLarge.message, tooLarge.fix)
  return { kind: 'approved', subject, judged, grant }
}

function rejected(subject: Subject, code: string, message: string, fix: string): Finding {
  return { kind: 'rejected', subject, reason: { code, message, fix } }
}
