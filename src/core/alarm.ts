/** What is said of roles that could not be removed long after their window: one issue for all of them. */
import type { StandingGrant } from './grant.ts'
import { code } from './markdown.ts'
import { bullets } from './report-words.ts'
import { formatInstant } from './window.ts'

export const ALARM_TITLE = 'Access that is over could not be removed from AWS'

/** GitHub takes no issue with more than 65,536 characters, and each line may have some 700. */
const MOST_TOLD = 50

/** Markdown. The same roles make the same text, however long it lasts. */
export function alarmText(overdue: readonly StandingGrant[]): string {
  const lines = overdue
    .toSorted((a, b) => a.identity.pull - b.identity.pull || (a.roleArn < b.roleArn ? -1 : 1))
    .map(({ identity, roleArn, window, state }) => {
      const denied = state.kind === 'ended' ? 'it denies everything' : 'its dates alone close it'
      const since = formatInstant(window.end)
      return `#${identity.pull}: ${code(identity.path)}, over since ${since}; the role is ${code(roleArn)}, and ${denied}.`
    })
  return [
    'The window of these requests is over, and AWS itself lets nobody in any more. Their roles could not be removed, though, and should not stay behind.',
    bullets(lines, MOST_TOLD),
    'Daypass goes on trying, and closes this issue when they are gone. What keeps it from removing them is in its log, in the lines before `"alarm":"grant-not-removed"`: most often the stack of the account was changed or is an older one, or a policy of the organization forbids it.',
  ].join('\n\n')
}
