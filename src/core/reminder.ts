/** The comment that mentions somebody shortly before their access ends, with the shortest way to make it longer. */
import { editFileLink, type Place } from './links.ts'
import { codeBlock, inline } from './markdown.ts'
import type { Lent } from './report-grant.ts'
import { compose, lengthOf, utc, whatIsAsked } from './report-words.ts'
import { formatDuration, type Window } from './window.ts'

/**
 * When somebody is reminded, in seconds since the epoch; undefined where the whole window is not longer than the time
 * before its end.
 */
export function reminderAt({ start, end }: Window, before: number): number | undefined {
  return end - start > before ? end - before : undefined
}

/** `longestWindow`: seconds that the rules allow in all, from the start of the window. */
export function reminder(lent: Lent, place: Place, longestWindow: number): string {
  const { author, request, window } = lent.judged
  const what = whatIsAsked(request, lent.location, lent.account)
  return compose([
    `${mention(author.login)}: **access ends at ${utc(window.end)}.** Until then you may ${what}.`,
    ...howToExtend(lent, place, longestWindow),
    '**Done by then?** There is nothing to do: AWS ends it by itself.',
  ])
}

function howToExtend({ judged: { window } }: Lent, place: Place, longestWindow: number): readonly string[] {
  const length = window.end - window.start
  if (length >= longestWindow)
    return [
      `**Not done by then?** It can't be extended: the rules allow ${lengthOf(longestWindow)} in all. Ask anew when it is over.`,
    ]
  const longer = formatDuration(Math.min(2 * length, longestWindow))
  return [
    `**Not done by then?** [Edit the request's file](${editFileLink(place)}) so that it says, counted from the start of the window,`,
    codeBlock(`duration: ${longer}`, 'yaml'),
    `(the rules allow ${lengthOf(longestWindow)} in all), and propose that as a pull request: an owner approves and merges it, as they did the request. In a clone where the command \`daypass\` is installed, this does the same:`,
    codeBlock(`npx --no daypass extend ${place.path} --duration ${longer}`, 'sh'),
  ]
}

/** The one place where the app mentions anybody. What can't be a login is only written down. */
function mention(login: string): string {
  return /^[a-z\d][a-z\d_-]{0,99}$/i.test(login) ? `@${login}` : inline(login)
}
