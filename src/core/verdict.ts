/** What the judgement says of a request: a stable code and a sentence, whichever way it goes. */
import type { Person } from './evidence.ts'

/** What stands against a request. */
export type Objection =
  /** Final once merged. */
  | { readonly outcome: 'rejected'; readonly code: string; readonly message: string; readonly fix: string }
  /** Asked again later. */
  | { readonly outcome: 'unknown'; readonly code: string; readonly message: string; readonly fix: string }

export type Verdict =
  | { readonly outcome: 'approved'; readonly approvals: readonly Approval[]; readonly mergedBy: Person }
  | Objection

/** Of a pull request that is still open: whether a merge now, by the right person, would be honoured. */
export type OpenVerdict =
  | { readonly outcome: 'would-hold'; readonly approvals: readonly Approval[] }
  | Objection

export interface Approval {
  readonly person: Person
  readonly commit: string
  /** Seconds since the epoch. */
  readonly at: number
}
