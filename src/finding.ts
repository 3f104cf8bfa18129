/** What is to become of one file on the branch that has no live grant, or changes one. */
import type { Grant } from './core/grant.ts'
import type { RequestRecord } from './core/record.ts'
import type { Subject } from './publish.ts'

export interface Reason {
  readonly code: string
  readonly message: string
}

/** `extends`: the request that the pull request of the subject was to extend. */
export type Finding =
  | {
      readonly kind: 'approved'
      readonly subject: Subject
      readonly judged: RequestRecord
      readonly grant: Grant
    }
  /** Final. */
  | {
      readonly kind: 'rejected'
      readonly subject: Subject
      readonly reason: Reason & { readonly fix: string }
      readonly extends?: Subject
    }
  | {
      readonly kind: 'unknown'
      readonly subject: Subject
      readonly reason: Reason
      readonly extends?: Subject
      /** Whatever comes of it, nobody who could approved the change of a request that was approved. */
      readonly unapproved?: boolean
    }
  /** It was granted once, and that is over; final too. */
  | { readonly kind: 'ended'; readonly subject: Subject; readonly judged: RequestRecord }
