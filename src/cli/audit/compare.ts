/** What history claims of one request, held against what GitHub and IAM say of it today. */

import { judge } from '../../core/approval.ts'
import { CHECKS } from '../../core/approval-checks.ts'
import { countApprovals, type UncountedReason } from '../../core/approvals.ts'
import { countingOwners, sameLogin } from '../../core/approvers.ts'
import type { Evidence, Person } from '../../core/evidence.ts'
import type { Receipt } from '../../core/receipt.ts'
import { parseRecord, type RequestRecord } from '../../core/record.ts'
import { enumerate } from '../../core/report-words.ts'
import type { ruleFor } from '../../core/rules.ts'
import { formatInstant } from '../../core/window.ts'
import type { Life } from './lives.ts'

/**
 * The worst first. `unprovable`: nobody can say any more; people leave, and roles are taken away. `unchecked`: whoever asked
 * did not give the key.
 */
export const OUTCOMES = ['contradicted', 'unprovable', 'unchecked', 'holds'] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface Finding {
  readonly about: 'receipt' | 'pull request' | 'approval' | 'record' | 'role'
  /** Number of the pull request that extended it, where it is about that one. */
  readonly extension?: number
  readonly outcome: Outcome
  readonly why: string
}

/** What GitHub and IAM say today. */
export interface Today {
  readonly evidence: Evidence
  /** Of each change of the file since, the oldest first; undefined where GitHub does not have its commit. */
  readonly changes: readonly (Evidence | undefined)[]
  readonly record?: { readonly state: string; readonly text?: string }
  /** Whether the role lets somebody in now; undefined where IAM was not asked about that account. */
  readonly role?: 'live' | 'ended' | 'gone'
}

type Rule = ReturnType<typeof ruleFor>

export interface Terms {
  /** For its bucket, as the rules were when it came; undefined where they can't be read. */
  readonly rule: Rule
  /** The same for each change of the file. */
  readonly changeRules: readonly Rule[]
  /** Ids of the keys that were given. */
  readonly keyIds: readonly string[]
  /** Seconds since the epoch. */
  readonly now: number
}

/** What a receipt and a record both claim of a pull request. */
interface PullClaim {
  readonly blob: string
  readonly pull?: number
  readonly author: Witness
  readonly mergedBy: Witness
  /** Begin of the window; of an extension there is none. */
  readonly from?: number
  readonly approvals: readonly (Witness & { readonly commit: string; readonly at: number })[]
}

/** `blob` is what the last extension left. */
interface Claim extends PullClaim {
  /** The oldest first. */
  readonly extensions?: readonly (Pick<PullClaim, 'mergedBy' | 'approvals'> & { readonly pull: number })[]
}

interface Witness {
  readonly login: string
  readonly id: number
}

export function compare(life: Life, today: Today, terms: Terms): readonly Finding[] {
  const record = parseRecord(today.record?.text)
  const claim = claimOf(life, record)
  return [
    ...ofReceipt(life, terms),
    ...(claim ? [...ofOrigin(claim, life, today, terms), ...ofExtensions(claim, life, today, terms)] : []),
    ...ofRecord(life, today, record),
    ...ofRole(life, today, record, terms),
  ]
}

export function worst(findings: readonly Finding[]): Outcome {
  return OUTCOMES.find((outcome) => findings.some((finding) => finding.outcome === outcome)) ?? 'holds'
}

function contradicted(about: Finding['about'], why: string): Finding {
  return { about, outcome: 'contradicted', why }
}

function unprovable(about: Finding['about'], why: string): Finding {
  return { about, outcome: 'unprovable', why }
}

function holds(about: Finding['about'], why: string): Finding {
  return { about, outcome: 'holds', why }
}

/** The receipt's word, or where there is none, the record's, which is then held against GitHub's other answers. */
function claimOf({ receipt }: Life, record: RequestRecord | undefined): Claim | undefined {
  if (receipt.kind === 'found') {
    const { requester, ...claimed } = receipt.receipt
    return { ...claimed, author: requester }
  }
  if (receipt.kind === 'refused' || record === undefined) return undefined
  const { blob, author, mergedBy, window, approvals, extensions = [] } = record
  return {
    ...{ blob, author, mergedBy, from: window.start, approvals: witnessesOf(approvals) },
    extensions: extensions.map((extension) => ({
      ...extension,
      approvals: witnessesOf(extension.approvals),
    })),
  }
}

function witnessesOf(approvals: RequestRecord['approvals']): PullClaim['approvals'] {
  return approvals.map(({ person, commit, at }) => ({ ...person, commit, at }))
}

function ofReceipt({ receipt }: Life, { keyIds }: Terms): readonly Finding[] {
  if (receipt.kind === 'forged')
    return [contradicted('receipt', 'The receipt is not its own, or was altered.')]
  if (receipt.kind !== 'found') return []
  if (receipt.authenticity === 'signed') return [holds('receipt', 'A given key signed the receipt.')]
  const { unknownKey } = receipt
  if (unknownKey === undefined)
    return [unprovable('receipt', 'The receipt has no signature: anybody may have written it.')]
  const why =
    keyIds.length === 0
      ? `No key was given, so that its signature was not checked. It names key ${unknownKey}.`
      : `Its signature names key ${unknownKey}, and not ${enumerate(keyIds, 'or')}, which was given.`
  return [{ about: 'receipt', outcome: 'unchecked', why }]
}

/** Checks of the judgement that ask of facts which never change; the others ask of people as they are today. */
const LASTING = new Set([
  'no-pull-request',
  'not-merged',
  'other-branch',
  'other-changes',
  'not-added',
  'not-a-regular-file',
  'existed-before',
])

function ofOrigin(
  claim: Claim,
  { blobs }: Life,
  { evidence, changes }: Today,
  terms: Terms,
): readonly Finding[] {
  const [first = claim.blob] = changes.length > 0 ? [blobs[changeBy(evidence.pull?.number, changes) + 1]] : []
  return [...ofPull({ ...claim, blob: first }, evidence), ...ofApprovals(claim, evidence, terms.rule)]
}

/** Where the last change is that a pull request made, as a rebase merge brings several; -1 where it made none. */
function changeBy(number: number | undefined, changes: Today['changes']): number {
  return changes.findLastIndex((evidence) => evidence?.pull !== undefined && evidence.pull.number === number)
}

/** Each by the change that its pull request made; what else changed the file, the record and the history tell. */
function ofExtensions(
  { extensions = [], author, blob: last }: Claim,
  { blobs }: Life,
  { changes }: Today,
  { changeRules }: Terms,
): readonly Finding[] {
  return extensions.flatMap((extension, index) => {
    const { pull } = extension
    const at = changeBy(pull, changes)
    const evidence = changes[at]
    const blob = index === extensions.length - 1 ? last : (blobs[at + 1] ?? '')
    const claim = { ...extension, author, blob }
    const found = evidence
      ? [...ofPull(claim, evidence), ...ofApprovals(claim, evidence, changeRules[at])]
      : [withoutChange(pull, changes)]
    return found.map((finding) => ({ ...finding, extension: pull }))
  })
}

function withoutChange(pull: number, changes: Today['changes']): Finding {
  return changes.includes(undefined)
    ? unprovable('pull request', 'GitHub does not have every commit that changed the file (any more).')
    : contradicted('pull request', `GitHub knows of no pull request #${pull} that changed the file.`)
}

function ofPull(claim: PullClaim, evidence: Evidence): readonly Finding[] {
  const { pull, atMerge } = evidence
  const about = 'pull request'
  const lasting = lastingFault(evidence)
  if (pull === undefined || lasting !== undefined)
    return [contradicted(about, lasting ?? 'GitHub knows of no pull request that brought the file.')]
  const found: Finding[] = []
  if (claim.pull !== undefined && claim.pull !== pull.number)
    found.push(contradicted(about, `It came by pull request #${pull.number}, not by #${claim.pull}.`))
  if (atMerge === 'missing' || atMerge.blob !== claim.blob)
    found.push(contradicted(about, 'What was merged are other bytes.'))
  found.push(...ofPerson('asked for it', pull.author, claim.author))
  found.push(...ofPerson('merged it', pull.mergedBy, claim.mergedBy))
  if (pull.mergedAt !== undefined && claim.from !== undefined && claim.from < pull.mergedAt)
    found.push(
      contradicted(
        about,
        `Its window begins before the merge, which was at ${formatInstant(pull.mergedAt)}.`,
      ),
    )
  return found.length > 0
    ? found
    : [holds(about, `#${pull.number} brought these very bytes, by whom it says.`)]
}

/** The judgement itself, as far as its answer can't change with the years. */
function lastingFault(evidence: Evidence): string | undefined {
  const verdict = judge({ ...evidence, onBranch: evidence.atMerge, mergedInView: true, takenOutSince: false })
  if (verdict.outcome === 'approved' || !LASTING.has(verdict.code)) return undefined
  return CHECKS.some(({ code }) => code === verdict.code) ? verdict.message : undefined
}

function ofPerson(did: string, found: Person | null, claimed: Witness): readonly Finding[] {
  const about = 'pull request'
  if (found === null)
    return [unprovable(about, `GitHub no longer knows who ${did}; it is said to be ${claimed.login}.`)]
  return found.id === claimed.id
    ? []
    : [contradicted(about, `It was ${found.login} who ${did}, not ${claimed.login}.`)]
}

function ofApprovals(claim: PullClaim, evidence: Evidence, rule: Rule): readonly Finding[] {
  const needed = rule?.approvalsNeeded ?? 1
  const few = claim.approvals.length < needed
  return [
    ...claim.approvals.map((approval) => ofApproval(approval, claim, evidence, rule)),
    ...(few
      ? [
          contradicted(
            'approval',
            `It names ${claim.approvals.length} of ${needed} approvals that the rules asked for.`,
          ),
        ]
      : []),
  ]
}

function ofApproval(
  { login, id, commit, at }: PullClaim['approvals'][number],
  claim: PullClaim,
  evidence: Evidence,
  rule: Rule,
): Finding {
  const about = 'approval'
  const { pull, owners, atMerge } = evidence
  const reviews = (pull?.reviews ?? []).filter(
    (review) => review.commit === commit && review.submittedAt === at,
  )
  const own = reviews.find(({ person }) => person?.id === id)
  if (id === claim.author.id || sameLogin(login, claim.author.login))
    return contradicted(about, `${login} is said to have approved their own request.`)
  if (pull === undefined)
    return unprovable(about, `Without its pull request nobody can say whether ${login} approved.`)
  if (own === undefined)
    return reviews.some(({ person }) => person === null)
      ? unprovable(about, `GitHub no longer knows whose approval it was; it is said to be ${login}'s.`)
      : contradicted(about, `GitHub has no approval of ${login} at that time for that commit.`)
  if (own.state === 'dismissed') return unprovable(about, `The approval of ${login} was dismissed since.`)
  if (own.state !== 'approved') return contradicted(about, `What ${login} gave was no approval.`)
  const { counted, uncounted } = countApprovals({ pull, owners, file: atMerge })
  if (counted.some(({ person }) => person.id === id))
    return holds(about, `${login} approved these bytes, and owns the path.`)
  const reason = uncounted.find(({ person }) => person?.id === id)
  if (reason === undefined)
    return unprovable(about, `The approval of ${login} is not the last word of ${login} any more.`)
  if (reason.code === 'not-an-owner') return ofNonOwner(login, id, evidence, rule)
  const outcome = MAY_CHANGE.has(reason.code) ? unprovable : contradicted
  return outcome(about, `The approval of ${login} does not count: ${reason.why}.`)
}

const MAY_CHANGE: ReadonlySet<UncountedReason> = new Set([
  'reviewer-unknown',
  'review-dismissed',
  'review-undated',
  'changes-requested',
  'commit-unknown',
])

/** CODEOWNERS of that time is known, and who was in its teams is not. */
function ofNonOwner(login: string, id: number, { owners }: Evidence, rule: Rule): Finding {
  const about = 'approval'
  const isNamed = owners.owners.some((owner) => owner.kind === 'user' && owner.person?.id === id)
  if (isNamed) return unprovable(about, `${login} owns the path, and can't write any more.`)
  const others = owners.owners.filter(({ kind }) => kind === 'team' || kind === 'unresolved')
  if (others.length > 0)
    return unprovable(
      about,
      `${login} is not in ${others.map(({ text }) => text).join(', ')} now; past members can't be asked for.`,
    )
  if (rule?.fallback)
    return unprovable(about, `${login} owns nothing here, but may have stood in for those who do.`)
  const named = [...countingOwners(owners).values()].map((owner) => owner.login)
  return contradicted(
    about,
    `${login} did not own the path: CODEOWNERS named ${named.join(', ') || 'nobody'}.`,
  )
}

const GRANTED = new Set(['granted', 'ended'])

function ofRecord(
  { receipt, removed }: Life,
  today: Today,
  record: RequestRecord | undefined,
): readonly Finding[] {
  const about = 'record'
  const state = today.record?.state
  if (state === undefined)
    return [unprovable(about, 'GitHub has no record of the app any more, or never had one.')]
  if (receipt.kind === 'refused')
    return GRANTED.has(state)
      ? [contradicted(about, 'It is said to have been refused, and the record says that it was granted.')]
      : [holds(about, 'The record says that it was refused.')]
  if (receipt.kind !== 'found') {
    if (state === 'rejected') return [holds(about, 'The record says that it was refused.')]
    return [
      holds(
        about,
        record?.ended
          ? `The record says that it ended at ${formatInstant(record.ended.at)}.`
          : `The record says: ${state}.`,
      ),
    ]
  }
  if (state === 'rejected') return [contradicted(about, 'The record says that it was refused.')]
  if (record === undefined) return [unprovable(about, 'The record can not be read by this version.')]
  const differing = differences(receipt.receipt, record)
  if (differing.length > 0)
    return [contradicted(about, `The record says otherwise of ${differing.join(', ')}.`)]
  return removed && state === 'granted'
    ? [unprovable(about, 'The record does not say that it ended.')]
    : [holds(about, 'The record says the same.')]
}

function differences(receipt: Receipt, record: RequestRecord): readonly string[] {
  const ids = (people: readonly { readonly id: number }[]) =>
    people
      .map(({ id }) => id)
      .sort()
      .join()
  const same: Readonly<Record<string, boolean>> = {
    'its bytes': receipt.blob === record.blob,
    'who asked': receipt.requester.id === record.author.id,
    'who merged': receipt.mergedBy.id === record.mergedBy.id,
    'who approved': ids(receipt.approvals) === ids(record.approvals.map(({ person }) => person)),
    'its reason': receipt.reason === record.request.reason,
    'its prefixes': receipt.prefixes.join('\n') === record.request.prefixes.join('\n'),
    'its window': receipt.from === record.window.start && receipt.until === record.window.end,
    'why it ended': record.ended === undefined || receipt.endedBecause === record.ended.because,
    'its extensions': extensionsOf(receipt.extensions) === extensionsOf(record.extensions),
    'when it ended': record.ended === undefined || receipt.endedAt === record.ended.at,
  }
  return Object.entries(same).flatMap(([what, isSame]) => (isSame ? [] : [what]))
}

function extensionsOf(extensions: readonly { readonly pull: number; readonly until: number }[] = []): string {
  return extensions.map(({ pull, until }) => `${pull} ${until}`).join()
}

function ofRole(
  { receipt, removed }: Life,
  { role, record: { state } = { state: '' } }: Today,
  record: RequestRecord | undefined,
  { now }: Terms,
): readonly Finding[] {
  const about = 'role'
  if (role === undefined) return []
  const until = receipt.kind === 'found' ? receipt.receipt.until : record?.window.end
  const mayStand = removed === undefined && state === 'granted' && until !== undefined && now < until
  if (role !== 'live') {
    return mayStand && role === 'gone'
      ? [unprovable(about, 'IAM has no such role (any more).')]
      : [holds(about, role === 'gone' ? 'Its role is gone.' : 'Its role denies everything.')]
  }
  return mayStand
    ? [holds(about, 'Its role stands.')]
    : [contradicted(about, 'Its role still lets people in, though its access is over or never was.')]
}
