/** Flags that several commands share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration, parseInstant } from '../core/window.ts'

export function repositoryFlags(command: Command): Command {
  return command
    .option('--repository <OWNER/NAME>', 'the access repository (default: the remote origin of the clone)')
    .option(
      '--github-url <URL>',
      'where that GitHub is (default: GITHUB_SERVER_URL, GITHUB_API_URL, or where the remote is)',
    )
}

export function accountFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--operator <FILE>', 'the operator file, where you have it').env('DAYPASS_OPERATOR_FILE'),
    )
    .option('--aws-account <ALIAS=ID,REGION>', 'an account that you know; may be repeated', collect, [])
}

export function rulesFlags(command: Command): Command {
  return command
    .option('--base <REF>', 'the branch whose rules count (default: the default branch of origin)')
    .option('--rules <FILE>', 'hold requests against these rules instead')
}

/** The option may be repeated. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

/** The option may be repeated, and each hold several between commas. */
export function collectParts(value: string, before: readonly string[]): readonly string[] {
  return [...before, ...partsOf(value)]
}

export function partsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** Seconds since the epoch. */
export function instant(text: string): number {
  const seconds = parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  if (seconds !== undefined) return seconds
  throw new InvalidArgumentError('Write it as 2026-11-24 or 2026-11-24T09:00:00Z.')
}

/** Seconds. */
export function duration(text: string): number {
  const seconds = parseDuration(text)
  if (seconds !== undefined && seconds > 0) return seconds
  throw new InvalidArgumentError('Write it as 30m, 4h or 30d.')
}

export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Write it in digits, from 1.')
}

export function now(): number {
  return Math.floor(Date.now() / 1000)
}
