/** GitHub's CODEOWNERS files: read, every invalid line named, and asked who owns a path. */
import { compilePattern, matchesPath, type PathPattern } from './codeowners-pattern.ts'

/** Looked for in this order; the first that exists is the one in force. */
export const CODEOWNERS_PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const

/** GitHub ignores a file that is not smaller than this, whole. */
export const CODEOWNERS_BYTES = 3 * 1024 * 1024

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
}

export interface Codeowners {
  readonly rules: readonly CodeownersRule[]
  readonly errors: readonly CodeownersError[]
}

export interface OwningLine {
  readonly line: number
  readonly pattern: string
  readonly owners: readonly string[]
}

export function parseCodeowners(source: string): Codeowners {
  if (new TextEncoder().encode(source).length >= CODEOWNERS_BYTES) {
    const message =
      'File too large: GitHub ignores a CODEOWNERS file of 3 MB or more, so that nobody owns anything'
    return { rules: [], errors: [{ line: 1, column: 1, kind: 'File too large', message }] }
  }
  const rules: CodeownersRule[] = []
  const errors: CodeownersError[] = []
  for (const [index, text] of source
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const read = readLine(index + 1, text)
    if (read === undefined) continue
    if ('kind' in read) errors.push(read)
    else rules.push(read)
  }
  return { rules, errors }
}

/** The last line that matches, also one without owners; undefined where none does. */
export function ownersOf(codeowners: Codeowners, path: string): OwningLine | undefined {
  const segments = path.split('/')
  const rule = codeowners.rules.findLast(({ matcher }) => matchesPath(matcher, segments))
  return rule && { line: rule.line, pattern: rule.pattern, owners: rule.owners }
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

/** Words between blanks, up to a `#` that begins one. A backslash keeps the character after it in the word. */
function tokens(source: string): Token[] {
  const found: Token[] = []
  for (const { 0: text, index } of source.matchAll(/(?:\\.|[^ \t\\]|\\$)+/g)) {
    if (text.startsWith('#')) break
    found.push({ text, column: index + 1 })
  }
  return found
}

function lineError(
  line: number,
  source: string,
  kind: CodeownersError['kind'],
  { column }: Token,
): CodeownersError {
  const message = `${kind} on line ${line}:\n\n  ${source}\n  ${'^'.padStart(column)}`
  return { line, column, kind, message }
}
