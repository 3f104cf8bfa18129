/** The life of every request's file: when it came, how it changed, how it went, and the receipt that went with it. */
import { AUTHENTICITY, type Authenticity, type Receipt, readReceipt } from '../../core/receipt.ts'
import { keyIdIn, type PublicKeys } from '../../core/receipt-signature.ts'
import { RULES_PATH } from '../../core/rules.ts'
import { missing, type ObjectReader, readObjects, readTokens } from './git-stream.ts'
import { pullOf, readSteps, type Step, timeOf } from './history.ts'
import { createSignatureChecker, type SignatureChecker } from './signatures.ts'

export interface Life {
  readonly path: string
  readonly added: Step
  /** All that the file held, the first first. */
  readonly blobs: readonly string[]
  readonly changed: readonly ChangedBy[]
  readonly removed?: Step
  /** Blob of the rules when it came. */
  readonly rules?: string
  readonly receipt: FoundReceipt
  /** Its receipt lies behind the branch, but on no commit of the branch's own line. */
  readonly isHidden?: true
}

export type ChangedBy = Step & {
  /** Blob of the rules at that time. */
  readonly rules?: string
}

export type FoundReceipt =
  | { readonly kind: 'none' }
  | Refusal
  | {
      readonly kind: 'found'
      readonly receipt: Receipt
      readonly authenticity: Authenticity
      /** The key that its signature names, where that was not given; undefined too where it has no signature. */
      readonly unknownKey?: string
    }
  /** Something that passes itself off as this request's receipt, and is not. */
  | { readonly kind: 'forged' }

/** A commit says in the app's words that nothing had been granted. Nobody signs that: all else is what it says of itself. */
export interface Refusal {
  readonly kind: 'refused'
  readonly code: string
  /** Which pull request it speaks of, where it names one. */
  readonly pull?: number
  /** Address of its author. */
  readonly author: string
  /** When its author wrote it, in seconds since the epoch. */
  readonly at: number
}

interface Growing {
  readonly path: string
  readonly added: Step
  readonly blobs: string[]
  readonly changed: ChangedBy[]
  removed?: Step
  readonly rules?: string
  receipt: FoundReceipt
  readonly isHidden?: true
}

/** How far behind a merge its receipt is looked for: a revert that was brought up to date has a merge before it. */
const FARTHEST = 50

export interface ReadOptions {
  readonly keys: PublicKeys
  readonly onProgress: (what: 'steps' | 'receipts', done: number) => void
}

/** Oldest first. */
export async function readLives(
  root: string,
  head: string,
  { keys, onProgress }: ReadOptions,
): Promise<readonly Life[]> {
  const checker = createSignatureChecker(keys, (done) => onProgress('receipts', done))
  const messages = new Map<string, Message>()
  const take = (commit: string, from: ObjectReader) =>
    from.ask(commit, (content) => {
      // Whatever was left out of the clone would look as if it had never been.
      if (!content) throw missing(commit)
      messages.set(commit, readMessage(content, checker))
    })
  const steps: Step[] = []
  const beside = readSigned(root, head)
  // Whether it went wrong is heard when it is waited for.
  beside.catch(() => {})
  await readObjects(root, async (objects) => {
    for await (const step of readSteps(root, head, (read) => onProgress('steps', read))) {
      steps.push(step)
      if (step.changes.some(({ kind }) => kind === 'removed'))
        for (const commit of spokesmen(step)) take(commit, objects)
    }
  })
  const lives = grow(steps.reverse())
  await readFarther(root, lives, messages, take)
  const unread = (await beside).filter((commit) => !messages.has(commit))
  await readEach(root, unread, take)
  await checker.end()
  const found = lives.map((life) => findReceipt(life, messages))
  const used = new Map<string, FoundReceipt>()
  // What is signed is the receipt, wherever the copy lies.
  for (const one of [...found.filter(isSigned), ...found]) if (one.kind === 'found') claim(one, used)
  for (const [index, life] of lives.entries()) {
    const one = found[index] ?? life.receipt
    life.receipt = one.kind === 'found' && used.get(keyOf(one.receipt)) !== one ? { kind: 'forged' } : one
  }
  const hidden = (await beside).flatMap((commit) => hiddenLife(commit, messages.get(commit), keys, used))
  return [...lives, ...hidden]
}

/** Every commit behind the head that says it bears a signed receipt, also where the branch's own line does not lead past it. */
async function readSigned(root: string, head: string): Promise<readonly string[]> {
  const found: string[] = []
  const log = ['log', '--grep=^Daypass-Signature: ', '--encoding=UTF-8', '--no-show-signature', '-z']
  for await (const tokens of readTokens(root, [...log, '--format=%H', head, '--']))
    found.push(...tokens.map((token) => token.trim()).filter((token) => token !== ''))
  return found
}

async function readEach(
  root: string,
  commits: readonly string[],
  take: (commit: string, from: ObjectReader) => void,
): Promise<void> {
  if (commits.length === 0) return
  await readObjects(root, (objects) => {
    for (const commit of commits) take(commit, objects)
  })
}

/**
 * A receipt that no removal on the branch's own line bears: a merge on the wrong parent, or something laid on top of it,
 * keeps it from sight. Without a key to check it by, anybody may have written it anywhere.
 */
function hiddenLife(
  commit: string,
  message: Message | undefined,
  keys: PublicKeys,
  used: Map<string, FoundReceipt>,
): readonly Growing[] {
  if (message?.said.kind !== 'receipt' || message.said.receipt === undefined) return []
  const { receipt, authenticity } = message.said
  if (authenticity !== (keys.size > 0 ? 'signed' : 'claimed')) return []
  const one: FoundReceipt = { kind: 'found', receipt, authenticity }
  if (used.has(keyOf(receipt))) return []
  claim(one, used)
  const { parents, at, author, subject } = message
  const step: Step = { commit, parents, at, author, subject, changes: [] }
  const { path, blob } = receipt
  return [{ path, added: step, blobs: [blob], changed: [], removed: step, isHidden: true, receipt: one }]
}

/** The commits that speak for a step: what a merge brought in, or the commit itself. */
function spokesmen({ commit, parents }: Step): readonly string[] {
  return parents.length > 1 ? parents.slice(1) : [commit]
}

/** What a commit that speaks for a removal says. */
interface Message extends Pick<Step, 'parents' | 'at' | 'author' | 'subject'> {
  readonly said:
    | { readonly kind: 'nothing' }
    | Refusal
    /** Known once its signature was checked; no receipt where none can be read. */
    | {
        readonly kind: 'receipt'
        readonly receipt: Receipt | undefined
        authenticity: Authenticity
        unknownKey?: string
      }
}

/** A raw commit: headers, a blank line, the message. The text itself is not kept: there may be very many. */
function readMessage(content: Buffer, checker: SignatureChecker): Message {
  const end = content.indexOf('\n\n')
  const headers = content.toString('latin1', 0, end)
  const parents = headers
    .split('\n')
    .flatMap((line) => (line.startsWith('parent ') ? [line.slice('parent '.length)] : []))
  const text = content.toString('utf8', end + 2)
  const [, author = '', at = ''] = COMMITTER.exec(headers) ?? []
  const subject = text.split('\n', 1)[0] ?? ''
  return { parents, author, at: timeOf(at), subject, said: readSaid(headers, text, checker) }
}

const REFUSED =
  /^Take out a request that was not granted(?: \(#([1-9]\d*)\))?[\s\S]*\bIt was refused \(([a-z-]+)\), and nothing was opened in AWS\./
const AUTHOR = /^author .*<([^>]*)> (\d+) /m
const COMMITTER = /^committer (.*?) <[^>]*> (\d+) /m
const OURS = /^daypass-/im

function readSaid(headers: string, text: string, checker: SignatureChecker): Message['said'] {
  const refusal = REFUSED.exec(text)
  if (refusal) return readRefusal(headers, refusal)
  if (!OURS.test(text)) return { kind: 'nothing' }
  const { receipt, signed } = readReceipt(text)
  const said: Message['said'] & { kind: 'receipt' } = {
    kind: 'receipt',
    receipt,
    authenticity: typeof signed === 'string' ? signed : 'claimed',
  }
  if (typeof signed !== 'string')
    checker.ask(signed, (check) => {
      said.authenticity = AUTHENTICITY[check]
      const key = check === 'unknown-key' ? keyIdIn(signed.written) : undefined
      // A copy: a part of a text would keep the whole.
      if (key !== undefined) said.unknownKey = Buffer.from(key).toString()
    })
  return said
}

function readRefusal(headers: string, [, pull, code = '']: RegExpExecArray): Refusal {
  const [, author = '', at = ''] = AUTHOR.exec(headers) ?? []
  const told = { code, author, at: Number(at), ...(pull !== undefined && { pull: Number(pull) }) }
  return { kind: 'refused', ...told }
}

function grow(steps: readonly Step[]): readonly Growing[] {
  const lives: Growing[] = []
  const current = new Map<string, Growing>()
  let rules: string | undefined
  for (const step of steps) {
    for (const { kind, path, after } of step.changes) {
      if (path === RULES_PATH) {
        rules = kind === 'removed' ? undefined : after
        continue
      }
      const life = current.get(path)
      if (kind === 'removed') {
        if (life) life.removed = step
        current.delete(path)
      } else if (life) {
        life.changed.push({ ...step, ...(rules !== undefined && { rules }) })
        life.blobs.push(after)
      } else {
        const born: Growing = {
          path,
          added: step,
          blobs: [after],
          changed: [],
          ...(rules !== undefined && { rules }),
          receipt: { kind: 'none' },
        }
        lives.push(born)
        current.set(path, born)
      }
    }
  }
  return lives
}

/** Where what a merge brought in is itself a merge, as of a branch that was brought up to date, the receipt is behind it. */
async function readFarther(
  root: string,
  lives: readonly Growing[],
  messages: Map<string, Message>,
  take: (commit: string, from: ObjectReader) => void,
): Promise<void> {
  let behind = lives.flatMap(({ removed }) =>
    removed && removed.parents.length > 1 ? spokesmen(removed) : [],
  )
  for (let distance = 0; distance < FARTHEST && behind.length > 0; distance++) {
    const next = behind.flatMap((commit) => {
      const message = messages.get(commit)
      const [first] = message?.parents ?? []
      const isMerge = (message?.parents.length ?? 0) > 1
      return message && isMerge && first !== undefined && message.said.kind !== 'receipt'
        ? [{ commit, first }]
        : []
    })
    if (next.length === 0) return
    await readEach(
      root,
      next.map(({ first }) => first),
      take,
    )
    // What lies behind speaks for the merge from now on.
    for (const { commit, first } of next) {
      const found = messages.get(first)
      if (found) messages.set(commit, found)
    }
    behind = next.map(({ commit }) => commit)
  }
}

function isSigned(found: FoundReceipt): boolean {
  return found.kind === 'found' && found.authenticity === 'signed'
}

/** A receipt is of one life; shown a second time it is a copy. */
function claim(found: FoundReceipt & { readonly kind: 'found' }, used: Map<string, FoundReceipt>): void {
  const key = keyOf(found.receipt)
  if (!used.has(key)) used.set(key, found)
}

function keyOf({ repositoryId, path, pull }: Receipt): string {
  return `${repositoryId} ${pull} ${path}`
}

function findReceipt(life: Growing, messages: ReadonlyMap<string, Message>): FoundReceipt {
  const { removed } = life
  if (removed === undefined) return { kind: 'none' }
  for (const commit of spokesmen(removed)) {
    const said = messages.get(commit)?.said
    if (said?.kind === 'refused') return said
    if (said?.kind !== 'receipt') continue
    const { receipt, authenticity, unknownKey } = said
    if (receipt !== undefined && receipt.path !== life.path) continue
    if (receipt === undefined || authenticity === 'forged' || !belongsTo(receipt, life))
      return { kind: 'forged' }
    return { kind: 'found', receipt, authenticity, ...(unknownKey !== undefined && { unknownKey }) }
  }
  return { kind: 'none' }
}

/** Seconds that the clocks of two who wrote a commit or a receipt may lie apart. */
export const CLOCKS = 60

/** The same bytes, the pull request that the branch names, where it names one, and no end from before the file had come. */
function belongsTo({ blob, pull, endedAt }: Receipt, { blobs, added }: Growing): boolean {
  const named = pullOf(added)
  return blobs.includes(blob) && (named === undefined || named === pull) && endedAt >= added.at - CLOCKS
}
