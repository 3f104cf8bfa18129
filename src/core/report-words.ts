/** Phrases that several texts share: times, names, what is read and who is let in, as Markdown that is safe to show. */
import type { Account, Principal } from './account.ts'
import type { Person } from './evidence.ts'
import type { End, EndReason } from './grant.ts'
import { code, inline, prose } from './markdown.ts'
import type { Problem } from './problem.ts'
import type { AccessRequest, RequestLocation } from './request.ts'
import { formatDuration, formatInstant } from './window.ts'

/** Bytes; GitHub takes no more in one text of a check. */
const LONGEST_TEXT = 65_535
const SHORTENED = '*The rest does not fit in here.*'
/** Beyond this a list says how many more there are. */
const LONGEST_LIST = 20

export const ENDED_BECAUSE: Readonly<Record<EndReason, string>> = {
  expired: 'its window is over',
  'file-removed': 'its file was taken off the branch',
  'file-changed': 'its file was changed after it had been approved',
  'role-removed': 'its role was removed in AWS',
  'role-altered': 'its role was altered in AWS',
  'given-back': 'it was given back early',
  'rules-changed': 'the rules do not allow it any more',
  'ended-by-operator': 'whoever runs Daypass ended it',
  'requester-gone': 'whom it was for has no access to the repository any more',
}

/** Why access ended, after "because"; `author`: whom it was for, who alone gives it back. */
export function whyEnded({ because, by }: End, author: Person): string {
  if (by === undefined) return ENDED_BECAUSE[because]
  const isOther = because === 'given-back' && by.id !== author.id
  return `${isOther ? 'it was ended early' : ENDED_BECAUSE[because]} by ${inline(by.login)}`
}

/** These go on only when somebody did what their message says. */
const WAITS_FOR_SOMEBODY: ReadonlySet<string> = new Set([
  'paused',
  'record-unreadable',
  'rules-broken',
  'trust-root-broken',
])

/** Whether what is not decided yet goes on only when somebody does something about it. */
export function waitsForSomebody(code: string): boolean {
  return WAITS_FOR_SOMEBODY.has(code)
}

/** After the message of what is not known yet. */
export function untilThen(code: string): string {
  return waitsForSomebody(code)
    ? 'You need not do anything to this pull request: it goes on when somebody has done what is said above, and Daypass sees that by itself.'
    : 'There is nothing to do: Daypass asks again by itself.'
}

/** What to do after a refusal that is final for its pull request. */
export function whatToDo(fix: string): string {
  return `**${fix.startsWith('Open') ? 'What to do' : 'For a new pull request'}:** ${prose(fix)}`
}

/** `2026-11-24 09:00 UTC`; seconds only where there are any. */
export function utc(seconds: number): string {
  return formatInstant(seconds)
    .replace('T', ' ')
    .replace(/(?::00)?Z$/, ' UTC')
}

/** `4 h`, `1 d 12 h`, `90 min` */
export function lengthOf(seconds: number): string {
  return formatDuration(seconds)
    .replace(/(\d+)([dhms])/g, '$1 $2 ')
    .replace('m ', 'min ')
    .trim()
}

/** `a, b and c`; long lists say how many more there are. */
export function enumerate(
  items: readonly string[],
  last: 'and' | 'or' = 'and',
  longest = LONGEST_LIST,
): string {
  const shown =
    items.length > longest ? [...items.slice(0, longest), `${items.length - longest} more`] : [...items]
  const final = shown.pop() ?? 'Nobody'
  return shown.length > 0 ? `${shown.join(', ')} ${last} ${final}` : final
}

/** `1 problem`, `2 problems` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** Of a file that has very many, the last stands for those that are not told. */
export function countProblems(problems: readonly Problem[]): string {
  const told = problems.filter(({ code }) => code !== 'more-problems')
  return `${count(told.length, 'problem')}${told.length < problems.length ? ' and more' : ''}`
}

export function bullets(items: readonly string[], longest = LONGEST_LIST): string {
  const shown = items.slice(0, longest).map((item) => `- ${item}`)
  if (items.length > longest) shown.push(`- and ${items.length - longest} more`)
  return shown.join('\n')
}

/** What is asked for, short: ``read `exports/2026/11/` in **customer-exports** (prod, 111122223333)``. */
export function whatIsAsked(request: AccessRequest, location: RequestLocation, account: Account): string {
  const verb = request.access === 'read' ? 'read' : 'list the names in'
  const bucket = `**${inline(location.bucket)}** (${inline(account.alias)}, ${inline(account.id)})`
  if (request.prefixes.length === 0) return `${verb} the whole bucket ${bucket}`
  return `${verb} ${enumerate(request.prefixes.map(code), 'and', 3)} in ${bucket}`
}

/** Every place that is lent, one by one. */
export function placesOf({ prefixes }: AccessRequest, { bucket }: RequestLocation): readonly string[] {
  if (prefixes.length === 0) return [`the whole bucket ${code(bucket)}`]
  return prefixes.map((prefix) =>
    prefix.endsWith('/') ? `everything below ${code(prefix)}` : `the one object ${code(prefix)}`,
  )
}

/** Who can use the grant in AWS; loud where that is more than the requester. */
export function whoGetsIn(principal: Principal, requester: string): string {
  const login = inline(requester)
  switch (principal.kind) {
    case 'iam-user':
      return `The IAM user ${code(principal.arn)}, which the rules name for ${login}. Nobody else.`
    case 'iam-role':
      if (principal.person === undefined)
        return `⚠️ **Everyone who can assume the IAM role ${code(principal.arn)}** is let in, not only ${login}: the rules name no condition that tells one person from another.`
      return `Users of the IAM role ${code(principal.arn)} whose ${code(principal.person.key)} is ${code(principal.person.value)}, which the rules name for ${login}. ${whoElse(principal.person.key)}`
    case 'identity-center':
      return `The Identity Center user ${code(principal.userName)}, signed in to account ${inline(principal.accountId)} with the permission set ${code(principal.permissionSet)}, which the rules name for ${login}. Nobody else.`
  }
}

/** Whether somebody else may get in by the rules' own word, which whoever decides has to know. */
export function mayLetOthersIn(principal: Principal): boolean {
  return principal.kind === 'iam-role' && (principal.person === undefined || isChosen(principal.person.key))
}

/** A session's name is whatever its caller says, unless the role does not let them. */
function isChosen(key: string): boolean {
  return key.toLowerCase() === 'aws:userid'
}

function whoElse(key: string): string {
  if (!isChosen(key)) return 'Nobody else.'
  return "⚠️ **Whoever can assume that role may choose the session's name**, unless the role's own trust policy sets it."
}

export function shortSha(sha: string): string {
  return code(sha.slice(0, 7))
}

/** A part that is folded away until somebody asks for it; `title` is plain text of our own. */
export function folded(title: string, content: string): string {
  return `<details><summary>${title}</summary>\n\n${content}\n\n</details>`
}

/** Whole parts, as many as fit, so that nothing is cut open in the middle. */
export function compose(parts: readonly (string | undefined)[]): string {
  const present = parts.filter((part) => part !== undefined && part !== '')
  const whole = present.join('\n\n')
  if (Buffer.byteLength(whole) <= LONGEST_TEXT) return whole
  const kept: string[] = []
  let room = LONGEST_TEXT - SHORTENED.length
  for (const part of present) {
    room -= Buffer.byteLength(part ?? '') + 2
    if (room < 0) break
    kept.push(part ?? '')
  }
  return [...kept, SHORTENED].join('\n\n')
}
