/** Which reviews of a pull request approve one file's bytes, and why the others don't; requests and the trust root share it. */

import { countingOwners, involvedIds, isPerson, sameLogin } from './approvers.ts'
import type { Fallback, FileAt, MergedPull, PathOwners, Person, Review } from './evidence.ts'
import { standingOf, standsIn } from './fallback.ts'
import type { Approval } from './verdict.ts'

export interface ApprovalQuestion {
  readonly pull: MergedPull
  readonly owners: PathOwners
  readonly fallback?: Fallback
  /** What was merged, or would be; `missing` where a guarded file was removed. */
  readonly file: FileAt | 'missing'
  /** Login of who asks, should that not be the pull request's author. */
  readonly requester?: string
}

export interface ApprovalCount {
  /** One for each person. */
  readonly counted: readonly Approval[]
  readonly uncounted: readonly UncountedApproval[]
  /** Owners who ask for changes. */
  readonly changeRequests: readonly Person[]
}

/** Why somebody's approval does not count, in the order in which it is looked at. */
export const UNCOUNTED_REASONS = {
  'reviewer-unknown': 'GitHub no longer knows who gave it',
  'reviewer-not-a-person': 'it was not given by a person',
  'review-dismissed': 'it was dismissed',
  'review-undated': 'GitHub does not say when it was given',
  'after-merge': 'it was given after the merge',
  'changes-requested': 'the same person asks for changes',
  'base-changed-since': 'the base branch was changed after it was given, so it was for another difference',
  involved: 'who asks for access, or had a hand in a commit of the file, can not approve it',
  'not-an-owner': 'it was not given by a code owner of this path with write access',
  'fallback-untold':
    'it stands in for owners who did not answer, and GitHub does not say since when they could',
  'fallback-too-early':
    'it stands in for owners who had not had the time yet that the rules give them to answer',
  'commit-unknown': 'GitHub does not say which commit it was for',
  'other-bytes': 'it was for other bytes',
} as const

export type UncountedReason = keyof typeof UNCOUNTED_REASONS

export interface UncountedApproval {
  readonly person: Person | null
  readonly code: UncountedReason
  readonly why: string
}

/** What one person said, oldest first: approvals, change requests and dismissed reviews. Comments say nothing. */
type Opinions = readonly [Review, ...Review[]]

export function countApprovals(question: ApprovalQuestion): ApprovalCount {
  const counted: Approval[] = []
  const uncounted: UncountedApproval[] = []
  const people = opinionsByPerson(question.pull.reviews)
  for (const opinions of people) {
    const review = reviewToWeigh(opinions, question.pull)
    if (review === undefined) continue
    const weighed = weigh(review, opinions, question)
    if (typeof weighed === 'object') counted.push(weighed)
    else uncounted.push({ person: review.person, code: weighed, why: UNCOUNTED_REASONS[weighed] })
  }
  return { counted, uncounted, changeRequests: openChangeRequests(people, question) }
}

function weigh(review: Review, opinions: Opinions, question: ApprovalQuestion): Approval | UncountedReason {
  const { pull, file, requester } = question
  const { person, commit, submittedAt: at } = review
  if (person === null) return 'reviewer-unknown'
  if (!isPerson(person)) return 'reviewer-not-a-person'
  if (review.state === 'dismissed') return 'review-dismissed'
  if (!Number.isFinite(at)) return 'review-undated'
  if (!isInTime(review, pull)) return 'after-merge'
  if (asksForChanges(opinions, pull)) return 'changes-requested'
  if (pull.baseChangedAt !== undefined && !(at > pull.baseChangedAt)) return 'base-changed-since'
  if (involvedIds(pull).has(person.id)) return 'involved'
  if (requester !== undefined && sameLogin(requester, person.login)) return 'involved'
  const standing = standingOf(person, at, question)
  if (standing !== 'owner') return NO_OWNER[standing]
  if (commit === undefined) return 'commit-unknown'
  if (review.file === undefined || !sameFile(review.file, file)) return 'other-bytes'
  return { person, commit, at }
}

const NO_OWNER = {
  nobody: 'not-an-owner',
  untold: 'fallback-untold',
  'too-early': 'fallback-too-early',
} as const

/** Same content and same mode; an absence is the same as an absence. */
export function sameFile(one: FileAt | 'missing', other: FileAt | 'missing'): boolean {
  if (one === 'missing' || other === 'missing') return one === other
  return one.blob === other.blob && one.mode === other.mode
}

/**
 * Each person's opinions apart; where GitHub no longer knows the reviewer, each review apart. Without a time an
 * approval counts as the oldest and anything else as the latest, so that it can't stand over a refusal.
 */
function opinionsByPerson(reviews: readonly Review[]): readonly Opinions[] {
  const when = ({ submittedAt, state }: Review) =>
    Number.isNaN(submittedAt) ? (state === 'approved' ? -Infinity : Infinity) : submittedAt
  const sorted = reviews
    .filter(({ state }) => state !== 'commented')
    .toSorted((a, b) => (when(a) === when(b) ? a.id - b.id : when(a) - when(b)))
  const groups = new Map<number | Review, [Review, ...Review[]]>()
  for (const review of sorted) {
    const key = review.person?.id ?? review
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [review])
    else group.push(review)
  }
  return [...groups.values()]
}

/** The opinion that stood at the merge if it approves or was dismissed; else an approval of another time, to say why not. */
function reviewToWeigh(opinions: Opinions, pull: MergedPull): Review | undefined {
  const stood = opinions.findLast((review) => isInTime(review, pull))
  if (stood !== undefined && stood.state !== 'changes-requested') return stood
  return opinions.findLast(({ state }) => state === 'approved')
}

/** Before the merge every review is in time. */
function isInTime({ submittedAt }: Review, { merged, mergedAt }: MergedPull): boolean {
  return merged ? mergedAt !== undefined && submittedAt <= mergedAt : !Number.isNaN(submittedAt)
}

/** Of those who may stand in too, at any time: a refusal needs no patience. */
function openChangeRequests(
  people: readonly Opinions[],
  { pull, owners, fallback }: ApprovalQuestion,
): Person[] {
  const counting = countingOwners(owners)
  return people
    .filter((opinions) => asksForChanges(opinions, pull))
    .flatMap(([{ person }]) =>
      person !== null && (counting.has(person.id) || standsIn(person, fallback)) ? [person] : [],
    )
}

/** At the merge or since: an approval after the merge does not undo the refusal before it. */
function asksForChanges(opinions: Opinions, pull: MergedPull): boolean {
  const standing = opinions.filter(({ state }) => state !== 'dismissed')
  const atMerge = standing.findLast((review) => isInTime(review, pull))
  return [atMerge, standing.at(-1)].some((review) => review?.state === 'changes-requested')
}
