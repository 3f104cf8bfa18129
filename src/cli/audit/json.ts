/** The audit as JSON: an object with one line for each entry, so that it can be written as it comes. */
import { formatInstant } from '../../core/window.ts'
import type { Entry, Moment } from './entry.ts'

/** Times become instants; what is not known is left out. */
export function jsonEntry(entry: Entry): object {
  const { from, until, endedAt, added, removed, approvals, ...same } = entry
  return {
    ...same,
    ...(from !== undefined && { from: formatInstant(from) }),
    ...(until !== undefined && { until: formatInstant(until) }),
    ...(endedAt !== undefined && { endedAt: formatInstant(endedAt) }),
    approvals: approvals.map(({ login, commit, at }) => ({ login, commit, at: formatInstant(at) })),
    added: moment(added),
    ...(removed && { removed: moment(removed) }),
  }
}

function moment({ commit, at, author }: Moment): object {
  return { commit, at: formatInstant(at), author }
}
