/** The check `Daypass / grant` on a merge commit: where one request stands, from the judgement to its end. */
import type { Account } from './account.ts'
import type { RefusedOrder } from './early-end.ts'
import { type End, formatPolicy, type Grant } from './grant.ts'
import { code, codeBlock, cut, inline, plain, prose } from './markdown.ts'
import type { RequestRecord } from './record.ts'
import type { CheckReport } from './report.ts'
import {
  bullets,
  compose,
  enumerate,
  folded,
  shortSha,
  untilThen,
  utc,
  whatIsAsked,
  whatToDo,
  whoGetsIn,
  whyEnded,
} from './report-words.ts'
import type { RequestLocation } from './request.ts'

/** A request that was approved, with the role that it becomes. */
export interface Lent {
  readonly location: RequestLocation
  readonly account: Account
  readonly judged: RequestRecord
  readonly role: Pick<Grant, 'rolePath' | 'roleName' | 'roleArn'>
}

/** Where a merged request stands. */
export type GrantState =
  /** The evidence can't be read yet, or nothing is granted for now. */
  | {
      readonly kind: 'pending'
      readonly code: string
      readonly message: string
      /** The pull request of the request that is to be extended. */
      readonly extends?: number
    }
  /** Judged, and not yet in IAM. */
  | {
      readonly kind: 'approved'
      readonly lent: Lent
      /** What keeps it from being written into AWS. */
      readonly obstacle?: { readonly problem: string; readonly fix: string }
    }
  | {
      readonly kind: 'granted'
      readonly lent: Lent
      /** Before its window, or in it. */
      readonly phase: 'waiting' | 'open'
      readonly policies: Pick<Grant, 'trustPolicy' | 'permissionPolicy'>
      /** Who asked for its end in vain. */
      readonly refused: readonly RefusedOrder[]
      /** Its longer window is being written into AWS. */
      readonly extending?: boolean
    }
  | {
      readonly kind: 'rejected'
      readonly code: string
      readonly message: string
      readonly fix: string
      /** The pull request of the request that was to be extended. */
      readonly extends?: number
    }
  | { readonly kind: 'ended'; readonly lent: Lent; readonly end: End }

const LONGEST_TITLE = 120

/** The record itself goes into the report's `text`; it is for whoever writes the check run to add. */
export function grantReport(state: GrantState): CheckReport {
  return {
    title: cut(plain(titleOf(state)), LONGEST_TITLE),
    summary: compose(summaryOf(state)),
    annotations: [],
  }
}

function titleOf(state: GrantState): string {
  switch (state.kind) {
    case 'pending':
      return 'Not granted yet'
    case 'approved':
      return state.obstacle ? 'Approved, but not open yet' : 'Approved, and being written into AWS'
    case 'granted': {
      const { start, end } = state.lent.judged.window
      if (state.extending) return `Being extended until ${utc(end)}`
      return state.phase === 'waiting' ? `Access opens at ${utc(start)}` : `Access is open until ${utc(end)}`
    }
    case 'rejected':
      return `Not ${state.extends === undefined ? 'granted' : 'extended'}: ${state.message}`
    case 'ended':
      return `Access ended at ${utc(state.end.at)} because ${whyEnded(state.end, state.lent.judged.author)}`
  }
}

function summaryOf(state: GrantState): readonly string[] {
  switch (state.kind) {
    case 'pending':
      return [`${prose(state.message)} (${code(state.code)})`, untilThen(state.code)]
    case 'approved':
      return [
        ...(state.obstacle ? obstacleWords(state.obstacle) : []),
        may(state.lent),
        approvedBy(state.lent),
      ]
    case 'granted': {
      const { lent, policies } = state
      return [
        `${may(lent)} AWS itself opens and closes the window, to the second.`,
        `**Why:** ${inline(lent.judged.request.reason)}`,
        `**Who gets in:** ${whoGetsIn(lent.judged.principal, lent.judged.author.login)}`,
        approvedBy(lent),
        `**Role:** ${code(lent.role.roleArn)}`,
        ...foundOnRole(lent.judged),
        folded(
          'Trust policy: who is let in, and when',
          codeBlock(formatPolicy(policies.trustPolicy), 'json'),
        ),
        folded(
          'Permission policy: what they can do',
          codeBlock(formatPolicy(policies.permissionPolicy), 'json'),
        ),
      ]
    }
    case 'rejected':
      return [
        `${prose(state.message)} (${code(state.code)})`,
        whatToDo(state.fix),
        state.extends === undefined
          ? 'This is final for this pull request, and AWS was not touched.'
          : `This is final for this pull request, and the access of ${inline(`#${state.extends}`)} is over too: its file is not any more what was approved.`,
      ]
    case 'ended': {
      const { lent, end } = state
      return [
        `Access ended at ${utc(end.at)} because ${whyEnded(end, lent.judged.author)}.`,
        ...(end.detail === undefined ? [] : [prose(end.detail)]),
        whatWasHeld(lent, end),
        lastUse(end),
        `**Why:** ${inline(lent.judged.request.reason)}`,
        approvedBy(lent),
        `**Role:** ${code(lent.role.roleArn)}`,
      ]
    }
  }
}

function foundOnRole({ found }: RequestRecord): readonly string[] {
  if (found === undefined) return []
  return [
    `**Others changed this role**, as Daypass found at ${utc(found.at)}:`,
    bullets(found.what.map(prose)),
  ]
}

/** For how long access really stood. */
export function whatWasHeld(lent: Lent, { at }: End): string {
  const { author, window } = lent.judged
  const whoAndWhat = `${inline(author.login)} could ${asked(lent)}`
  if (at <= window.start)
    return `${whoAndWhat} at no time: the window would have opened at ${utc(window.start)}.`
  if (at >= window.end) return `${whoAndWhat} ${windowOf(lent)}.`
  return `${whoAndWhat} from ${utc(window.start)} until then; the window would have ended at ${utc(window.end)}.`
}

/** Where AWS tells of none there may have been one all the same: so nothing is said. */
export function lastUse({ lastUsed }: End): string {
  return lastUsed === undefined
    ? ''
    : `The role was last used at ${utc(lastUsed.at)}, for ${code(lastUsed.region)}, as far as AWS told by then.`
}

/** Who may do what, and when. */
export function may(lent: Lent): string {
  return `**${inline(lent.judged.author.login)}** may ${asked(lent)} ${windowOf(lent)}.`
}

function asked({ judged, location, account }: Lent): string {
  return whatIsAsked(judged.request, location, account)
}

function windowOf({ judged: { window } }: Lent): string {
  return `from ${utc(window.start)} until ${utc(window.end)}`
}

export function obstacleWords(obstacle: {
  readonly problem: string
  readonly fix: string
}): readonly string[] {
  return [
    prose(obstacle.problem),
    `**What to do:** ${prose(obstacle.fix)}`,
    'Daypass tries again by itself, until the window is over.',
  ]
}

function approvedBy({ judged: { approvals, mergedBy, extensions = [] } }: Lent): string {
  return bullets([
    ...approvals.map((approval) => `Approved by ${approver(approval)}`),
    `Merged by **${inline(mergedBy.login)}**`,
    ...extensions.map(
      (extension) =>
        `Extended from ${utc(extension.from)} until ${utc(extension.until)} by ${inline(`#${extension.pull}`)} (${inline(extension.reason)}), approved by ${enumerate(extension.approvals.map(approver))}, merged by **${inline(extension.mergedBy.login)}**`,
    ),
  ])
}

function approver({ person, commit, at }: RequestRecord['approvals'][number]): string {
  return `**${inline(person.login)}** at ${utc(at)}, commit ${shortSha(commit)}`
}
