/** GitHub's CODEOWNERS files: read, every invalid line named, and asked who owns a path. */
import { compilePattern, matchesPath, type PathPattern } from './codeowners-pattern.ts'
import { MOST_PROBLEMS } from './problem.ts'

/** Looked for in this order; the first that exists is the one in force. */
export const CODEOWNERS_PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const

/** GitHub ignores a file that is not smaller than this, whole. */
export const CODEOWNERS_BYTES = 3 * 1024 * 1024

/** Beyond any that people write; without an end a file made to be large would fill the memory. */
export const CODEOWNERS_LINES = 100_000

export interface CodeownersRule {
  /** From 1. */
  readonly line: number
  /** As written, escapes included. */
  readonly pattern: string
  /** As written: `@user`, `@org/team` or an e-mail address. Empty: whatever matches is nobody's. */
  readonly owners: readonly string[]
  readonly matcher: PathPattern
}

/** A line that GitHub skips; `kind` and `message` as `GET /repos/{owner}/{repo}/codeowners/errors` words them. */
export interface CodeownersError {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  readonly kind: 'Invalid pattern' | 'Invalid owner' | 'File too large'
  readonly message: string
  /** The word that GitHub does not take; none where the whole file is ignored. */
  readonly word?: string
}

export interface Codeowners {
  readonly rules: readonly CodeownersRule[]
  /** The first of them, as many as people are told of: each holds its whole line. */
  readonly errors: readonly CodeownersError[]
  readonly errorsInAll: number
  /** The same rules by the plain segments that their patterns begin with; a path need not be held against all others. */
  readonly byPrefix: ReadonlyMap<string, readonly CodeownersRule[]>
}

export interface OwningLine {
  readonly line: number
  readonly pattern: string
  readonly owners: readonly string[]
}

export function parseCodeowners(source: string): Codeowners {
  if (new TextEncoder().encode(source).length >= CODEOWNERS_BYTES)
    return tooLarge('GitHub ignores a CODEOWNERS file of 3 MB or more')
  const rules: CodeownersRule[] = []
  const errors: CodeownersError[] = []
  let errorsInAll = 0
  const lines = source.replace(/^\uFEFF/, '').split(/\r?\n/)
  for (const [index, text] of lines.entries()) {
    const read = readLine(index + 1, text)
    if (read === undefined) continue
    if (!('kind' in read)) rules.push(read)
    else if (++errorsInAll <= MOST_PROBLEMS) errors.push(read)
    if (rules.length + errorsInAll > CODEOWNERS_LINES)
      return tooLarge(`No more than ${CODEOWNERS_LINES} lines of a CODEOWNERS file are read`)
  }
  return { rules, errors, errorsInAll, byPrefix: groupByPrefix(rules) }
}

/** Ignored whole: half a file would have other owners. */
function tooLarge(why: string): Codeowners {
  const message = `File too large: ${why}, so that nobody owns anything`
  const error = { line: 1, column: 1, kind: 'File too large', message } as const
  return { rules: [], errors: [error], errorsInAll: 1, byPrefix: new Map() }
}

function groupByPrefix(rules: readonly CodeownersRule[]): Map<string, CodeownersRule[]> {
  const groups = new Map<string, CodeownersRule[]>()
  for (const rule of rules) {
    const group = groups.get(rule.matcher.prefix)
    if (group === undefined) groups.set(rule.matcher.prefix, [rule])
    else group.push(rule)
  }
  return groups
}

/** The last line that matches, also one without owners; undefined where none does. */
export function ownersOf({ byPrefix }: Codeowners, path: string): OwningLine | undefined {
  const segments = path.split('/')
  const prefixes = ['', ...segments.map((_, i) => segments.slice(0, i + 1).join('/'))]
  const found = prefixes.flatMap(
    (prefix) => byPrefix.get(prefix)?.findLast(({ matcher }) => matchesPath(matcher, path, segments)) ?? [],
  )
  const [last] = found.toSorted((a, b) => b.line - a.line)
  return last && { line: last.line, pattern: last.pattern, owners: last.owners }
}

/** What an owner's text names. Of `@a@b` GitHub says nothing and finds nobody, as for an address that it does not know. */
export function ownerKind(text: string): 'user' | 'team' | 'email' | undefined {
  if (/^@[a-z0-9_-]+$/i.test(text)) return 'user'
  if (/^@[a-z0-9_-]+\/[\w.-]+$/i.test(text)) return 'team'
  return /^[^/]+@[^@/]+$/.test(text) ? 'email' : undefined
}

interface Token {
  readonly text: string
  /** From 1. */
  readonly column: number
}

/** Undefined for an empty line or a comment. */
function readLine(line: number, source: string): CodeownersRule | CodeownersError | undefined {
  const [pattern, ...owners] = tokens(source)
  if (pattern === undefined) return undefined
  const matcher = compilePattern(pattern.text)
  if (matcher === undefined) return lineError(line, source, 'Invalid pattern', pattern)
  const invalid = owners.find(({ text }) => ownerKind(text) === undefined)
  if (invalid !== undefined) return lineError(line, source, 'Invalid owner', invalid)
  return { line, pattern: pattern.text, owners: owners.map(({ text }) => text), matcher }
}

/** Words between blanks, up to a `#` that begins one. A backslash keeps the character after it in the word, whatever it is. */
function tokens(source: string): Token[] {
  const found: Token[] = []
  for (const { 0: text, index } of source.matchAll(/(?:\\.|[^ \t\\]|\\$)+/gs)) {
    if (text.startsWith('#')) break
    found.push({ text, column: index + 1 })
  }
  return found
}

function lineError(
  line: number,
  source: string,
  kind: CodeownersError['kind'],
  { column, text }: Token,
): CodeownersError {
  const message = `${kind} on line ${line}:\n\n  ${source}\n  ${'^'.padStart(column)}`
  return { line, column, kind, message, word: text }
}
