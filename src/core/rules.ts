/** The rules of one repository, `.github/daypass.yml`: which buckets may be lent, for how long, and to whom in AWS. */
import type { Principal } from './account.ts'

/** What the rules make of one valid request. */
export interface Terms {
  readonly principal: Principal
  /** Seconds. */
  readonly longestWindow: number
  readonly approvalsNeeded: number
  readonly mergeBy: 'owners' | 'anyone'
  /** ARN of the key that encrypts the bucket. */
  readonly kmsKey?: string
}
