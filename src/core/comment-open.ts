/** The app's one comment while a request's pull request is not merged: for whom it waits, or what is to be mended first. */
import type { Grant } from './grant.ts'
import { type Place, pullLink } from './links.ts'
import { code, inline, prose } from './markdown.ts'
import type { Problem } from './problem.ts'
import { type ApprovalFinding, approvalReport } from './report-approval.ts'
import { type RequestFinding, warnings } from './report-request.ts'
import { approvers, mergers, standIns, tally } from './report-standing.ts'
import { bullets, compose, countProblems, lengthOf, untilThen, utc, whatIsAsked } from './report-words.ts'
import type { Window } from './window.ts'

/** Where a request stands that is not merged. */
export type OpenState =
  | { readonly kind: 'judged'; readonly request: RequestFinding; readonly approval: ApprovalFinding }
  /** It asks for nothing any more. */
  | { readonly kind: 'withdrawn' }
  /** Closed, and not into the default branch. */
  | { readonly kind: 'closed' }
  /** Closed by the app: for so many seconds, which the rules say, nobody approved it or mended it, nor did anything else about it. */
  | { readonly kind: 'unanswered'; readonly after: number; readonly lacks: 'approval' | 'corrections' }

export interface OpenContext {
  readonly place: Omit<Place, 'path'>
  readonly pull: number
}

/** More of them are a matter for the check, which has each on its line. */
const MOST_PROBLEMS = 5

export function openComment(state: OpenState, context: OpenContext): string {
  switch (state.kind) {
    case 'judged':
      return commentJudged(state.request, state.approval, context)
    case 'withdrawn':
      return '**Nothing is asked for any more.** This pull request adds no access request.'
    case 'closed':
      return compose([
        '**Closed, and nothing was granted.**',
        'If it is still needed, reopen it; a new pull request does as well.',
      ])
    case 'unanswered': {
      const length = lengthOf(state.after)
      const why =
        state.lacks === 'approval'
          ? `it waited for ${length} without an approval`
          : `its mistakes were not mended for ${length}`
      return compose([
        `**Closed, as ${why}.** The rules of this repository let a request wait no longer. Nothing was granted.`,
        'If it is still needed, reopen it: the time then counts anew.',
      ])
    }
  }
}

function commentJudged(
  request: RequestFinding,
  approval: ApprovalFinding,
  { place, pull }: OpenContext,
): string {
  const checks = `[check **Daypass / request**](${pullLink({ ...place, path: '' }, pull)}/checks)`
  switch (request.kind) {
    case 'valid': {
      const { asked, standing } = request
      const kind = request.extends ? 'extension' : 'request'
      const { title } = approvalReport(approval)
      return compose([
        `**${inline(title)}.**`,
        `**${inline(asked.request.requester)}** asks to ${whatIsAsked(asked.request, asked.location, asked.account)} ${request.extends ? whenExtended(request.grant, request.extends) : whenAsked(asked.request)}.`,
        request.extends &&
          `It has to be merged some minutes before **${utc(request.extends.window.end)}**, when the access ends as it stands.`,
        ...warnings(request),
        `**Why:** ${inline(asked.request.reason)}${asked.request.ticket === undefined ? '' : ` (${inline(asked.request.ticket)})`}`,
        approvers(standing, kind),
        mergers(standing, kind),
        standIns(standing),
        tally(standing),
        `The ${checks} shows the exact policies. This comment is kept up to date.`,
      ])
    }
    case 'problems':
      return compose([
        `**It can't be granted as it is: ${countProblems(request.problems)}.**`,
        bullets(request.problems.map(problemLine), MOST_PROBLEMS),
        `What is in the file you mend by a commit to this pull request. The ${checks} has more, on the very lines.`,
      ])
    case 'paused':
      return compose([
        '**Waiting: new access is paused** by the rules of this repository.',
        'An owner of `.github/daypass.yml` knows when it goes on. There is nothing to do here: the request is checked again by itself.',
      ])
    case 'rules-broken':
      return compose([
        '**Waiting: the rules of this repository are broken**, so nothing new can be granted.',
        'Their owners have to mend `.github/daypass.yml`. There is nothing to do here: the request is checked again by itself.',
      ])
    case 'unknown':
      return compose([
        `**It can't be judged yet.** ${prose(request.message)} (${code(request.code)})`,
        untilThen(request.code),
      ])
    default:
      throw new Error(`${request.kind} is no request`)
  }
}

function whenAsked({
  start,
  durationSeconds,
}: {
  readonly start?: number
  readonly durationSeconds: number
}): string {
  const length = lengthOf(durationSeconds)
  return start === undefined
    ? `for ${length} from the merge on`
    : `for ${length} from ${utc(start)} on, or from the merge if that is later`
}

function whenExtended(
  { window }: Pick<Grant, 'window'>,
  before: { readonly pull: number; readonly window: Window },
): string {
  return `until ${utc(window.end)}, which is ${lengthOf(window.end - before.window.end)} longer than ${inline(`#${before.pull}`)} says`
}

function problemLine({ file, line, message, fix }: Problem): string {
  return `Line ${line} of ${code(file)}: ${prose(message)} ${prose(fix)}`
}
