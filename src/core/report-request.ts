/** The check `Daypass / request` of a pull request: every problem on its line, or what would be granted, to decide by. */
import type { Standing } from './approval.ts'
import type { Asked } from './asked.ts'
import { formatPolicy, type Grant } from './grant.ts'
import { code, codeBlock, cut, inline, plain, prose } from './markdown.ts'
import { folderRemark } from './prefixes.ts'
import { MOST_PROBLEMS, type Problem } from './problem.ts'
import type { Annotation, CheckReport } from './report.ts'
import { whoDecides } from './report-standing.ts'
import {
  bullets,
  compose,
  count,
  countProblems,
  enumerate,
  folded,
  lengthOf,
  mayLetOthersIn,
  placesOf,
  untilThen,
  utc,
  whatIsAsked,
  whoGetsIn,
} from './report-words.ts'
import type { Window } from './window.ts'

export type RequestFinding =
  /** The pull request touches neither requests nor rules. */
  | { readonly kind: 'nothing-to-check' }
  /** Rules or CODEOWNERS are changed, and well-formed. */
  | { readonly kind: 'rules-fine'; readonly files: readonly string[]; readonly isPublic?: boolean }
  /** The pull request only takes requests out. */
  | { readonly kind: 'ends-access'; readonly files: readonly string[] }
  /** A merge group, whose pull requests were each checked by themselves. */
  | { readonly kind: 'group-fine'; readonly files: readonly string[] }
  | { readonly kind: 'problems'; readonly problems: readonly [Problem, ...Problem[]] }
  /** The rules on the default branch can't be used, so the request can't be checked. */
  | { readonly kind: 'rules-broken'; readonly problems: readonly Problem[] }
  | ({ readonly kind: 'valid' } & ValidRequest)
  /** The rules in force say `paused`. */
  | { readonly kind: 'paused' }
  /** Something could not be read; never to be taken for success. */
  | { readonly kind: 'unknown'; readonly code: string; readonly message: string }

/** Nothing can be granted before this is settled, whoever approves. */
export type BlockedRequest = Extract<
  RequestFinding,
  { readonly kind: 'problems' | 'rules-broken' | 'paused' }
>

export interface ValidRequest {
  readonly asked: Asked
  /** Whether everybody can read the repository. */
  readonly isPublic?: boolean
  /** Whether the account can hold no other role now. */
  readonly isFull?: boolean
  /** Whether AWS would deny some of it, as the boundary of the account does not hold it. */
  readonly isBeyondBoundary?: boolean
  /** What would be written into IAM if it were merged now. */
  readonly grant: Grant
  readonly standing: Standing
  /** What it would make longer: the pull request that it came by, and its window as it is. */
  readonly extends?: { readonly pull: number; readonly window: Window }
}

export interface RequestReport extends CheckReport {
  /** A required check is satisfied by `success` and `neutral` alike. */
  readonly conclusion: 'success' | 'failure' | 'neutral'
}

const LONGEST_TITLE = 120

/** Said before anybody decides, and to whoever looks after the rules. */
const PUBLIC =
  '⚠️ **This repository is public.** Everybody can read who asks for access to which bucket, and why, with the names and ids of people and AWS accounts. An administrator should make it private.'

const FULL =
  '⚠️ **The AWS account has no room for another role now.** If this is merged, access opens only when others have ended there, or AWS has raised the quota of roles.'

const BEYOND_BOUNDARY =
  '⚠️ **AWS will deny this, or a part of it, whoever approves:** the permissions boundary of the account does not let anybody read all of that. Whoever runs Daypass has to add the bucket, and its KMS key, to the stack of the account first.'

export function requestReport(finding: RequestFinding): RequestReport {
  switch (finding.kind) {
    case 'nothing-to-check':
      return {
        conclusion: 'neutral',
        title: 'No access request in this pull request',
        summary: 'It touches nothing below `access-requests/` and no rules, so there is nothing to check.',
        annotations: [],
      }
    case 'rules-fine':
      return {
        conclusion: 'success',
        title: 'No problems in the rules',
        summary: compose([
          finding.isPublic ? PUBLIC : undefined,
          `${enumerate(finding.files.map(code))} can be read. The change applies once it is merged, and only if an owner of the file who had no hand in the change has approved it.`,
        ]),
        annotations: [],
      }
    case 'ends-access':
      return {
        conclusion: 'success',
        title: 'This ends access',
        summary: `It takes ${enumerate(finding.files.map(code))} out of the branch. Access that one of these gives ends when this is merged. Nothing is granted.`,
        annotations: [],
      }
    case 'group-fine':
      return {
        conclusion: 'success',
        title: 'No problems in this merge group',
        summary: `${enumerate(finding.files.map(code))} can be read, and the rules allow what is asked. What each would open is shown by the check of its own pull request.`,
        annotations: [],
      }
    case 'problems':
      return reportProblems(finding.problems)
    case 'rules-broken':
      return {
        conclusion: 'failure',
        title: 'The rules on the default branch are broken',
        summary: compose([
          'Requests can be checked again when these problems are mended there. This request may be fine.',
          ...problemsByFile(finding.problems),
        ]),
        annotations: [],
      }
    case 'valid':
      return reportValid(finding)
    case 'paused':
      return {
        conclusion: 'failure',
        title: 'New access is paused',
        summary:
          'The rules say `paused: true`, so nothing new is granted for now. Access that is open stays open until its end. Ask an owner of `.github/daypass.yml` when it goes on.',
        annotations: [],
      }
    case 'unknown':
      return {
        conclusion: 'failure',
        title: 'This could not be checked yet',
        summary: `${prose(finding.message)} (${code(finding.code)})\n\n${untilThen(finding.code)}`,
        annotations: [],
      }
  }
}

/** The check on the commit that broke the rules of the default branch. */
export function brokenRulesReport(problems: readonly Problem[]): CheckReport {
  return {
    title: problemsTitle(problems),
    summary: compose([
      'Nothing new is granted until these are mended. Access that is open stays open until its end, and ends as planned.',
      ...problemsByFile(problems),
    ]),
    annotations: annotate(problems),
  }
}

function reportProblems(problems: readonly Problem[]): RequestReport {
  return {
    conclusion: 'failure',
    title: problemsTitle(problems),
    summary: compose([
      problems.length === 1
        ? 'Nothing can be granted until this is mended. Push the change to this pull request, and it is checked again.'
        : 'Nothing can be granted until these are mended. Push the changes to this pull request, and it is checked again.',
      ...problemsByFile(problems),
    ]),
    annotations: annotate(problems),
  }
}

function problemsTitle(problems: readonly Problem[]): string {
  const files = [...new Set(problems.map(({ file }) => file))]
  const [only] = files
  const where = files.length === 1 && only !== undefined ? nameOf(only) : `${files.length} files`
  return `${countProblems(problems)} in ${where}`
}

function nameOf(file: string): string {
  if (file.startsWith('access-requests/')) return 'the request'
  return file.endsWith('CODEOWNERS') ? 'CODEOWNERS' : 'the rules'
}

function problemsByFile(problems: readonly Problem[]): string[] {
  const shown = problems.slice(0, MOST_PROBLEMS)
  const parts = [...new Set(shown.map(({ file }) => file))].map((file) =>
    [
      `**${code(file)}**`,
      bullets(shown.filter((problem) => problem.file === file).map(describe), MOST_PROBLEMS),
    ].join('\n\n'),
  )
  const more = problems.length - shown.length
  return more > 0 ? [...parts, `And ${count(more, 'problem')} more.`] : parts
}

function describe({ code: name, line, column, message, fix }: Problem): string {
  return `Line ${line}, column ${column}: ${prose(message)} ${prose(fix)} (${code(name)})`
}

function annotate(problems: readonly Problem[]): Annotation[] {
  return problems.slice(0, MOST_PROBLEMS).map(({ code: title, file: path, line, column, message, fix }) => ({
    path,
    line,
    column,
    title,
    message: plain(`${message} ${fix}`),
  }))
}

function noticesOf({ isPublic, isFull, isBeyondBoundary }: ValidRequest): readonly string[] {
  return [
    ...(isPublic ? [PUBLIC] : []),
    ...(isFull ? [FULL] : []),
    ...(isBeyondBoundary ? [BEYOND_BOUNDARY] : []),
  ]
}

/** What whoever decides has to know even if they read nothing else. */
export function warnings(valid: ValidRequest): readonly string[] {
  const { terms, request } = valid.asked
  const who = mayLetOthersIn(terms.principal) ? [whoGetsIn(terms.principal, request.requester)] : []
  return [...who, ...noticesOf(valid)]
}

function reportValid(valid: ValidRequest): RequestReport {
  const { asked, grant, standing } = valid
  const { request, location } = asked
  const hopeless = standing.mayApprove.length < standing.needed
  const title = hopeless
    ? hopelessTitle(standing)
    : valid.extends
      ? extensionTitle(valid)
      : `${request.requester} asks to ${request.access} ${location.bucket} for ${lengthOf(request.durationSeconds)}`
  return {
    conclusion: hopeless ? 'failure' : 'success',
    title: cut(plain(title), LONGEST_TITLE),
    summary: compose([
      ...noticesOf(valid),
      ...(valid.extends ? extensionOpening(valid, valid.extends) : [opening(asked)]),
      reasons(asked),
      `### What it opens\n\n${whatItOpens(asked)}`,
      `### Who gets in\n\n${whoGetsIn(asked.terms.principal, request.requester)}`,
      `### Who decides\n\n${whoDecides(standing, valid.extends ? 'extension' : 'request')}`,
      `### Exactly what AWS is told\n\n${valid.extends ? EXTENSION_TIMES : timesOf(asked)}`,
      folded('Trust policy: who is let in, and when', codeBlock(formatPolicy(grant.trustPolicy), 'json')),
      folded('Permission policy: what they can do', codeBlock(formatPolicy(grant.permissionPolicy), 'json')),
    ]),
    annotations: [],
  }
}

const EXTENSION_TIMES =
  'The same role as before, with the new end. It has to be merged before the old end, and a little sooner than that, so that Daypass can write it.'

function extensionTitle({ asked: { request, location }, grant }: ValidRequest): string {
  return `${request.requester} asks to ${request.access} ${location.bucket} for longer, until ${utc(grant.window.end)}`
}

function extensionOpening(
  { asked: { request, location, account }, grant: { window } }: ValidRequest,
  before: NonNullable<ValidRequest['extends']>,
): readonly string[] {
  const more = lengthOf(window.end - before.window.end)
  return [
    `**${inline(request.requester)}** asks to ${whatIsAsked(request, location, account)} for ${more} longer.`,
    bullets([
      `Approved already, by ${inline(`#${before.pull}`)}: from ${utc(before.window.start)} until **${utc(before.window.end)}**`,
      `With this: until **${utc(window.end)}**, ${lengthOf(window.end - window.start)} in all`,
    ]),
    'Sessions in use go on. Nothing else changes: the same person, the same places.',
  ]
}

function hopelessTitle({ needed, mayApprove }: Standing): string {
  if (mayApprove.length === 0) return 'Nobody can approve this request'
  return `This request needs ${needed} approvals, and only ${mayApprove.length} can be given`
}

function opening({ request, location, account }: Asked): string {
  const { start, durationSeconds } = request
  const when =
    start === undefined
      ? `for ${lengthOf(durationSeconds)}, from the merge`
      : `for ${lengthOf(durationSeconds)}, from ${utc(start)} until ${utc(start + durationSeconds)}`
  return `**${inline(request.requester)}** asks to ${whatIsAsked(request, location, account)} ${when}.`
}

function reasons({ request: { reason, ticket } }: Asked): string {
  return compose([
    `**Why:** ${inline(reason)}`,
    ticket === undefined ? undefined : `**Ticket:** ${inline(ticket)}`,
  ])
}

function whatItOpens({ request, location, terms }: Asked): string {
  const login = inline(request.requester)
  const places = placesOf(request, location)
  const folders = request.prefixes.length === 0 || request.prefixes.some((prefix) => prefix.endsWith('/'))
  const remark = folderRemark(request.prefixes)
  const verbs =
    request.access === 'read'
      ? `${login} can ${folders ? 'list and download' : 'download'}:`
      : `${login} can see the names, sizes and dates of what lies there, and download nothing:`
  const elsewhere =
    request.prefixes.length === 0 ? 'no other bucket' : 'nothing else in this bucket, no other bucket'
  return compose([
    verbs,
    bullets(places, places.length),
    remark && prose(remark),
    terms.kmsKey !== undefined && request.access === 'read'
      ? `To read it, S3 may decrypt it for ${login} with the key ${code(terms.kmsKey)}.`
      : undefined,
    `And no more: no writing, changing or deleting, ${elsewhere}, even where a policy of the bucket would allow it.`,
    'AWS itself opens and closes the window, to the second, also while Daypass is down. A download that is running at the end runs on; every new request is denied.',
  ])
}

function timesOf({ request }: Asked): string {
  return request.start === undefined
    ? 'The times in these are those of a merge right now. With the merge they are set to its time.'
    : 'Should it be merged after its start, the window begins at the merge and keeps its length.'
}
