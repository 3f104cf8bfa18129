/** The audit as JSON: an object with one line for each entry, so that it can be written as it comes. */
import { formatInstant } from '../../core/window.ts'
import type { Approval, Entry, Moment } from './entry.ts'

/** Times become instants; what is not known is `undefined`, which JSON leaves out. */
export function jsonEntry(entry: Entry): object {
  return {
    ...entry,
    from: instant(entry.from),
    until: instant(entry.until),
    endedAt: instant(entry.endedAt),
    lastUsed: instant(entry.lastUsed),
    approvals: entry.approvals.map(approval),
    extensions: entry.extensions.map(({ until, approvals, ...extension }) => ({
      ...extension,
      until: formatInstant(until),
      approvals: approvals.map(approval),
    })),
    added: moment(entry.added),
    removed: entry.removed && moment(entry.removed),
  }
}

function approval({ login, commit, at }: Approval): object {
  return { login, commit, at: formatInstant(at) }
}

function instant(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : formatInstant(seconds)
}

function moment({ commit, at, author }: Moment): object {
  return { commit, at: formatInstant(at), author }
}
