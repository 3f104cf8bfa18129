/** The judgement: did a code owner who is not involved approve exactly these bytes? */

import { approvalsNeeded, CHECKS, type Check, countFor, logins } from './approval-checks.ts'
import type { ApprovalCount } from './approvals.ts'
import {
  countingOwners,
  involvedIds,
  peopleOf,
  type SilentOwner,
  sameLogin,
  silentOwners,
} from './approvers.ts'
import type { Evidence, Fallback, Owner, Person } from './evidence.ts'
import { fallbackFrom } from './fallback.ts'
import type { Objection, OpenVerdict, Verdict } from './verdict.ts'

/** Judges a file on the default branch by the pull request that brought it. */
export function judge(evidence: Evidence): Verdict {
  const objection = firstObjection(CHECKS, evidence)
  if (objection !== undefined) return objection
  const { pull } = evidence
  if (pull?.mergedBy == null) throw new Error('the checks let a pull request pass that nobody merged')
  return { outcome: 'approved', approvals: countFor(pull, evidence).counted, mergedBy: pull.mergedBy }
}

/** Judges an open pull request by the same checks, as far as they can be asked before the merge. */
export function judgeOpen(evidence: Evidence): OpenVerdict {
  const objection = firstObjection(
    CHECKS.filter(({ stage }) => stage === 'any'),
    evidence,
  )
  if (objection !== undefined) return objection
  const { pull } = evidence
  return { outcome: 'would-hold', approvals: pull === undefined ? [] : countFor(pull, evidence).counted }
}

/** How the approval of a request stands, for the texts that people read; decides nothing. */
export interface Standing extends ApprovalCount {
  /** How many approvals the rules ask for; at least one. */
  readonly needed: number
  /** How many of them are still missing. */
  readonly missing: number
  /** Owners as CODEOWNERS names them, from whom a missing approval could come. */
  readonly awaited: readonly AwaitedOwner[]
  /** Logins of the owners whose approval could count; those who approved already included. */
  readonly mayApprove: readonly string[]
  readonly mayMerge: readonly string[] | 'anyone'
  /** User ids of everybody who reviewed it, in whatever way. */
  readonly reviewed: readonly number[]
  /** Owners named in CODEOWNERS who can't count. */
  readonly silentOwners: readonly SilentOwner[]
  readonly fallback?: AwaitedFallback
}

/** Those who stand in for owners that do not answer. */
export interface AwaitedFallback extends Pick<Fallback, 'after' | 'counts'> {
  /** From when on, in seconds since the epoch; undefined where that can't be told, or the owners were not asked yet. */
  readonly from?: number
  readonly owners: readonly AwaitedOwner[]
}

export interface AwaitedOwner {
  readonly kind: 'user' | 'team'
  /** As CODEOWNERS has it: `@olivia`, `@acme/data-owners`. */
  readonly text: string
  /** Those behind the name who could approve and did not yet. */
  readonly people: readonly Person[]
}

/** What of the evidence says how the approval stands; a change of a guarded file has no more. */
export type StandingQuestion = Pick<
  Evidence,
  'pull' | 'owners' | 'fallback' | 'requester' | 'atMerge' | 'approvalsNeeded' | 'mergeBy'
>

export function standing(evidence: StandingQuestion): Standing {
  const { pull, owners, fallback, requester, mergeBy } = evidence
  const approvals =
    pull === undefined ? { counted: [], uncounted: [], changeRequests: [] } : countFor(pull, evidence)
  const involved = pull === undefined ? new Set<number>() : involvedIds(pull)
  const people = [...countingOwners(owners).values()]
  const isFree = ({ id, login }: Person) => !involved.has(id) && !sameLogin(requester, login)
  const approved = new Set(approvals.counted.map(({ person }) => person.id))
  const needed = approvalsNeeded(evidence)
  return {
    ...approvals,
    needed,
    missing: Math.max(0, needed - approvals.counted.length),
    awaited: awaitedOwners(owners.owners, (person) => isFree(person) && !approved.has(person.id)),
    mayApprove: logins(people.filter(isFree)),
    mayMerge: mergeBy === 'anyone' ? 'anyone' : logins(people),
    reviewed: (pull?.reviews ?? []).flatMap(({ person }) => (person === null ? [] : [person.id])),
    silentOwners: silentOwners(owners),
    ...(fallback && {
      fallback: awaitedFallback(fallback, (person) => isFree(person) && !approved.has(person.id)),
    }),
  }
}

function awaitedFallback(fallback: Fallback, isAwaited: (person: Person) => boolean): AwaitedFallback {
  const { after, counts, owners } = fallback
  const from = fallbackFrom(fallback)
  return { after, counts, owners: awaitedOwners(owners, isAwaited), ...(from !== undefined && { from }) }
}

function awaitedOwners(owners: readonly Owner[], isAwaited: (person: Person) => boolean): AwaitedOwner[] {
  return owners.flatMap((owner) => {
    const people = peopleOf(owner).filter(isAwaited)
    const named = owner.kind === 'user' || owner.kind === 'team'
    return named && people.length > 0 ? [{ kind: owner.kind, text: owner.text, people }] : []
  })
}

function firstObjection(checks: readonly Check[], evidence: Evidence): Objection | undefined {
  for (const { code, outcome, fix, fault } of checks) {
    const message = fault(evidence)
    if (message !== undefined) return { outcome, code, message, fix }
  }
  return undefined
}
