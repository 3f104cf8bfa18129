/** What can be asked of `daypass audit`. */
import type { Filters } from './audit/filter.ts'
import type { GitHubOptions } from './github.ts'

export const FORMATS = ['table', 'csv', 'json', 'html'] as const

export interface AuditOptions extends Filters, GitHubOptions {
  readonly ref?: string
  /** Files with public keys. */
  readonly key: readonly string[]
  readonly format: (typeof FORMATS)[number]
  readonly output?: string
  /** Asks GitHub and IAM again. */
  readonly verify?: true
  readonly appId?: number
  /** Seconds since the epoch. */
  readonly at: number
}
