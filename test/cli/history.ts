/** A history of requests, written straight into a repository: as GitHub merges them, and as the app takes them out again. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { formatReceipt, type Receipt } from '../../src/core/receipt.ts'
import { ed25519Signer, type Sign } from '../../src/core/receipt-signature.ts'

/** A commit that was written; each has a mark by which git knows it until the end. */
type Mark = number

export interface Importer {
  /** `parents`: the first one's files are what `change` (in fast-import's words) is made to. */
  commit(
    branch: string,
    at: number,
    message: string,
    parents: readonly Mark[],
    change: string,
    author?: Author,
  ): Mark
  /** One commit on main. */
  push(at: number, message: string, change: string, author?: Author): Mark
  /** One commit beside main and its merge; returns the former. */
  merge(at: number, pull: number, message: string, change: string, author?: Author): Mark
  /** Puts a file there. */
  file(path: string, text: string): string
  main(): Mark
  shaOf(mark: Mark): Promise<string>
  /** Resolves when git has taken what was written so far. */
  drain(): Promise<void>
  end(): Promise<void>
}

/** Left out: as whoever commits, and then. */
export interface Author {
  readonly name: string
  readonly at?: number
}

/** The app's account, as GitHub writes it. */
export const APP = { name: 'daypass[bot] <41898282+daypass[bot]@users.noreply.github.com>' }

/** `root`: a repository with no commit on main. One process of git writes everything. */
export function importInto(root: string): Importer {
  const git = spawn('git', ['-C', root, 'fast-import', '--quiet', '--done', '--cat-blob-fd=1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(git, 'close')
  let text = ''
  let marks = 0
  let main = 0
  const data = (content: string) => `data ${Buffer.byteLength(content)}\n${content}\n`
  const drain = async () => {
    if (!git.stdin.write(text)) await once(git.stdin, 'drain')
    text = ''
  }
  const importer: Importer = {
    commit(branch, at, message, [from, merged], change, author) {
      text += `commit refs/heads/${branch}\nmark :${++marks}\n`
      if (author) text += `author ${author.name} ${author.at ?? at} +0000\n`
      text += `committer Somebody <somebody@acme.example> ${at} +0000\n${data(message)}`
      if (from) text += `from :${from}\n`
      if (merged) text += `merge :${merged}\n`
      text += `${change}\n`
      if (branch === 'main') main = marks
      return marks
    },
    push: (at, message, change, author) =>
      importer.commit('main', at, message, main ? [main] : [], change, author),
    merge(at, pull, message, change, author) {
      const side = importer.commit('side', at, message, [main], change, author)
      importer.commit('main', at + 30, `Merge pull request #${pull} from acme/side`, [main, side], change)
      return side
    },
    file(path, content) {
      text += `blob\nmark :${++marks}\n${data(content)}`
      return `M 100644 :${marks} ${path}`
    },
    main: () => main,
    async shaOf(mark) {
      text += `get-mark :${mark}\n`
      const answered = once(git.stdout, 'data')
      await drain()
      return String((await answered)[0]).trim()
    },
    async drain() {
      if (text.length > 1 << 20) await drain()
    },
    async end() {
      text += 'done\n'
      await drain()
      git.stdin.end()
      git.stdout.resume()
      const [code] = await ended
      if (code !== 0) throw new Error(`git fast-import ended with ${code}`)
    },
  }
  return importer
}

export interface HistoryOptions {
  readonly requests: number
  readonly privateKey: string
  /** What becomes of the n-th; left out: an ordinary grant with a signed receipt. */
  readonly odd?: (n: number) => Oddity | undefined
}

export type Oddity =
  | 'no-receipt'
  | 'forged'
  | 'unsigned'
  | 'pushed'
  | 'self'
  | 'late'
  | 'still-open'
  | 'refused'

/** Seconds since the epoch: when it begins, and how far requests lie apart. */
export const BEGIN = Date.parse('2024-01-01T00:00:00Z') / 1000
const APART = 600
const HOURS = 3600
/** How many stand at once. */
const STANDING = 24

export const RULES = `buckets:
  - { account: prod, bucket: '*', max_duration: 12h, whole_bucket: allowed }
people: {}
template: { iam_user: '{login}' }
`

interface Asked {
  readonly n: number
  readonly path: string
  readonly receipt: Receipt
  readonly odd: Oddity | undefined
}

export async function writeHistory(
  root: string,
  { requests, privateKey, odd = () => undefined }: HistoryOptions,
): Promise<void> {
  const git = importInto(root)
  const sign = ed25519Signer(privateKey)
  git.push(BEGIN, 'Begin', git.file('.github/daypass.yml', RULES))
  const standing: Asked[] = []
  const takeOut = ({ n, path, receipt, odd: kind }: Asked, at: number) => {
    if (kind !== 'still-open')
      git.merge(
        at,
        requests + n,
        removal(receipt, kind, sign),
        `D ${path}`,
        kind === 'refused' ? APP : undefined,
      )
  }
  for (let n = 1; n <= requests; n++) {
    const at = BEGIN + n * APART
    const kind = odd(n)
    const { path, text, receipt } = request(n, at, kind)
    const change = git.file(path, text)
    if (kind === 'pushed') git.push(at + 30, `Add ${path}`, change)
    else git.merge(at, n, `Ask for ${n}`, change)
    standing.push({ n, path, receipt, odd: kind })
    const oldest = standing.length > STANDING ? standing.shift() : undefined
    if (oldest) takeOut(oldest, at + 60)
    await git.drain()
  }
  for (const [index, asked] of standing.entries()) takeOut(asked, BEGIN + (requests + index + 1) * APART)
  await git.end()
}

function removal(receipt: Receipt, kind: Oddity | undefined, sign: Sign): string {
  switch (kind) {
    case 'no-receipt':
      return 'Tidy up'
    case 'refused':
      return `Take out a request that was not granted (#${receipt.pull})\n\nIt was refused (approvals-missing), and nothing was opened in AWS.`
    case 'unsigned':
      return formatReceipt(receipt)
    case 'forged':
      return formatReceipt(receipt, sign).replace(/^Daypass-Reason: .*$/m, 'Daypass-Reason: "Something else"')
    default:
      return formatReceipt(receipt, sign)
  }
}

function request(
  n: number,
  at: number,
  kind: Oddity | undefined,
): { readonly path: string; readonly text: string; readonly receipt: Receipt } {
  const requester = `person-${n % 300}`
  const bucket = `bucket-${n % 40}`
  const path = `access-requests/prod/${bucket}/request-${n}.yaml`
  const reason = `Find the corrupt rows behind INC-${n}`
  const text = `requester: ${requester}\nreason: ${reason}\nprefixes: [exports/]\nduration: 4h\n`
  const from = at + 30
  const until = from + 4 * HOURS
  const approver = kind === 'self' ? requester : `owner-${n % 7}`
  const receipt: Receipt = {
    repositoryId: 1001,
    path,
    blob: blobId(text),
    pull: n,
    requester: { login: requester, id: 1000 + (n % 300) },
    reason,
    account: 'prod',
    accountId: '111122223333',
    bucket,
    prefixes: ['exports/'],
    access: 'read',
    approvals: [{ login: approver, id: 50, commit: 'f'.repeat(40), at: at + 20 }],
    mergedBy: { login: approver, id: 50 },
    from,
    until,
    endedAt: kind === 'late' ? until + 900 : until,
    endedBecause: 'expired',
    roleArn: `arn:aws:iam::111122223333:role/daypass/rt/request-${n}`,
  }
  return { path, text, receipt }
}

/** As git names the file, before git has seen it: the receipt holds it. */
export function blobId(text: string): string {
  return createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex')
}
