/** The receipt: what `git log` alone tells an auditor of one grant, as trailers of the commit that takes its file out. */
import { z } from 'zod'
import type { End, LastUse, RequestIdentity } from './grant.ts'
import { plain } from './markdown.ts'
import {
  checkSignature,
  formatSignature,
  readPublicKeys,
  type Sign,
  type SignatureCheck,
} from './receipt-signature.ts'
import type { RequestRecord } from './record.ts'
import type { Lent } from './report-grant.ts'
import { ENDED_BECAUSE, utc } from './report-words.ts'
import { formatInstant, parseInstant } from './window.ts'

/** Times are seconds since the epoch. */
export interface Receipt {
  readonly repositoryId: number
  readonly path: string
  readonly blob: string
  readonly pull: number
  readonly requester: Witness
  readonly reason: string
  readonly ticket?: string
  /** Alias of the account. */
  readonly account: string
  readonly accountId: string
  readonly bucket: string
  /** Empty: the whole bucket. */
  readonly prefixes: readonly string[]
  readonly access: 'read' | 'list'
  readonly approvals: readonly WitnessedApproval[]
  readonly mergedBy: Witness
  /** The oldest first; left out where there are none. */
  readonly extensions?: readonly ReceiptExtension[]
  readonly from: number
  readonly until: number
  readonly endedAt: number
  /** One of the reasons of today's or of a later version. */
  readonly endedBecause: string
  /** Who ended it early, where somebody did. */
  readonly endedBy?: Witness
  /** As far as AWS told by then; missing where it knew of no use. */
  readonly lastUsed?: LastUse
  readonly roleArn: string
}

/** A pull request that made the window longer. */
export interface ReceiptExtension {
  readonly pull: number
  readonly until: number
  readonly reason: string
  readonly ticket?: string
  readonly approvals: readonly WitnessedApproval[]
  readonly mergedBy: Witness
}

interface Witness {
  readonly login: string
  readonly id: number
}

type WitnessedApproval = Witness & { readonly commit: string; readonly at: number }

/** `claimed`: nothing proves who wrote it, as there is no signature, or none by a key that was given. */
export type Authenticity = 'signed' | 'claimed' | 'forged'

export function receiptOf(identity: RequestIdentity, lent: Lent, end: End): Receipt {
  const { judged, location, account, role } = lent
  const { request, window } = judged
  return {
    ...identity,
    blob: judged.blob,
    requester: witness(judged.author),
    reason: request.reason,
    ...(request.ticket !== undefined && { ticket: request.ticket }),
    account: account.alias,
    accountId: account.id,
    bucket: location.bucket,
    prefixes: request.prefixes,
    access: request.access,
    approvals: judged.approvals.map(witnessed),
    mergedBy: witness(judged.mergedBy),
    ...(judged.extensions && {
      extensions: judged.extensions.map(({ from: _, ...extension }) => ({
        ...extension,
        approvals: extension.approvals.map(witnessed),
        mergedBy: witness(extension.mergedBy),
      })),
    }),
    from: window.start,
    until: window.end,
    endedAt: end.at,
    endedBecause: end.because,
    ...(end.by && { endedBy: witness(end.by) }),
    ...(end.lastUsed && { lastUsed: end.lastUsed }),
    roleArn: role.roleArn,
  }
}

function witness({ login, id }: Witness): Witness {
  return { login, id }
}

function witnessed({ person, commit, at }: RequestRecord['approvals'][number]): WitnessedApproval {
  return { ...witness(person), commit, at }
}

/** The whole commit message: a subject, a sentence, and the trailers, signed where there is a key. */
export function formatReceipt(receipt: Receipt, sign?: Sign): string {
  const trailers = trailersOf(receipt).map(([key, value]) => `${key}: ${toJson(value)}`)
  const signed = trailers.join('\n')
  const signature = sign && `${SIGNATURE}${formatSignature(sign(Buffer.from(signed)))}`
  return [
    receiptSubject(receipt),
    sentence(receipt),
    signature === undefined ? signed : `${signed}\n${signature}`,
  ].join('\n\n')
}

export function receiptSubject({ requester, bucket, pull }: Receipt): string {
  return plain(`End access of ${requester.login} to ${bucket} (#${pull})`)
}

/** Nothing that the requester could choose freely: GitHub acts on "fixes #1" and on mentions in commit messages. */
function sentence({
  requester,
  access,
  bucket,
  account,
  accountId,
  from,
  until,
  endedAt,
  endedBecause,
}: Receipt): string {
  const verb = access === 'read' ? 'read from' : 'list the names in'
  const because =
    Object.entries(ENDED_BECAUSE).find(([reason]) => reason === endedBecause)?.[1] ?? endedBecause
  // It begins with a word of ours, so that it can't begin like a trailer.
  return plain(
    `Access to ${verb} ${bucket} (${account}, ${accountId}) was granted to ${requester.login} from ${utc(from)} until ${utc(until)}. It ended at ${utc(endedAt)} because ${because}.`,
  )
}

const VERSION = 1
const SIGNATURE = 'Daypass-Signature: '
const APPROVED_BY = 'Daypass-Approved-By'
const EXTENDED_BY = 'Daypass-Extended-By'
/** Keys that may stand more than once. */
const LISTS: ReadonlySet<string> = new Set([APPROVED_BY, EXTENDED_BY])

function trailersOf(receipt: Receipt): readonly (readonly [key: string, value: unknown])[] {
  const { requester, approvals, ticket, endedBy, lastUsed } = receipt
  return [
    ['Daypass-Version', VERSION],
    ['Daypass-Repository', receipt.repositoryId],
    ['Daypass-Path', receipt.path],
    ['Daypass-Blob', receipt.blob],
    ['Daypass-Pull', receipt.pull],
    ['Daypass-Requester', requester.login],
    ['Daypass-Requester-Id', requester.id],
    ['Daypass-Reason', receipt.reason],
    ...(ticket === undefined ? [] : [['Daypass-Ticket', ticket] as const]),
    ['Daypass-Account', receipt.account],
    ['Daypass-Account-Id', receipt.accountId],
    ['Daypass-Bucket', receipt.bucket],
    ['Daypass-Prefixes', receipt.prefixes],
    ['Daypass-Access', receipt.access],
    ...approvals.map((approval) => [APPROVED_BY, inWords(approval)] as const),
    ['Daypass-Merged-By', receipt.mergedBy],
    ...(receipt.extensions ?? []).map(
      ({ until, ...extension }) =>
        [
          EXTENDED_BY,
          { ...extension, until: formatInstant(until), approvals: extension.approvals.map(inWords) },
        ] as const,
    ),
    ['Daypass-Granted-From', formatInstant(receipt.from)],
    ['Daypass-Granted-Until', formatInstant(receipt.until)],
    ['Daypass-Ended-At', formatInstant(receipt.endedAt)],
    ['Daypass-Ended-Because', receipt.endedBecause],
    ...(endedBy === undefined ? [] : [['Daypass-Ended-By', endedBy] as const]),
    ...(lastUsed === undefined
      ? []
      : [['Daypass-Last-Used', { at: formatInstant(lastUsed.at), region: lastUsed.region }] as const]),
    ['Daypass-Role', receipt.roleArn],
  ]
}

function inWords({ at, ...approval }: WitnessedApproval) {
  return { ...approval, at: formatInstant(at) }
}

/** One line of ASCII, and nothing in it by which GitHub would mention, link, close an issue or skip its checks. */
function toJson(value: unknown): string {
  return JSON.stringify(value)
    .replace(/[@#\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('://', ':\\/\\/')
    .replace(/(gh)-(?=\d)/gi, '$1\\u002d')
    .replace(/\[(?=[a-z])/gi, '\\u005b')
}

const instant = z.string().transform((text, context) => {
  const seconds = parseInstant(text)
  if (seconds !== undefined) return seconds
  context.issues.push({ code: 'custom', message: 'not an instant', input: text })
  return z.NEVER
})
const witnessSchema = z.object({ login: z.string(), id: z.int() })
const approvalSchema = witnessSchema.extend({ commit: z.string(), at: instant })

const trailersSchema = z.object({
  'Daypass-Version': z.literal(VERSION),
  'Daypass-Repository': z.int(),
  'Daypass-Path': z.string(),
  'Daypass-Blob': z.string(),
  'Daypass-Pull': z.int(),
  'Daypass-Requester': z.string(),
  'Daypass-Requester-Id': z.int(),
  'Daypass-Reason': z.string(),
  'Daypass-Ticket': z.string().optional(),
  'Daypass-Account': z.string(),
  'Daypass-Account-Id': z.string(),
  'Daypass-Bucket': z.string(),
  'Daypass-Prefixes': z.array(z.string()),
  'Daypass-Access': z.enum(['read', 'list']),
  [APPROVED_BY]: z.array(approvalSchema),
  'Daypass-Merged-By': witnessSchema,
  [EXTENDED_BY]: z.array(
    z.object({
      pull: z.int(),
      until: instant,
      reason: z.string(),
      ticket: z.string().optional(),
      approvals: z.array(approvalSchema),
      mergedBy: witnessSchema,
    }),
  ),
  'Daypass-Granted-From': instant,
  'Daypass-Granted-Until': instant,
  'Daypass-Ended-At': instant,
  'Daypass-Ended-Because': z.string(),
  'Daypass-Ended-By': witnessSchema.optional(),
  'Daypass-Last-Used': z.object({ at: instant, region: z.string() }).optional(),
  'Daypass-Role': z.string(),
})

/** Undefined where the message holds no receipt, or more than one could be read out of it. */
export function parseReceipt(message: string): Receipt | undefined {
  return readReceipt(message).receipt
}

/** Says of exactly what `parseReceipt` reads whether a known key signed it. `publicKeys`: PEM. */
export function verifyReceipt(message: string, publicKeys: readonly string[]): Authenticity {
  const { signed } = readReceipt(message)
  if (typeof signed === 'string') return signed
  return AUTHENTICITY[checkSignature(Buffer.from(signed.text), signed.written, readPublicKeys(publicKeys))]
}

/** What a receipt whose signature was checked is taken for. */
export const AUTHENTICITY: Readonly<Record<SignatureCheck, Authenticity>> = {
  holds: 'signed',
  broken: 'forged',
  'unknown-key': 'claimed',
}

/** What a signature covers, and the signature as it is written. */
export interface Signed {
  readonly text: string
  readonly written: string
}

export interface ReceiptReading {
  /** Undefined where none can be read, or more than one. */
  readonly receipt: Receipt | undefined
  /** What there is to check; where there is nothing, what the receipt is taken for. */
  readonly signed: Signed | Authenticity
}

/** The receipt and what its signature covers, from one reading of the same lines. */
export function readReceipt(message: string): ReceiptReading {
  const block = readBlock(message)
  if (block === 'ambiguous') return { receipt: undefined, signed: 'forged' }
  if (block === 'none') return { receipt: undefined, signed: 'claimed' }
  const { lines, signature } = block
  const signed = signature === undefined ? 'claimed' : { text: lines.join('\n'), written: signature }
  return { receipt: receiptIn(lines), signed }
}

function receiptIn(lines: readonly string[]): Receipt | undefined {
  const read = trailersSchema.safeParse(readFields(lines))
  if (!read.success) return undefined
  const { data } = read
  return {
    repositoryId: data['Daypass-Repository'],
    path: data['Daypass-Path'],
    blob: data['Daypass-Blob'],
    pull: data['Daypass-Pull'],
    requester: { login: data['Daypass-Requester'], id: data['Daypass-Requester-Id'] },
    reason: data['Daypass-Reason'],
    ...(data['Daypass-Ticket'] !== undefined && { ticket: data['Daypass-Ticket'] }),
    account: data['Daypass-Account'],
    accountId: data['Daypass-Account-Id'],
    bucket: data['Daypass-Bucket'],
    prefixes: data['Daypass-Prefixes'],
    access: data['Daypass-Access'],
    approvals: data[APPROVED_BY],
    mergedBy: data['Daypass-Merged-By'],
    ...(data[EXTENDED_BY].length > 0 && { extensions: data[EXTENDED_BY] }),
    from: data['Daypass-Granted-From'],
    until: data['Daypass-Granted-Until'],
    endedAt: data['Daypass-Ended-At'],
    endedBecause: data['Daypass-Ended-Because'],
    ...(data['Daypass-Ended-By'] !== undefined && { endedBy: data['Daypass-Ended-By'] }),
    ...(data['Daypass-Last-Used'] !== undefined && { lastUsed: data['Daypass-Last-Used'] }),
    roleArn: data['Daypass-Role'],
  }
}

interface Block {
  /** What a signature covers: every trailer but the signature itself. */
  readonly lines: readonly string[]
  readonly signature?: string
}

const OURS = /^daypass-/i

/**
 * All lines that begin like ours must form one paragraph, the signature last: so there is one way only to read a
 * message, whatever somebody wrote above or below. GitHub may add a paragraph of co-authors at a squash merge.
 */
function readBlock(message: string): Block | 'none' | 'ambiguous' {
  const paragraphs = message
    .replaceAll('\r\n', '\n')
    .split(/\n{2,}/)
    .filter((paragraph) => /^daypass-/im.test(paragraph))
  const [block] = paragraphs
  if (block === undefined) return 'none'
  const lines = block.replace(/\n$/, '').split('\n')
  if (paragraphs.length > 1 || !lines.every((line) => OURS.test(line))) return 'ambiguous'
  const signatures = lines.filter((line) => /^daypass-signature/i.test(line))
  if (signatures.length === 0) return { lines }
  const last = lines.at(-1) ?? ''
  if (signatures.length > 1 || !last.startsWith(SIGNATURE)) return 'ambiguous'
  return { lines: lines.slice(0, -1), signature: last.slice(SIGNATURE.length) }
}

/** Undefined where a key stands twice, or a value is not JSON. */
function readFields(lines: readonly string[]): Record<string, unknown> | undefined {
  const lists = new Map([...LISTS].map((key): [string, unknown[]] => [key, []]))
  const fields: Record<string, unknown> = Object.fromEntries(lists)
  for (const line of lines) {
    const end = line.indexOf(': ')
    const key = line.slice(0, Math.max(end, 0))
    if (!KEY.test(key)) return undefined
    const value = parseJson(line.slice(end + 2))
    const list = lists.get(key)
    if (list) list.push(value)
    else if (key in fields || value === undefined) return undefined
    else fields[key] = value
  }
  return fields
}

const KEY = /^Daypass-[A-Za-z-]+$/

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
