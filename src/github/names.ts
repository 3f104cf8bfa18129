/** The names by which the app finds again what it wrote on GitHub. */

export const REQUEST_CHECK = 'Daypass / request'
export const APPROVAL_CHECK = 'Daypass / approval'
export const GRANT_CHECK = 'Daypass / grant'
export const RULES_CHECK = 'Daypass / rules'

/** Stands in the app's one comment on a pull request; GitHub doesn't show it. */
export const COMMENT_MARKER = '<!-- daypass -->'

/** Stands in the comment that reminds of an end, in seconds since the epoch. */
export const reminderMarker = (end: number) => `<!-- daypass reminder ${end} -->`

export const REMINDER_MARKER = /<!-- daypass reminder \d+ -->/

/** Follows it in what is said before the merge. */
export const OPEN_MARKER = '<!-- before the merge -->'
/** In a comment on a merge of which nothing is decided yet: whatever is decided replaces it. */
export const UNDECIDED_MARKER = '<!-- not decided yet -->'
/** In a comment that was written anew, so that people are notified of it: what it has been news of. */
export const newsMarker = (news: string) => `<!-- news: ${news} -->`
