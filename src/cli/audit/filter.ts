/** Which entries somebody wants to see. */
import { nearest, quote } from '../../core/text.ts'
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

/** What is asked for by a name that nothing in the history has, in words: it is likely a slip. */
export function unknownNames(entries: readonly Entry[], filters: Filters): readonly string[] {
  return NAMES.flatMap(({ filter, what, isLogin, namesOf }) => {
    const wanted = filters[filter]
    if (wanted === undefined) return []
    const known = new Set(entries.flatMap(namesOf))
    // Buckets and accounts are told apart by case too, as the filter does.
    if (isLogin ? [...known].some((name) => isSame(name, wanted)) : known.has(wanted)) return []
    const meant = nearest(wanted, [...known])
    const hint = meant === undefined ? '' : ` Did you mean ${quote(meant)}?`
    return [`The history holds no ${what} ${quote(wanted)}.${hint}`]
  })
}

const NAMES: readonly {
  readonly filter: 'person' | 'approver' | 'bucket' | 'account'
  readonly what: string
  readonly isLogin?: true
  readonly namesOf: (entry: Entry) => readonly string[]
}[] = [
  {
    filter: 'person',
    what: 'request of',
    isLogin: true,
    namesOf: ({ requester }) => (requester ? [requester] : []),
  },
  { filter: 'approver', what: 'approval by', isLogin: true, namesOf: approversOf },
  { filter: 'bucket', what: 'request for the bucket', namesOf: ({ bucket }) => [bucket] },
  {
    filter: 'account',
    what: 'request in the account',
    namesOf: ({ account, accountId }) => (accountId ? [account, accountId] : [account]),
  },
]

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
