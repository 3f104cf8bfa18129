/** Counts over entries, for whoever reads only the top of a report. */
import { ANOMALIES, type AnomalyCode, approversOf, type Entry } from './entry.ts'

export interface Tally {
  readonly entries: number
  readonly states: readonly Count[]
  readonly proofs: readonly Count[]
  readonly buckets: readonly Count[]
  readonly people: readonly Count[]
  readonly approvers: readonly Count[]
  /** The worst first. */
  readonly anomalies: readonly (Count & { readonly name: AnomalyCode })[]
}

export interface Count {
  readonly name: string
  readonly count: number
}

export function tally(entries: readonly Entry[]): Tally {
  const anomalies = countBy(entries, ({ anomalies }) => anomalies.map(({ code }) => code))
  return {
    entries: entries.length,
    states: countBy(entries, ({ state }) => [state]),
    proofs: countBy(entries, ({ proof }) => [proof]),
    buckets: countBy(entries, ({ account, bucket }) => [`${account}/${bucket}`]),
    people: countBy(entries, ({ requester }) => [requester ?? 'not told']),
    approvers: countBy(entries, approversOf),
    anomalies: ANOMALIES.flatMap((name) => {
      const count = anomalies.find((found) => found.name === name)?.count
      return count === undefined ? [] : [{ name, count }]
    }),
  }
}

/** The most first; of as many, by name. */
function countBy(entries: readonly Entry[], namesOf: (entry: Entry) => readonly string[]): readonly Count[] {
  const counts = new Map<string, number>()
  for (const entry of entries)
    for (const name of namesOf(entry)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
}
