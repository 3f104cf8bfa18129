/** The check `Daypass / approval`: one sentence on what is missing before a merge would be honoured, and every approval that does not count. */
import type { Standing } from './approval.ts'
import type { UncountedApproval, UncountedReason } from './approvals.ts'
import { code, cut, inline, plain, prose } from './markdown.ts'
import type { CheckReport } from './report.ts'
import type { BlockedRequest } from './report-request.ts'
import { approvers, type JudgedKind, mergers, standIns, tally } from './report-standing.ts'
import { compose, enumerate } from './report-words.ts'
import type { OpenVerdict } from './verdict.ts'

export type ApprovalFinding =
  /** Nothing here is judged by Daypass. */
  | { readonly kind: 'nothing-to-check' }
  /** Only takes requests out. */
  | { readonly kind: 'ends-access'; readonly files: readonly string[] }
  /** Something has to be settled before an approval is of any use; `sentence` is plain, with values in back-ticks. */
  | { readonly kind: 'waits'; readonly code: string; readonly sentence: string }
  | { readonly kind: 'judged'; readonly draft: boolean; readonly judged: readonly Judged[] }

/** One file, and how a merge of it now would be judged. */
export interface Judged {
  readonly path: string
  readonly pull: number
  readonly of: JudgedKind
  readonly verdict: OpenVerdict
  readonly standing: Standing
}

export interface ApprovalReport extends CheckReport {
  /** A check that is pending holds up a merge that asks for it; success and neutral do not. */
  readonly state: 'pending' | 'success' | 'neutral'
}

const LONGEST_TITLE = 160
/** Names in one sentence. */
const LONGEST_NAMES = 3

/** What an approval can mend; anything else is said in the words of the judgement. */
const OF_APPROVALS: ReadonlySet<string> = new Set([
  'approvals-missing',
  'changes-requested',
  'guarded-file-unapproved',
  'guarded-file-changes-requested',
])

export function approvalReport(finding: ApprovalFinding): ApprovalReport {
  switch (finding.kind) {
    case 'nothing-to-check':
      return report('neutral', 'No access request in this pull request', [
        'It touches nothing below `access-requests/` and no rules, so no approval is asked for.',
      ])
    case 'ends-access':
      return report('success', 'Ending access needs no approval', [
        `It takes ${enumerate(finding.files.map(code))} out of the branch, and nothing is granted.`,
      ])
    case 'waits':
      return report('pending', finding.sentence, [
        `**${prose(finding.sentence)}.** (${code(finding.code)})`,
        'The check **Daypass / request** says more. This one is brought up to date by itself.',
      ])
    case 'judged':
      return reportJudged(finding.judged, finding.draft)
  }
}

/** Where what the request's check says has to be settled first. */
export function waitsFor(blocked: BlockedRequest): ApprovalFinding {
  switch (blocked.kind) {
    case 'paused':
      return { kind: 'waits', code: 'paused', sentence: 'New access is paused by the rules' }
    case 'rules-broken': {
      const sentence = 'The rules on the default branch are broken, so nothing new is granted'
      return { kind: 'waits', code: 'rules-broken', sentence }
    }
    case 'problems': {
      const [first, ...more] = blocked.problems
      const what = more.length === 0 ? withoutDot(first.message) : `it has ${more.length + 1} problems`
      return { kind: 'waits', code: first.code, sentence: `It can't be granted as it is: ${what}` }
    }
  }
}

/** Of several findings on one commit: a merge is honoured only if all of it would be. */
export function leastApproved(findings: readonly [ApprovalFinding, ...ApprovalFinding[]]): ApprovalFinding {
  const judged = findings.flatMap((finding) => (finding.kind === 'judged' ? finding.judged : []))
  const draft = findings.some((finding) => finding.kind === 'judged' && finding.draft)
  const waits = findings.find(({ kind }) => kind === 'waits')
  return waits ?? (judged.length > 0 ? { kind: 'judged', draft, judged } : findings[0])
}

function reportJudged(all: readonly Judged[], draft: boolean): ApprovalReport {
  const open = all.filter(({ verdict }) => verdict.outcome !== 'would-hold')
  const [first] = open.length > 0 ? open : all
  if (first === undefined) throw new Error('nothing was judged')
  const only = all.length === 1
  const sentence = sentenceOf(first, draft)
  const named = only ? sentence : `${first.path} of #${first.pull}: ${sentence}`
  const title = open.length === 0 && !only && !draft ? `All ${all.length} changes are approved` : named
  const state = open.length === 0 && !draft ? 'success' : 'pending'
  return report(
    state,
    title,
    only
      ? detailsOf(first, draft)
      : all.map(
          (one) => `### ${code(one.path)} of ${inline(`#${one.pull}`)}\n\n${compose(detailsOf(one, draft))}`,
        ),
  )
}

function report(state: ApprovalReport['state'], title: string, parts: readonly string[]): ApprovalReport {
  return { state, title: cut(plain(title), LONGEST_TITLE), summary: compose(parts), annotations: [] }
}

function detailsOf(judged: Judged, draft: boolean): string[] {
  const { verdict, standing, of } = judged
  return [
    `**${inline(sentenceOf(judged, draft))}.**`,
    approvers(standing, of),
    mergers(standing, of),
    standIns(standing),
    tally(standing),
    afterMerge(of, verdict),
  ]
}

const HONOURED: Readonly<Record<JudgedKind, string>> = {
  request: 'If it were merged now by one who may, access would be given.',
  extension: 'If it were merged now by one who may, access would be extended.',
  change: 'If it were merged now, Daypass would go by it.',
}

const IN_VAIN: Readonly<Record<JudgedKind, string>> = {
  request: 'If it were merged now, access would not be given',
  extension: 'If it were merged now, access would not be extended but end at once',
  change: 'If it were merged now, nothing new could be granted',
}

function afterMerge(of: JudgedKind, verdict: OpenVerdict): string {
  if (verdict.outcome === 'would-hold') return HONOURED[of]
  return `${IN_VAIN[of]}: ${prose(verdict.message)} ${prose(verdict.fix)} (${code(verdict.code)})`
}

function sentenceOf({ verdict, standing }: Judged, draft: boolean): string {
  if (verdict.outcome === 'unknown') return `It can not be judged yet: ${withoutDot(verdict.message)}`
  if (verdict.outcome === 'rejected' && !OF_APPROVALS.has(verdict.code)) return withoutDot(verdict.message)
  const { changeRequests, counted } = standing
  const askers = changeRequests.map(({ login }) => login)
  if (verdict.outcome === 'would-hold') {
    const approved = `Approved by ${names(
      counted.map(({ person }) => person.login),
      'and',
    )}`
    return draft
      ? `${approved}, but still a draft: mark it ready for review`
      : `${approved}: ${merger(standing)} may merge`
  }
  const parts = [
    ...(draft ? ['It is a draft'] : []),
    ...(askers.length > 0
      ? [`${names(askers, 'and')} ${askers.length === 1 ? 'asks' : 'ask'} for changes`]
      : []),
    ...(standing.missing > 0 ? [needs(standing)] : []),
    ...doNotCount(standing.uncounted.filter(({ person }) => !askers.includes(person?.login ?? ''))),
  ]
  // A login keeps its own case.
  return parts.join('; ').replace(/^needs/, 'Needs')
}

function merger({ mayMerge }: Standing): string {
  return mayMerge === 'anyone' ? 'anyone with write access' : names(mayMerge, 'or')
}

/** `needs one approval from @acme/data-owners` */
function needs({ missing, counted, awaited }: Standing): string {
  const more = counted.length > 0 ? ' more' : ''
  const wanted = missing === 1 ? `needs one${more} approval` : `needs ${missing}${more} approvals`
  const free = new Set(awaited.flatMap(({ people }) => people.map(({ id }) => id))).size
  if (free === 0) return `${wanted}, but nobody may give it`
  if (free < missing) return `${wanted}, but only ${free} may still give one`
  return `${wanted} from ${names(
    awaited.map(({ text }) => text),
    'or',
  )}`
}

function names(all: readonly string[], last: 'and' | 'or'): string {
  return enumerate(all, last, LONGEST_NAMES)
}

/** Shorter than the reasons in full, which the summary gives. */
const IN_SHORT: Readonly<Record<UncountedReason, (who: string) => string>> = {
  'reviewer-unknown': () => 'an approval is of an account that GitHub no longer knows',
  'reviewer-not-a-person': (who) => `${who} is not a person`,
  'review-dismissed': (who) => `${who}'s review was dismissed`,
  'review-undated': (who) => `${who}'s approval has no date`,
  'after-merge': (who) => `${who}'s approval came after the merge`,
  'changes-requested': (who) => `${who} asks for changes`,
  'base-changed-since': (who) => `${who}'s approval was for another base branch`,
  involved: (who) => `${who} had a hand in it`,
  'not-an-owner': (who) => `${who} is no owner with write access`,
  'fallback-untold': (who) => `${who} may stand in for the owners, but nobody can tell since when`,
  'fallback-too-early': (who) => `${who} stands in for the owners only later`,
  'commit-unknown': (who) => `${who}'s approval names no commit`,
  'other-bytes': (who) => `${who}'s approval was for other bytes`,
}

function doNotCount(uncounted: readonly UncountedApproval[]): string[] {
  const shown = uncounted
    .slice(0, LONGEST_NAMES)
    .map(({ person, code }) => IN_SHORT[code](person?.login ?? 'somebody'))
  const more = uncounted.length - shown.length
  return more > 0 ? [...shown, `${more} more do not count`] : shown
}

function withoutDot(message: string): string {
  return message.replace(/\.$/, '')
}
