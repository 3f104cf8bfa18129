/** The names by which the app finds again what it wrote on GitHub. */
import { createHash } from 'node:crypto'
import type { RequestIdentity } from '../core/grant.ts'

export const REQUEST_CHECK = 'Daypass / request'
export const GRANT_CHECK = 'Daypass / grant'
export const RULES_CHECK = 'Daypass / rules'

/** Stands in the app's one comment on a pull request; GitHub doesn't show it. */
export const COMMENT_MARKER = '<!-- daypass -->'

/** Two replicas compute the same, so that a record is found again by whoever looks. */
export function identityHash({ repositoryId, path, pull }: RequestIdentity): string {
  return createHash('sha256').update(`${repositoryId}\n${pull}\n${path}`).digest('hex').slice(0, 32)
}
