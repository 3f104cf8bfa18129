/** A clone's history as entries of the audit: read in a few long streams, judged one by one. */
import { parseRules, type Rules, ruleFor } from '../../core/rules.ts'
import { type Entry, entryOf } from './entry.ts'
import { missing, type ObjectReader, readObjects } from './git-stream.ts'
import { type Life, type ReadOptions, readLives } from './lives.ts'

export interface AuditOptions extends Pick<ReadOptions, 'keys'> {
  /** Seconds since the epoch. */
  readonly now: number
  readonly onProgress: (what: string, done: number, of?: number) => void
}

const WORDS = { steps: 'Reading history', receipts: 'Checking receipts' } as const

/** An entry with what it was made from. */
export interface Audited {
  readonly entry: Entry
  readonly life: Life
  /** For its bucket, by the rules when it came; undefined where there were none that can be read. */
  readonly rule: Rule
  /** The same for each change of the file, by the rules as they were then. */
  readonly changeRules: readonly Rule[]
}

type Rule = ReturnType<typeof ruleFor>

/** Oldest first. */
export async function readAudit(
  root: string,
  head: string,
  { keys, now, onProgress }: AuditOptions,
): Promise<readonly Audited[]> {
  const lives = await readLives(root, head, {
    keys,
    onProgress: (what, done) => onProgress(WORDS[what], done),
  })
  const { texts, committed } = await lookUp(root, lives)
  const rulesOf = readRulesOnce(texts)
  const keyIds = [...keys.keys()]
  return lives.map((life) => {
    const text = texts.get(life.blobs.at(-1) ?? '')
    const [, account = '', bucket = ''] = life.path.split('/')
    const ruleBy = (blob: string | undefined): Rule => {
      const rules = blob === undefined ? undefined : rulesOf(blob)
      return rules && ruleFor(rules, { account, bucket })
    }
    const rule = ruleBy(life.rules)
    const entry = entryOf(life, {
      ...(text !== undefined && { text }),
      ...(rule && { longestWindow: rule.longestWindow }),
      committed,
      texts,
      keyIds,
      now,
    })
    return { entry, life, rule, changeRules: life.changed.map(({ rules }) => ruleBy(rules)) }
  })
}

interface LookedUp {
  /** By blob. */
  readonly texts: ReadonlyMap<string, string>
  readonly committed: ReadonlyMap<string, number>
}

async function lookUp(root: string, lives: readonly Life[]): Promise<LookedUp> {
  const texts = new Map<string, string>()
  const committed = new Map<string, number>()
  await readObjects(root, (objects) => askFor(objects, lives, { texts, committed }))
  return { texts, committed }
}

function askFor(
  objects: ObjectReader,
  lives: readonly Life[],
  { texts, committed }: { readonly texts: Map<string, string>; readonly committed: Map<string, number> },
): void {
  for (const blob of new Set(lives.flatMap(blobsOf))) {
    objects.ask(blob, (content) => {
      if (!content) throw missing(blob)
      texts.set(blob, content.toString('utf8'))
    })
  }
  for (const commit of new Set(lives.flatMap(approvedCommits))) {
    objects.ask(commit, (content) => {
      const at = content && /^committer .*> (\d+) [+-]\d{4}$/m.exec(content.toString('latin1'))?.[1]
      if (at) committed.set(commit, Number(at))
    })
  }
}

/** The file only where no receipt tells what it said; where it stands, what it was before too. */
function blobsOf({ receipt, blobs, rules, changed, removed }: Life): readonly string[] {
  const file = receipt.kind === 'found' ? [] : removed === undefined ? blobs : blobs.slice(-1)
  const all = [...file, ...[{ rules }, ...changed].flatMap((step) => step.rules ?? [])]
  return all.filter((blob) => blob !== '')
}

/** A receipt may name anything; git is asked for what looks like a commit. */
function approvedCommits({ receipt }: Life): readonly string[] {
  if (receipt.kind !== 'found') return []
  const { approvals, extensions } = receipt.receipt
  const all = extensions
    ? [approvals, ...extensions.map((extension) => extension.approvals)].flat()
    : approvals
  return all.flatMap(({ commit }) => (/^[0-9a-f]{40,64}$/.test(commit) ? [commit] : []))
}

function readRulesOnce(texts: ReadonlyMap<string, string>): (blob: string) => Rules | undefined {
  const known = new Map<string, Rules | undefined>()
  return (blob) => {
    if (known.has(blob)) return known.get(blob)
    const parsed = parseRules(texts.get(blob) ?? '')
    const rules = parsed.ok ? parsed.value : undefined
    known.set(blob, rules)
    return rules
  }
}
