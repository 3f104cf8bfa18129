/** What the judgement says of a request: a stable code and a sentence, whichever way it goes. */
import type { Person } from './evidence.ts'

export type Verdict =
  | { readonly outcome: 'approved'; readonly approvals: readonly Approval[]; readonly mergedBy: Person }
  /** Final. */
  | { readonly outcome: 'rejected'; readonly code: string; readonly message: string; readonly fix: string }
  /** Asked again later. */
  | { readonly outcome: 'unknown'; readonly code: string; readonly message: string }

export interface Approval {
  readonly person: Person
  readonly commit: string
  /** Seconds since the epoch. */
  readonly at: number
}
