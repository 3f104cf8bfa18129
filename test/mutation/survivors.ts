/** The changes that no test notices: read from Stryker's report, and held against the reviewed list. */
import { readFileSync } from 'node:fs'

/** Told apart by what stands there, so that moving a line changes nothing. */
export interface Survivor {
  readonly file: string
  /** The line of the source on which it begins, without its indentation. */
  readonly line: string
  /** Where in that line, from 1. */
  readonly at: number
  readonly original: string
  readonly replacement: string
}

export interface ListedSurvivor extends Survivor {
  /** `equivalent`: the program does the same for every input. `wording`: only a text that people read differs. */
  readonly kind: 'equivalent' | 'wording'
  readonly why: string
}

interface Place {
  readonly line: number
  readonly column: number
}

interface Report {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string
        readonly mutants: readonly {
          readonly status: string
          readonly statusReason?: string
          readonly replacement?: string
          readonly location: { readonly start: Place; readonly end: Place }
        }[]
      }
    >
  >
}

type Mutant = Report['files'][string]['mutants'][number]

/** A test failed or hung, or a file of tests could not even be loaded; any other error says nothing of the tests. */
function isNoticed({ status, statusReason = '' }: Mutant): boolean {
  const isLoadError = status === 'RuntimeError' && statusReason.startsWith(OUTSIDE_TESTS)
  return status === 'Killed' || status === 'Timeout' || isLoadError
}

const OUTSIDE_TESTS = 'An error occurred outside of a test run'

export function readReport(path: string): Report {
  return JSON.parse(readFileSync(path, 'utf8')) as Report
}

export function readSurvivors(): readonly ListedSurvivor[] {
  return JSON.parse(readFileSync(new URL('./survivors.json', import.meta.url), 'utf8')) as ListedSurvivor[]
}

export function countOf({ files }: Report) {
  return Object.entries(files).map(([file, { mutants }]) => ({
    file,
    all: mutants.length,
    noticed: mutants.filter(isNoticed).length,
    survived: mutants.filter((mutant) => !isNoticed(mutant)).length,
  }))
}

/** The same without what was not noticed: an incremental run would believe it, also where a new test notices it now. */
export function noticedIn({ files, ...rest }: Report): Report {
  const kept = Object.entries(files).map(([name, file]) => [
    name,
    { ...file, mutants: file.mutants.filter(isNoticed) },
  ])
  return { ...rest, files: Object.fromEntries(kept) }
}

export function survivorsOf({ files }: Report): Survivor[] {
  return Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter((mutant) => !isNoticed(mutant))
      .map(({ replacement = '', location }) => {
        const lines = source.split('\n')
        const written = lines[location.start.line - 1] ?? ''
        const line = written.trim()
        const at = location.start.column - written.indexOf(line)
        return { file, line, at, original: textAt(lines, location), replacement }
      }),
  )
}

function textAt(
  lines: readonly string[],
  { start, end }: { readonly start: Place; readonly end: Place },
): string {
  const within = lines.slice(start.line - 1, end.line)
  const last = within.length - 1
  return within
    .map((line, index) =>
      line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined),
    )
    .join('\n')
}

export function judgeSurvivors(found: readonly Survivor[], listed: readonly ListedSurvivor[]) {
  const keyOf = ({ file, line, at, original, replacement }: Survivor) =>
    JSON.stringify([file, line, at, original, replacement])
  const foundKeys = new Set(found.map(keyOf))
  const listedKeys = new Set(listed.map(keyOf))
  return {
    unlisted: found.filter((survivor) => !listedKeys.has(keyOf(survivor))),
    stale: listed.filter((survivor) => !foundKeys.has(keyOf(survivor))),
  }
}
