/** How the approval of a request stands, in words: who may approve and merge, what counts, and what does not. */
import type { Standing } from './approval.ts'
import { code, inline, prose } from './markdown.ts'
import { bullets, compose, enumerate, lengthOf, shortSha, utc } from './report-words.ts'

/** A request opens access, an extension keeps it open; a change of rules or CODEOWNERS has to keep the trust root. */
export type JudgedKind = 'request' | 'extension' | 'change'

/** Who may; all that can be said before anybody has. */
export function whoDecides(standing: Standing, of: JudgedKind): string {
  return compose([
    approvers(standing, of),
    mergers(standing, of),
    standIns(standing),
    bullets(silentOwners(standing)),
    'The check **Daypass / approval** says what is still missing.',
  ])
}

export function approvers({ mayApprove, needed }: Standing, of: JudgedKind): string {
  if (mayApprove.length === 0)
    return `⚠️ **Nobody can approve this ${of}:** CODEOWNERS names no person with write access for its path who had no hand in it.`
  const owners = enumerate(mayApprove.map(bold), 'or')
  return needed === 1 ? `${owners} may approve it.` : `${needed} of ${owners} have to approve it.`
}

export function mergers({ mayMerge }: Standing, of: JudgedKind): string {
  const window = of === 'request' ? ' The window opens with the merge, not with the approval.' : ''
  if (mayMerge === 'anyone') {
    const ended =
      of === 'extension' ? ' Merged without the approval, it also ends the access that stands.' : ''
    return `Anyone with write access may merge it.${ended}${window}`
  }
  const refused = mayMerge.length > 0 ? REFUSED[of] : ''
  return `${enumerate(mayMerge.map(bold), 'or')} may merge it.${refused}${window}`
}

/** What comes of a merge by somebody else. */
const REFUSED: Readonly<Record<JudgedKind, string>> = {
  request: ' Merged by anybody else it is refused for good.',
  extension: ' Merged by anybody else, or without the approval, it also ends the access that stands.',
  change: '',
}

/** Who is asked where the owners do not answer, and whether that is of any use. */
export function standIns({ fallback }: Standing): string {
  if (fallback === undefined || fallback.owners.length === 0) return ''
  const { from, after, counts, owners } = fallback
  const who = enumerate(
    owners.map(({ text }) => bold(text)),
    'and',
  )
  const when =
    from === undefined
      ? `${lengthOf(after)} after the owners were asked and it was last pushed`
      : `From ${utc(from)} on`
  return counts
    ? `${when}, ${who} may approve and merge it as well: they stand in for owners who do not answer.`
    : `${when}, ${who} ${owners.length === 1 ? 'is' : 'are'} asked to look at it as well, if nobody has answered.`
}

/** Every approval, those that do not count with the reason. */
export function tally(standing: Standing): string {
  const { counted, uncounted, changeRequests } = standing
  return bullets([
    ...counted.map(
      ({ person, commit }) => `Approved by **${inline(person.login)}**, at commit ${shortSha(commit)}.`,
    ),
    ...changeRequests.map(
      ({ login }) => `**${inline(login)}** asks for changes, which stands against every approval.`,
    ),
    ...uncounted.map(
      ({ person, why }) =>
        `The approval of ${inline(person?.login ?? 'somebody')} does not count: ${prose(why)}.`,
    ),
    ...silentOwners(standing),
  ])
}

function silentOwners({ silentOwners }: Standing): string[] {
  return silentOwners.map(({ text, why }) => `${code(text)} in CODEOWNERS does not count: ${prose(why)}.`)
}

function bold(login: string): string {
  return `**${inline(login)}**`
}
