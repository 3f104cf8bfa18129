/** What can be asked of `daypass audit`. */
import type { Filters } from './audit/filter.ts'

export const FORMATS = ['table', 'csv', 'json', 'html'] as const

export interface AuditOptions extends Filters {
  readonly directory: string
  readonly ref?: string
  /** Files with public keys. */
  readonly key: readonly string[]
  readonly format: (typeof FORMATS)[number]
  readonly output?: string
  /** Seconds since the epoch. */
  readonly at: number
}
