/** One line of the audit: who had what, when, why, approved by whom, until when, ended because, and what proves it. */

import { extensionProblems } from '../../core/extension.ts'
import type { Receipt, ReceiptExtension } from '../../core/receipt.ts'
import { ENDED_BECAUSE, enumerate, lengthOf } from '../../core/report-words.ts'
import { parseLocation, parseRequest } from '../../core/request.ts'
import { phaseOf, windowOf } from '../../core/window.ts'
import { pullOf } from './history.ts'
import { CLOCKS, type Life, type Refusal } from './lives.ts'

export const STATES = ['scheduled', 'open', 'over', 'ended', 'refused', 'removed'] as const
/**
 * `over`: its window is over and its file still there. `removed`: its file went without a receipt, so that git alone
 * does not tell whether it ever opened anything.
 */
export type State = (typeof STATES)[number]

export type Proof = 'signed' | 'claimed' | 'forged' | 'none'

/** Times are seconds since the epoch. Without a receipt, what is told comes from the file and the commit alone. */
export interface Entry {
  readonly path: string
  readonly account: string
  readonly bucket: string
  readonly state: State
  readonly proof: Proof
  readonly pull?: number
  readonly requester?: string
  readonly reason?: string
  readonly ticket?: string
  readonly access?: 'read' | 'list'
  /** Empty: the whole bucket. */
  readonly prefixes?: readonly string[]
  readonly from?: number
  readonly until?: number
  readonly endedAt?: number
  readonly endedBecause?: string
  readonly approvals: readonly Approval[]
  readonly mergedBy?: string
  /** The oldest first. */
  readonly extensions: readonly Extension[]
  /** When AWS last saw its role used, as far as it told. */
  readonly lastUsed?: number
  readonly accountId?: string
  readonly roleArn?: string
  readonly refusedBecause?: string
  readonly added: Moment
  readonly removed?: Moment
  readonly anomalies: readonly Anomaly[]
}

export interface Approval {
  readonly login: string
  readonly commit: string
  readonly at: number
}

/** What made the window longer, with approvals of its own. */
export interface Extension {
  readonly pull: number
  readonly until: number
  readonly reason: string
  readonly ticket?: string
  readonly approvals: readonly Approval[]
  readonly mergedBy: string
}

/** Of its extensions too, each once for each person. */
export function approversOf({ approvals, extensions }: Entry): readonly string[] {
  const logins = approvals.map(({ login }) => login)
  if (extensions.length === 0) return logins
  return [
    ...new Set([
      ...logins,
      ...extensions.flatMap((extension) => extension.approvals.map(({ login }) => login)),
    ]),
  ]
}

/** A commit of the branch. */
export interface Moment {
  readonly commit: string
  readonly at: number
  /** As its author called themselves. */
  readonly author: string
}

export interface Anomaly {
  readonly code: AnomalyCode
  readonly message: string
}

/** In the order in which they are told: the worst first. */
export const ANOMALIES = [
  'forged-receipt',
  'off-the-line',
  'self-approval',
  'no-approval',
  'direct-push',
  'file-changed',
  'no-receipt',
  'unproven-refusal',
  'unsigned-receipt',
  'ended-late',
  'still-there',
  'approved-fast',
  'window-at-limit',
] as const
export type AnomalyCode = (typeof ANOMALIES)[number]

/** What is looked up in the clone for one life, besides its own steps. */
export interface Known {
  /** Of the file, where there is no receipt. */
  readonly text?: string
  /** By blob; of each file that stands, all that it ever held. */
  readonly texts: ReadonlyMap<string, string>
  /** When each approved commit was made; missing where the clone does not have it. */
  readonly committed: ReadonlyMap<string, number>
  /** Seconds; the longest window for the bucket by the rules when it was merged. */
  readonly longestWindow?: number
  /** Ids of the keys that were given. */
  readonly keyIds: readonly string[]
  /** Seconds since the epoch. */
  readonly now: number
}

/** What is not known is there as `undefined`: all entries have one shape, since there may be very many. */
export function entryOf(life: Life, known: Known): Entry {
  const base = life.receipt.kind === 'found' ? fromReceipt(life, life.receipt.receipt) : fromFile(life, known)
  const [, account = '', bucket = ''] = life.path.split('/')
  const entry = {
    account,
    bucket,
    ...base,
    path: life.path,
    proof: proofOf(life),
    added: momentOf(life.added),
    removed: life.removed && momentOf(life.removed),
    anomalies: [],
  }
  return { ...entry, anomalies: anomaliesOf(entry, life, known) }
}

type Told = Omit<Entry, 'path' | 'account' | 'bucket' | 'proof' | 'added' | 'removed' | 'anomalies'>

function momentOf({ commit, at, author }: Moment): Moment {
  return { commit, at, author }
}

function proofOf({ receipt }: Life): Proof {
  if (receipt.kind === 'found') return receipt.authenticity
  return receipt.kind === 'forged' ? 'forged' : 'none'
}

function fromReceipt({ removed }: Life, receipt: Receipt): Told {
  const words: Readonly<Record<string, string>> = ENDED_BECAUSE
  return {
    state: removed ? 'ended' : 'over',
    pull: receipt.pull,
    requester: receipt.requester.login,
    reason: receipt.reason,
    ticket: receipt.ticket,
    access: receipt.access,
    prefixes: receipt.prefixes,
    from: receipt.from,
    until: receipt.until,
    endedAt: receipt.endedAt,
    endedBecause: Object.hasOwn(words, receipt.endedBecause)
      ? words[receipt.endedBecause]
      : receipt.endedBecause,
    approvals: receipt.approvals,
    mergedBy: receipt.mergedBy.login,
    extensions: receipt.extensions?.map(extensionOf) ?? NO_EXTENSIONS,
    lastUsed: receipt.lastUsed?.at,
    accountId: receipt.accountId,
    roleArn: receipt.roleArn,
    refusedBecause: undefined,
  }
}

/** One for all that have none: there may be very many. */
const NO_EXTENSIONS: readonly Extension[] = []

function extensionOf({ mergedBy, ...extension }: ReceiptExtension): Extension {
  return { ...extension, mergedBy: mergedBy.login }
}

/** What the file asked for, and the window that it would have had; the app alone knows whether it got it. */
function fromFile({ path, added, removed, receipt }: Life, { text, now }: Known): Told {
  const location = parseLocation(path)
  const read = location.ok && text !== undefined ? parseRequest(location.value, text, added.at) : undefined
  const request = read?.ok ? read.value.request : undefined
  const window = request && windowOf(request, added.at)
  const phase = window && phaseOf(window, now)
  const refused = receipt.kind === 'refused'
  return {
    state: refused ? 'refused' : removed ? 'removed' : phase === 'waiting' ? 'scheduled' : (phase ?? 'over'),
    pull: pullOf(added),
    requester: request?.requester,
    reason: request?.reason,
    ticket: request?.ticket,
    access: request?.access,
    prefixes: request?.prefixes,
    from: refused ? undefined : window?.start,
    until: refused ? undefined : window?.end,
    endedAt: undefined,
    endedBecause: undefined,
    approvals: [],
    mergedBy: undefined,
    extensions: NO_EXTENSIONS,
    lastUsed: undefined,
    accountId: undefined,
    roleArn: undefined,
    refusedBecause: refused ? receipt.code : undefined,
  }
}

/** Seconds that an end may take to be written; AWS has closed the window to the second all the same. */
const LATE = 60
/** Seconds; nobody reads a request in less. */
const FAST = 15
/** Seconds after the window in which the file should be gone. */
const LINGERS = 86_400

function anomaliesOf(entry: Entry, life: Life, known: Known): readonly Anomaly[] {
  const found: Anomaly[] = []
  const note = (code: AnomalyCode, message: string) => found.push({ code, message })
  noteReceipt(entry, life, known, note)
  noteRefusal(life, note)
  noteApprovals(entry, life, known, note)
  noteWindow(entry, known, note)
  return found.length < 2
    ? found
    : found.toSorted((a, b) => ANOMALIES.indexOf(a.code) - ANOMALIES.indexOf(b.code))
}

type Note = (code: AnomalyCode, message: string) => void

function noteReceipt({ state, proof }: Entry, life: Life, { keyIds, texts }: Known, note: Note): void {
  const { added, changed, isHidden } = life
  if (isHidden)
    note(
      'off-the-line',
      `Its receipt, commit ${added.commit.slice(0, 7)}, lies behind the branch, but the branch's own line does not lead past it: a merge the wrong way round, or a commit laid on top of it, hides what was lent.`,
    )
  if (proof === 'forged')
    note(
      'forged-receipt',
      'The commit that took it out carries a receipt that is not its own, or was altered.',
    )
  if (proof === 'none' && state === 'removed')
    note(
      'no-receipt',
      'Its file was taken out without a receipt, so git alone does not tell whether it opened anything.',
    )
  if (proof === 'claimed' && keyIds.length > 0) note('unsigned-receipt', unsigned(life, keyIds))
  if (!isHidden && proof !== 'signed' && pullOf(added) === undefined)
    note(
      'direct-push',
      `Commit ${added.commit.slice(0, 7)}, which added it, names no pull request: a push, or a rebase merge.`,
    )
  const extended =
    life.receipt.kind === 'found'
      ? (life.receipt.receipt.extensions?.length ?? 0)
      : life.removed === undefined
        ? countExtensions(life, texts)
        : 0
  if (changed.length > extended)
    note(
      'file-changed',
      `Its file was changed ${changed.length === 1 ? 'once' : `${changed.length} times`} after it had been added.`,
    )
}

function unsigned({ receipt }: Life, keyIds: readonly string[]): string {
  const key = receipt.kind === 'found' ? receipt.unknownKey : undefined
  return key === undefined
    ? 'Its receipt has no signature: anybody may have written it.'
    : `Its receipt names key ${key}, and not ${enumerate(keyIds, 'or')}, which was given: anybody may have written it.`
}

/** Changes by a pull request that only made it longer: until there is a receipt, that is what an extension looks like. */
function countExtensions({ path, added, blobs, changed }: Life, texts: Known['texts']): number {
  if (changed.length === 0) return 0
  const location = parseLocation(path)
  const requests = blobs.map((blob) => {
    const text = texts.get(blob)
    const read = location.ok && text !== undefined ? parseRequest(location.value, text, added.at) : undefined
    return read?.ok ? read.value : undefined
  })
  return changed.filter((step, index) => {
    const [before, after] = [requests[index], requests[index + 1]]
    if (!location.ok || before === undefined || after === undefined) return false
    return pullOf(step) !== undefined && extensionProblems(before.request, after, location.value).length === 0
  }).length
}

function noteRefusal(life: Life, note: Note): void {
  const doubt = life.receipt.kind === 'refused' ? doubtOf(life.receipt, life) : undefined
  if (doubt !== undefined)
    note(
      'unproven-refusal',
      `A commit says that it was refused, but ${doubt}. Nobody signs a refusal: only \`audit --verify\` can tell.`,
    )
}

/** In the address of every app's account, at any GitHub. */
const BOT = '[bot]@users.noreply.'
/** Seconds; the app refuses at once, unless it is not running. */
const REFUSES_WITHIN = 86_400

/** What the app's own refusal never is; it takes out one file, by a commit of its own. */
function doubtOf({ author, pull, at }: Refusal, { added, changed, removed }: Life): string | undefined {
  if (!author.includes(BOT)) return `its author is ${author || 'not told'}, which is no app's account`
  if (removed && removed.changes.length > 1) return 'it did more than to take out this file'
  const pulls = [added, ...changed].map(pullOf)
  if (pull !== undefined && !pulls.includes(undefined) && !pulls.includes(pull))
    return `it speaks of #${pull}, which did not bring the file`
  // What was pushed may have been committed long before.
  if (pulls[0] === undefined) return undefined
  if (at < added.at - CLOCKS) return 'it was written before the file had come'
  const late = at - (changed.at(-1) ?? added).at
  return late > REFUSES_WITHIN
    ? `it was written ${lengthOf(late - (late % 3600))} after the file had come`
    : undefined
}

/** Each is told once for an entry, of the request and of all that extended it. */
function noteApprovals(entry: Entry, { receipt }: Life, { committed }: Known, note: Note): void {
  if (receipt.kind !== 'found') return
  const { requester, state, extensions } = entry
  const self: string[] = []
  const missing: string[] = []
  const fast: string[] = []
  const look = (approvals: readonly Approval[], extension?: Extension) => {
    const what = extension ? `extension (#${extension.pull})` : 'request'
    const own = approvals.find(({ login }) => login.toLowerCase() === requester?.toLowerCase())
    if (own) self.push(`${own.login} approved their own ${what}.`)
    if (approvals.length === 0 && state === 'ended')
      missing.push(`Its receipt names nobody who approved ${extension ? `its ${what}` : 'it'}.`)
    const { login, after } = fastestOf(approvals, committed)
    if (after < FAST)
      fast.push(`${login} approved ${extension ? `its ${what}` : 'it'} ${after} s after it was written.`)
  }
  look(entry.approvals)
  for (const extension of extensions) look(extension.approvals, extension)
  if (self.length > 0) note('self-approval', self.join(' '))
  if (missing.length > 0) note('no-approval', missing.join(' '))
  if (fast.length > 0) note('approved-fast', fast.join(' '))
}

function fastestOf(
  approvals: readonly Approval[],
  committed: Known['committed'],
): { readonly login: string; readonly after: number } {
  let fastest = { login: '', after: Number.POSITIVE_INFINITY }
  for (const { login, commit, at } of approvals) {
    const after = at - (committed.get(commit) ?? Number.POSITIVE_INFINITY)
    if (after >= 0 && after < fastest.after) fastest = { login, after }
  }
  return fastest
}

function noteWindow({ from, until, endedAt, state }: Entry, { longestWindow, now }: Known, note: Note): void {
  if (from === undefined || until === undefined) return
  const late = (endedAt ?? 0) - until
  if (late > LATE) note('ended-late', `Its end was written ${late} s after its window was over.`)
  if (state === 'over' && now - until > LINGERS)
    note('still-there', 'Its window is long over, and its file is still on the branch.')
  if (longestWindow !== undefined && until - from >= longestWindow && state !== 'refused')
    note('window-at-limit', 'Its window is as long as the rules allow.')
}
