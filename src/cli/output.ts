/** The one way in which every command prints: text for people, or one JSON document; colour and progress on a terminal only. */
import { plain } from '../core/markdown.ts'
import { EXIT, type ExitCode, Failure, reasonOf } from './failure.ts'

const STYLES = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' } as const
export type Style = keyof typeof STYLES

export interface Output {
  readonly isJson: boolean
  /** One line of the answer, for people. */
  line(text?: string): void
  /** The answer as a whole, for programs. */
  json(value: unknown): void
  /** A remark that is no part of the answer; in it too nothing can steer the terminal. */
  note(text: string): void
  paint(style: Style, text: string): string
}

/** Text that somebody else wrote, as one line in which nothing can steer the terminal or hide. */
export const shown = plain

/** The same of text of several lines, each of which keeps how far it is set in. */
export function shownLines(text: string): string {
  return text
    .split('\n')
    .map((line) => `${/^ */.exec(line)?.[0] ?? ''}${shown(line)}`)
    .join('\n')
}

/** What JSON lets stand in a text as it is, and yet steers a terminal or turns around what it shows. */
const STEERING = /[\u007f-\u009f]|\p{Bidi_Control}/gu

/** JSON in which nothing hides, whoever wrote the texts in it. */
export function asJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    STEERING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** https://no-color.org: any value that is not empty. */
function wantsColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
}

export function createOutput({ json }: { readonly json: boolean }): Output {
  const color = wantsColor(process.stdout)
  return {
    isJson: json,
    line: (text = '') => {
      if (!json) process.stdout.write(`${text}\n`)
    },
    json: (value) => {
      if (json) process.stdout.write(`${asJson(value, 2)}\n`)
    },
    note: (text) => {
      if (!json) process.stderr.write(`${shownLines(text)}\n`)
    },
    paint: (style, text) => (color ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text),
  }
}

/** Says what went wrong, in the shape that was asked for, and with what to exit. */
export function reportFailure(error: unknown, { json }: { readonly json: boolean }): ExitCode {
  const failure =
    error instanceof Failure
      ? error
      : new Failure(reasonOf(error), 'This is a mistake in Daypass: please report it with DEBUG=1 set.', {
          cause: error,
        })
  if (json) process.stdout.write(`${asJson({ error: errorOf(failure) }, 2)}\n`)
  else process.stderr.write(`${shownLines(`daypass: ${failure.message}\n  ${failure.fix}`)}\n`)
  if (process.env.DEBUG) process.stderr.write(`${shownLines(traceOf(error))}\n`)
  return failure.exitCode
}

function errorOf({ message, fix, exitCode }: Failure): object {
  return { message, fix, exitCode }
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${traceOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}

/** Says how far long work has come: on a terminal only, and gone without a trace when it is done. */
export function startProgress(what: string): { at(done: number, of?: number): void; end(): void } {
  const { stderr } = process
  const isShown = stderr.isTTY === true
  let last = 0
  return {
    at(done, of) {
      const now = Date.now()
      if (!isShown || now - last < 100) return
      last = now
      const share = of ? ` of ${of.toLocaleString('en')}` : ''
      stderr.write(`\r\u001b[K${what}: ${done.toLocaleString('en')}${share}`)
    },
    end() {
      if (isShown && last > 0) stderr.write('\r\u001b[K')
    },
  }
}

/** Columns as wide as what stands in them, but for the last. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  // There may be more rows than a call takes arguments.
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

export const exitCodeOf = (isFine: boolean): ExitCode => (isFine ? EXIT.done : EXIT.no)
