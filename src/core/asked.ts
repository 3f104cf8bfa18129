/** What a request file asks for, read under the rules in force: the one way from text to terms, for the preview and the loop alike. */
import type { Account } from './account.ts'
import { extensionProblems } from './extension.ts'
import { notText, type Parsed, problemsOf, refused } from './problem.ts'
import {
  type AccessRequest,
  type LocatedRequest,
  parseLocation,
  parseRequest,
  type RequestLocation,
} from './request.ts'
import { applyRules, type Rules, type Terms } from './rules.ts'

export interface Asked {
  readonly location: RequestLocation
  readonly request: AccessRequest
  readonly terms: Terms
  readonly account: Account
}

/** A file as a commit holds it; no text where it is too large to be a request, or not UTF-8. */
export interface FileText {
  readonly path: string
  readonly text?: string
}

/** `now`: seconds since the epoch. `extended`: the request that this one is to extend. */
export function readAsked(
  file: FileText,
  rules: Rules,
  accounts: ReadonlyMap<string, Account>,
  now: number,
  extended?: AccessRequest,
): Parsed<Asked> {
  const located = readRequest(file, now)
  if (!located.ok) return located
  const { location, read } = located.value
  const terms = applyRules(read, location, rules, accounts)
  const problems = [...problemsOf(terms), ...(extended ? extensionProblems(extended, read, location) : [])]
  const [first, ...others] = problems
  if (first !== undefined) return refused(first, ...others)
  if (!terms.ok) return terms
  const account = accounts.get(location.account)
  if (account === undefined)
    throw new Error(`the rules let ${location.account} pass, which is no account of this repository`)
  return { ok: true, value: { location, request: read.request, terms: terms.value, account } }
}

function readRequest(
  file: FileText,
  now: number,
): Parsed<{ readonly location: RequestLocation; readonly read: LocatedRequest }> {
  const location = parseLocation(file.path)
  if (!location.ok) return location
  if (file.text === undefined) return refused(notText(file.path))
  const read = parseRequest(location.value, file.text, now)
  if (!read.ok) return read
  return { ok: true, value: { location: location.value, read: read.value } }
}
