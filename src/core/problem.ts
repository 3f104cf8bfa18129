/** A mistake in a file that a person wrote: where it is, what was expected, and how to mend it. */
export interface Problem {
  /** Stable, kebab-case; people and tests may rely on it. */
  readonly code: string
  readonly file: string
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** What is wrong, in one sentence. */
  readonly message: string
  /** What to write instead, in one sentence. */
  readonly fix: string
}

/** The outcome of reading a file: its value, or every problem it has. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly [Problem, ...Problem[]] }
