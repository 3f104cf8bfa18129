/** A mistake in what a person wrote: where it is, what was expected, and how to mend it. */

/** Both from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Problem extends Position {
  /** Stable, kebab-case; people and tests may rely on it. */
  readonly code: string
  readonly file: string
  /** What is wrong, in one sentence. */
  readonly message: string
  /** What to write instead, in one sentence. */
  readonly fix: string
}

/** The outcome of reading a file: its value, or what is wrong with it. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly [Problem, ...Problem[]] }

/** Every code that reading requests, rules, CODEOWNERS and the operator file can give; each has an example under `test/fixtures/problems`. */
export const READING_CODES = [
  // Any file.
  'not-text',
  'more-problems',
  // Any YAML file.
  'too-large',
  'not-yaml',
  'empty-file',
  'several-documents',
  'too-deep',
  'duplicate-key',
  'key-not-text',
  'reference',
  'tag',
  'merge-key',
  'hidden-character',
  'unknown-field',
  'missing-field',
  'wrong-type',
  'not-one-of',
  'out-of-range',
  // A request's path.
  'path-too-long',
  'path-characters',
  'path-shape',
  'path-extension',
  'account-alias',
  'bucket-name',
  'request-name',
  // A request.
  'login',
  'reason-length',
  'reason-paragraph',
  'ticket',
  'prefix-characters',
  'prefix-wildcard',
  'prefix-variable',
  'prefix-shape',
  'prefix-too-long',
  'prefix-overlap',
  'list-object',
  'duration',
  'duration-range',
  'instant',
  'start-too-far',
  'window-over',
  // An extension of a request.
  'extension-changes-more',
  'extension-not-longer',
  // The rules.
  'no-rules',
  'bucket-pattern',
  'unreachable-entry',
  'kms-key',
  'iam-name',
  'session-name',
  'tag-key',
  'tag-value',
  'permission-set',
  'person-kind',
  'person-condition',
  'person-duplicate',
  'placeholder',
  // A request under the rules.
  'paused',
  'account-unknown',
  'bucket-not-lendable',
  'window-too-long',
  'prefixes-needed',
  'ticket-needed',
  'person-unknown',
  'person-account-unknown',
  'kms-key-elsewhere',
  'grant-too-large',
  // CODEOWNERS.
  'codeowners-pattern',
  'codeowners-owner',
  'codeowners-too-large',
  // The operator file.
  'account-id',
  'account-duplicate',
  'account-partition',
  'region',
  'partition',
  'arn',
  'trusted-commit',
  'repository-name',
  'repository-duplicate',
] as const

export type ReadingCode = (typeof READING_CODES)[number]

/** One mistake, before it is known where it stands. */
export interface Mistake {
  readonly code: ReadingCode
  readonly message: string
  readonly fix: string
}

/** Every problem, in the order of the file. */
export function refused(...problems: readonly [Problem, ...Problem[]]): Parsed<never> {
  const [first, ...others] = problems.toSorted(byPlace)
  return { ok: false, problems: [first ?? problems[0], ...others] }
}

function byPlace(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column
}

/** The value where nothing is wrong. */
export function outcome<T>(problems: readonly Problem[], value: () => T): Parsed<T> {
  const [first, ...others] = problems
  return first ? refused(first, ...others) : { ok: true, value: value() }
}

/** As many as GitHub takes annotations in one call: more would only hide each other, and a file can hold any number. */
export const MOST_PROBLEMS = 50

/** The problems of one file. Of too many the first are made, and a last one that says how many `all` the others are. */
export function bounded<T>(
  found: readonly T[],
  problemOf: (one: T) => Problem,
  all = found.length,
): readonly Problem[] {
  if (all <= MOST_PROBLEMS) return found.map(problemOf)
  const told = found
    .slice(0, MOST_PROBLEMS - 1)
    .map(problemOf)
    .toSorted(byPlace)
  const last = told.at(-1)
  return last ? [...told, { ...last, ...moreProblems(all - told.length) }] : []
}

function moreProblems(left: number): Mistake {
  return {
    code: 'more-problems',
    message: `The file has ${left} more problems.`,
    fix: 'Mend the others first; it is read again then.',
  }
}

/** A mistake of a file as a whole. */
export function inWhole(file: string, mistake: Pick<Problem, 'code' | 'message' | 'fix'>): Problem {
  return { file, line: 1, column: 1, ...mistake }
}

/** What is wrong with a file of which nothing could be read. */
export function notText(file: string): Problem {
  return inWhole(file, {
    code: 'not-text',
    message: 'The file is no plain text file: it is a link, not UTF-8, or far too large.',
    fix: 'Write it anew as a plain file, saved as UTF-8.',
  })
}

export function problemsOf(parsed: Parsed<unknown>): readonly Problem[] {
  return parsed.ok ? [] : parsed.problems
}

export function isOne(problems: readonly Problem[]): problems is readonly [Problem, ...Problem[]] {
  return problems.length > 0
}
