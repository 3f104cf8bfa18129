/** The judgement: did a code owner who is not involved approve exactly these bytes? */

import { approvalsNeeded, CHECKS, type Check, countFor, logins } from './approval-checks.ts'
import type { ApprovalCount } from './approvals.ts'
import { countingOwners, involvedIds, type SilentOwner, sameLogin, silentOwners } from './approvers.ts'
import type { Evidence } from './evidence.ts'
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
  /** How many approvals are still missing. */
  readonly missing: number
  /** Logins of the owners whose approval could count; those who approved already included. */
  readonly mayApprove: readonly string[]
  readonly mayMerge: readonly string[] | 'anyone'
  /** Owners named in CODEOWNERS who can't count. */
  readonly silentOwners: readonly SilentOwner[]
}

export function standing(evidence: Evidence): Standing {
  const { pull, owners, requester, mergeBy } = evidence
  const approvals =
    pull === undefined ? { counted: [], uncounted: [], changeRequests: [] } : countFor(pull, evidence)
  const involved = pull === undefined ? new Set<number>() : involvedIds(pull)
  const people = [...countingOwners(owners).values()]
  return {
    ...approvals,
    missing: Math.max(0, approvalsNeeded(evidence) - approvals.counted.length),
    mayApprove: logins(people.filter(({ id, login }) => !involved.has(id) && !sameLogin(requester, login))),
    mayMerge: mergeBy === 'anyone' ? 'anyone' : logins(people),
    silentOwners: silentOwners(owners),
  }
}

function firstObjection(checks: readonly Check[], evidence: Evidence): Objection | undefined {
  for (const { code, outcome, fix, fault } of checks) {
    const message = fault(evidence)
    if (message !== undefined) return { outcome, code, message, fix }
  }
  return undefined
}
