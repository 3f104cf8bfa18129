/** The audit on a terminal: what is odd first, then the counts, then line by line. */
import { count, lengthOf, utc } from '../../core/report-words.ts'
import { columns, type Output, type Style, shown } from '../output.ts'
import type { Approval, Entry, State } from './entry.ts'
import type { Count, Tally } from './tally.ts'

/** Beyond this a list says how many more there are. */
const MOST_ODD = 20
const MOST_COUNTED = 5
const MOST_EXTENSIONS = 3

const STYLES: Readonly<Record<State, Style>> = {
  scheduled: 'green',
  open: 'green',
  over: 'yellow',
  ended: 'dim',
  refused: 'dim',
  removed: 'yellow',
}

export function printTable(entries: readonly Entry[], tallied: Tally, output: Output): void {
  const { line, paint } = output
  printOdd(entries, tallied, output)
  line(paint('bold', count(entries.length, 'request')))
  for (const [title, counts] of [
    ['state', tallied.states],
    ['receipt', tallied.proofs],
    ['bucket', tallied.buckets],
    ['person', tallied.people],
    ['approver', tallied.approvers],
  ] as const) {
    if (counts.length > 0) line(`  ${title.padEnd(9)} ${shortList(counts)}`)
  }
  line()
  const rows = entries.map(rowOf)
  for (const [index, text] of columns(rows).entries()) {
    const state = entries[index]?.state ?? 'ended'
    line(entries[index]?.anomalies.length ? paint('red', text) : paint(STYLES[state], text))
  }
}

/** Its path, and the pull request that tells it from others of the same path. */
export function named({ path, pull }: Entry): string {
  return `${shown(path)}${pull === undefined ? '' : ` (#${pull})`}`
}

function printOdd(entries: readonly Entry[], { anomalies }: Tally, { line, paint }: Output): void {
  for (const { name, count: number } of anomalies) {
    line(`${paint('red', name)} ${number}`)
    const odd = entries.filter((entry) => entry.anomalies.some(({ code }) => code === name))
    for (const entry of odd.slice(0, MOST_ODD)) {
      const message = entry.anomalies.find(({ code }) => code === name)?.message ?? ''
      line(`  ${named(entry)}`)
      line(`    ${shown(message)}`)
    }
    if (odd.length > MOST_ODD) line(`  and ${odd.length - MOST_ODD} more`)
  }
  if (anomalies.length > 0) line()
}

function shortList(counts: readonly Count[]): string {
  const more = counts.length - MOST_COUNTED
  const named = counts.slice(0, MOST_COUNTED).map(({ name, count: number }) => `${shown(name)} ${number}`)
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

function rowOf(entry: Entry): readonly string[] {
  const { added, from, requester, account, bucket, state, proof, reason, pull } = entry
  return [
    utc(from ?? added.at),
    heldFor(entry),
    shown(requester ?? '?'),
    shown(`${account}/${bucket}`),
    state,
    proof === 'none' ? '-' : proof,
    approvedBy(entry),
    pull === undefined ? '-' : `#${pull}`,
    shown(reason ?? entry.refusedBecause ?? ''),
  ]
}

/** `by olivia, #14 by oscar`: what extended it stands behind. */
function approvedBy({ approvals, extensions }: Entry): string {
  if (approvals.length === 0 && extensions.length === 0) return '-'
  const by = (those: readonly Approval[]) =>
    `by ${those.map(({ login }) => shown(login)).join(', ') || 'nobody'}`
  const more = extensions.length - MOST_EXTENSIONS
  return [
    by(approvals),
    ...extensions
      .slice(0, MOST_EXTENSIONS)
      .map((extension) => `#${extension.pull} ${by(extension.approvals)}`),
    ...(more > 0 ? [`${more} more`] : []),
  ].join(', ')
}

function heldFor({ from, until, endedAt }: Entry): string {
  if (from === undefined || until === undefined) return '-'
  return lengthOf(Math.max(0, Math.min(until, endedAt ?? until) - from)) || '0 s'
}
