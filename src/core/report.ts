/** What a check run says: the shape that every report of the app has. */

export interface CheckReport {
  /** One plain line. */
  readonly title: string
  /** Markdown, 65,535 bytes at most. */
  readonly summary: string
  /** Markdown, 65,535 bytes at most. */
  readonly text?: string
  readonly annotations: readonly Annotation[]
}

/** A remark on one place of one file; title and message are plain text to GitHub. */
export interface Annotation {
  readonly path: string
  /** Both from 1. */
  readonly line: number
  readonly column: number
  readonly title: string
  readonly message: string
}
