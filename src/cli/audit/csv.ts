/** The audit as CSV (RFC 4180) that no spreadsheet takes for formulas. */
import { formatInstant } from '../../core/window.ts'
import type { Entry, Extension } from './entry.ts'

const COLUMNS: readonly (readonly [name: string, value: (entry: Entry) => string | number | undefined])[] = [
  ['path', ({ path }) => path],
  ['pull_request', ({ pull }) => pull],
  ['requester', ({ requester }) => requester],
  ['account', ({ account }) => account],
  ['account_id', ({ accountId }) => accountId],
  ['bucket', ({ bucket }) => bucket],
  ['access', ({ access }) => access],
  ['prefixes', ({ prefixes }) => prefixes?.join(' ')],
  ['reason', ({ reason }) => reason],
  ['ticket', ({ ticket }) => ticket],
  ['approved_by', ({ approvals }) => approvals.map(({ login }) => login).join(' ')],
  ['approved_at', ({ approvals }) => approvals.map(({ at }) => formatInstant(at)).join(' ')],
  ['merged_by', ({ mergedBy }) => mergedBy],
  ['from', ({ from }) => instant(from)],
  ['until', ({ until }) => instant(until)],
  ['ended_at', ({ endedAt }) => instant(endedAt)],
  ['ended_because', ({ endedBecause }) => endedBecause],
  ['state', ({ state }) => state],
  ['receipt', ({ proof }) => proof],
  ['role', ({ roleArn }) => roleArn],
  ['added_by_commit', ({ added }) => added.commit],
  ['removed_by_commit', ({ removed }) => removed?.commit],
  ['anomalies', ({ anomalies }) => anomalies.map(({ code }) => code).join(' ')],
  ['refused_because', ({ refusedBecause }) => refusedBecause],
  ['last_used', ({ lastUsed }) => instant(lastUsed)],
  ['extended_by', ({ extensions }) => extensions.map(extended).join('; ')],
]

export const CSV_HEADER = COLUMNS.map(([name]) => name).join(',')

export function csvLine(entry: Entry): string {
  return COLUMNS.map(([, value]) => cell(String(value(entry) ?? ''))).join(',')
}

/** Without its reason: words that somebody chose must not look like one more extension. */
function extended({ pull, until, approvals, mergedBy }: Extension): string {
  const by = approvals.map(({ login }) => login).join(' ')
  return `#${pull} until ${formatInstant(until)} approved by ${by || 'nobody'} merged by ${mergedBy}`
}

function instant(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : formatInstant(seconds)
}

/** Spreadsheets run what begins so, spaces before it aside, also between quotes; full-width forms count for some. */
const FORMULA = /^[\s\u00a0\ufeff]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/

function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) || safe !== text ? `"${safe.replaceAll('"', '""')}"` : safe
}
