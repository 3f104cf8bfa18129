/** How the approval of a request stands, in words: who may approve and merge, what counts, and what a merge now would bring. */
import type { Standing } from './approval.ts'
import { code, inline, prose } from './markdown.ts'
import { bullets, compose, count, enumerate, shortSha } from './report-words.ts'
import type { OpenVerdict } from './verdict.ts'

/** `verdict`: of a merge right now. */
export function whoDecides(standing: Standing, verdict: OpenVerdict): string {
  const { counted, uncounted, changeRequests, silentOwners } = standing
  return compose([
    approvers(standing),
    mergers(standing),
    bullets([
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
      ...silentOwners.map(({ text, why }) => `${code(text)} in CODEOWNERS does not count: ${prose(why)}.`),
    ]),
    verdict.outcome === 'would-hold'
      ? 'If it were merged now by one who may, access would be given.'
      : `If it were merged now, access would not be given: ${prose(verdict.message)} ${prose(verdict.fix)} (${code(verdict.code)})`,
  ])
}

function approvers({ mayApprove, missing }: Standing): string {
  if (mayApprove.length === 0)
    return '⚠️ **Nobody can approve this request:** CODEOWNERS names no person with write access for its path who had no hand in it.'
  const owners = enumerate(mayApprove.map(bold), 'or')
  if (missing === 0) return `Every approval that is needed is there. ${owners} may approve.`
  return `${count(missing, 'approval')} ${missing === 1 ? 'is' : 'are'} still needed, from ${owners}.`
}

function mergers({ mayMerge }: Standing): string {
  const who = mayMerge === 'anyone' ? 'Anyone with write access' : enumerate(mayMerge.map(bold), 'or')
  return `${who} may merge it. The window opens with the merge, not with the approval.`
}

function bold(login: string): string {
  return `**${inline(login)}**`
}
