/** Which entries somebody wants to see. */
import { approversOf, type Entry, type State } from './entry.ts'

export interface Filters {
  /** Seconds since the epoch; access that stood in between counts, or without a window the file that came in between. */
  readonly since?: number
  readonly until?: number
  readonly person?: string
  readonly approver?: string
  readonly bucket?: string
  readonly account?: string
  readonly state?: readonly State[]
  readonly anomalies?: true
}

export function isWanted(entry: Entry, filters: Filters): boolean {
  const { person, approver, bucket, account, state } = filters
  return (
    isWithin(entry, filters) &&
    (person === undefined || isSame(entry.requester, person)) &&
    (approver === undefined || approversOf(entry).some((login) => isSame(login, approver))) &&
    (bucket === undefined || entry.bucket === bucket) &&
    (account === undefined || entry.account === account || entry.accountId === account) &&
    (state === undefined || state.length === 0 || state.includes(entry.state)) &&
    (!filters.anomalies || entry.anomalies.length > 0)
  )
}

function isWithin({ from, until, endedAt, added }: Entry, filters: Filters): boolean {
  const begin = from ?? added.at
  const end = endedAt ?? until ?? added.at
  return (
    (filters.since === undefined || end >= filters.since) &&
    (filters.until === undefined || begin < filters.until)
  )
}

function isSame(login: string | undefined, wanted: string): boolean {
  return login?.toLowerCase() === wanted.toLowerCase()
}
