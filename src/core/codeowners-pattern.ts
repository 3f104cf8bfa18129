/** The patterns of CODEOWNERS lines: what gitignore makes of them, with GitHub's documented exceptions, in linear time. */

/**
 * Text between two `*`; a `?` stands in it as ANY. Neither level of matching ever backtracks: the leftmost place that
 * fits is as good as any later one, so each piece is looked for once, from where the one before it ended.
 */
type Piece = string

/** One segment of a path: plain text, or the pieces between its `*`. */
type Segment = string | readonly Piece[]

/** What has to follow the last segment: nothing, something below it, or either. */
type Tail = 'file' | 'below' | 'either'

export interface PathPattern {
  /** The runs of segments between `**`: the first begins at the root, each other one anywhere after the one before it. */
  readonly runs: readonly (readonly Segment[])[]
  readonly tail: Tail
  /** The plain segments that every path it matches begins with. */
  readonly prefix: string
  /** The longest plain text after them: a path without it can't match, and that is quickly seen. */
  readonly needle: string
}

/** No path holds it: git refuses NUL in names. */
const ANY = '\0'

/** Undefined where GitHub would not take the pattern. `raw` is the pattern as written, escapes included. */
export function compilePattern(raw: string): PathPattern | undefined {
  if (raw === '/' || raw.startsWith('!') || raw.startsWith('\\#') || raw.includes('***')) return undefined
  const directory = raw.endsWith('/')
  const texts = raw.slice(raw.startsWith('/') ? 1 : 0, directory ? -1 : undefined).split('/')
  const floating = !raw.startsWith('/') && texts.length === 1

  // A lone `*` at the end reaches one level only: the exception to gitignore that GitHub documents with `docs/*`.
  let tail: Tail = directory ? 'below' : texts.at(-1) === '*' && !floating ? 'file' : 'either'
  if (texts.at(-1) === '**' && (directory || floating)) texts.splice(-1, 1, '*')
  else if (texts.at(-1) === '**') {
    texts.pop()
    tail = 'below'
  }

  const runs: Segment[][] = floating ? [[], []] : [[]]
  for (const text of texts) {
    if (text === '**') runs.push([])
    else {
      const segment = compileSegment(text)
      if (segment === undefined) return undefined
      runs.at(-1)?.push(segment)
    }
  }
  return { runs, tail, ...plainTexts(runs) }
}

function compileSegment(text: string): Segment | undefined {
  const pieces = ['']
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '[' || char === ']' || char === ANY) return undefined
    if (char === '*') pieces.push('')
    else if (char === '?') pieces.push(pieces.pop() + ANY)
    else if (char !== '\\') pieces.push(pieces.pop() + (char ?? ''))
    else {
      i += 1
      if (i === text.length) return undefined
      pieces.push(pieces.pop() + (text[i] ?? ''))
    }
  }
  const [first] = pieces
  return pieces.length === 1 && first !== undefined && !first.includes(ANY) ? first : pieces
}

function plainTexts([first = [], ...others]: readonly (readonly Segment[])[]) {
  const wild = first.findIndex((segment) => typeof segment !== 'string')
  const plain = wild === -1 ? first : first.slice(0, wild)
  const rest = [...first.slice(plain.length), ...others.flat()].flat().flatMap((piece) => piece.split(ANY))
  const needle = rest.reduce((longest, text) => (text.length > longest.length ? text : longest), '')
  return { prefix: plain.join('/'), needle }
}

/** Takes the path whole and in segments, so that it is split once for all patterns. */
export function matchesPath(pattern: PathPattern, path: string, segments: readonly string[]): boolean {
  return path.includes(pattern.needle) && matchesSegments(pattern, segments)
}

function matchesSegments(pattern: PathPattern, path: readonly string[]): boolean {
  const last = pattern.runs.length - 1
  // What is left of the path for the last run's end: a directory must have something below it.
  const room = path.length - (pattern.tail === 'below' ? 1 : 0)
  let at = 0
  for (let i = 0; i <= last; i++) {
    const run = pattern.runs[i] ?? []
    const atEnd = i === last && pattern.tail === 'file'
    const from = atEnd && i > 0 ? Math.max(at, path.length - run.length) : at
    const to = room - run.length
    const found = findRun(run, path, from, i === 0 ? Math.min(0, to) : to)
    if (found === undefined) return false
    at = found + run.length
  }
  return pattern.tail !== 'file' || at === path.length
}

function findRun(run: readonly Segment[], path: readonly string[], from: number, to: number) {
  for (let at = from; at <= to; at++) {
    if (isRunAt(run, path, at)) return at
  }
  return undefined
}

function isRunAt(run: readonly Segment[], path: readonly string[], at: number): boolean {
  for (let i = 0; i < run.length; i++) {
    if (!matchesSegment(run[i] ?? '', path[at + i] ?? '')) return false
  }
  return true
}

function matchesSegment(segment: Segment, text: string): boolean {
  if (typeof segment === 'string') return segment === text
  const first = segment[0] ?? ''
  const last = segment.at(-1) ?? ''
  if (segment.length === 1) return text.length === first.length && pieceIsAt(first, text, 0)
  const end = text.length - last.length
  if (end < first.length || !pieceIsAt(first, text, 0) || !pieceIsAt(last, text, end)) return false
  let at = first.length
  for (let i = 1; i < segment.length - 1; i++) {
    const piece = segment[i] ?? ''
    while (at + piece.length <= end && !pieceIsAt(piece, text, at)) at += 1
    at += piece.length
    if (at > end) return false
  }
  return true
}

function pieceIsAt(piece: Piece, text: string, at: number): boolean {
  for (let i = 0; i < piece.length; i++) {
    const wanted = piece[i]
    if (wanted !== ANY && wanted !== text[at + i]) return false
  }
  return true
}
