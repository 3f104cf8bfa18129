/** Who should be able to read what, worked out from what people did alone: it shares no code with what it judges. */
import type { Asker, Folder, Login, RuleChange } from './history.ts'

export interface Asked {
  readonly path: string
  readonly pull: number
  readonly requester: Asker
  readonly folder: Folder
  /** As the newest commit of the pull request has it. */
  text: string
  hours: number
  /** The text that each one approved last. */
  readonly approvals: Map<Login, string>
  /** Who changed the request beside who asked: their approval is of their own work. */
  readonly hands: Set<Login>
  readonly revokers: Set<Login>
  /** When access is to begin, at the earliest, in seconds since the epoch; 0: with the merge. */
  readonly start: number
  merged?: { readonly by: Login; readonly at: number; text: string; hours: number }
  /** A change of the merged text that was merged itself, approved by an owner or not. */
  extension?: Extension
  /** The pull request of the last one that came into force. */
  extendedBy?: number
  /** Whether the default branch held something else at its path since the merge. */
  left: boolean
  /** Access was given, or refused for good, or is over. Unset while nothing was decided. */
  fate?: 'given' | 'over'
}

export interface Extension {
  readonly pull: number
  readonly text: string
  readonly hours: number
  readonly approved: boolean
  readonly revokers: Set<Login>
}

export interface Rules {
  maxHours: number
  paused: boolean
  bucket: boolean
  alice: boolean
  broken: boolean
}

export interface Oracle {
  readonly asked: Asked[]
  readonly rules: Rules
  readonly owners: Set<Login>
  readonly gone: Set<Login>
  /** Whether CODEOWNERS or rules were changed without an owner's approval: nothing new is given from then on. */
  trustBroken: boolean
}

export function newOracle(): Oracle {
  return {
    asked: [],
    rules: { maxHours: 12, paused: false, bucket: true, alice: true, broken: false },
    owners: new Set(['olivia', 'oscar']),
    gone: new Set(),
    trustBroken: false,
  }
}

export function changeRules(rules: Rules, change: RuleChange): void {
  switch (change) {
    case 'shorter':
    case 'longer':
      rules.maxHours = change === 'shorter' ? 2 : 12
      return
    case 'pause':
    case 'go on':
      rules.paused = change === 'pause'
      return
    case 'no bucket':
    case 'bucket':
      rules.bucket = change === 'bucket'
      return
    case 'no alice':
    case 'alice':
      rules.alice = change === 'alice'
      return
    case 'broken':
    case 'mended':
      rules.broken = change === 'broken'
  }
}

/** `Asker folder`, as `alice internal/`. */
export type Reads = ReadonlySet<string>

/** What may be read at most from now on, until the app has looked and all is settled. */
export function mayRead(oracle: Oracle, now: number): Reads {
  const ahead = structuredClone(oracle)
  const given = oracle.asked.filter(({ fate }) => fate === 'given')
  for (const asked of ahead.asked) {
    decide(ahead, asked, now, 'first look')
    // It may be extended at the same look at which it is given.
    if (asked.fate === 'given' && asked.merged) extend(ahead, asked, asked.merged, now)
  }
  return readsOf([...given, ...ahead.asked.filter(({ fate }) => fate === 'given')], now)
}

/** Once the app has looked and all is settled. */
export function settle(oracle: Oracle, now: number): Reads {
  for (const asked of oracle.asked) {
    decide(oracle, asked, now, 'first look')
    decide(oracle, asked, now, 'later')
    // It may have been given back on the extension that is in force only now.
    decide(oracle, asked, now, 'later')
  }
  return readsOf(
    oracle.asked.filter(({ fate }) => fate === 'given'),
    now,
  )
}

function readsOf(given: readonly Asked[], now: number): Reads {
  return new Set(
    given
      .filter((asked) => now >= startOf(asked) && now < endOf(asked))
      .map(({ requester, folder }) => `${requester} ${folder}`),
  )
}

/** Endless where it was never merged. */
function startOf({ start, merged }: Asked): number {
  return merged === undefined ? Number.POSITIVE_INFINITY : Math.max(start, merged.at)
}

function endOf(asked: Asked): number {
  return startOf(asked) + (asked.merged?.hours ?? 0) * 3600
}

function decide(oracle: Oracle, asked: Asked, now: number, when: 'first look' | 'later'): void {
  const { merged } = asked
  if (merged === undefined || asked.fate === 'over') return
  if (asked.fate === 'given') {
    if (mustEnd(oracle, asked, merged, now)) asked.fate = 'over'
    else extend(oracle, asked, merged, now)
    return
  }
  if (when === 'later' || oracle.trustBroken || oracle.rules.broken || oracle.rules.paused) return
  asked.fate = isDue(oracle, asked, merged, now) ? 'given' : 'over'
}

function extend(oracle: Oracle, asked: Asked, merged: NonNullable<Asked['merged']>, now: number): void {
  const { extension } = asked
  if (extension === undefined) return
  const { text, hours, approved } = extension
  // By rules that can't be read nothing is told of it: who stands in for owners is in there, too.
  if (oracle.rules.broken) return
  // Made shorter it is no extension, whoever approves of it.
  if (approved && hours > merged.hours && (oracle.trustBroken || oracle.rules.paused)) return
  const holds =
    approved && hours > merged.hours && now < endOf(asked) && isAllowed(oracle.rules, asked.requester, hours)
  if (holds) {
    Object.assign(merged, { text, hours })
    for (const by of extension.revokers) asked.revokers.add(by)
    asked.extendedBy = extension.pull
    delete asked.extension
  } else {
    asked.fate = 'over'
  }
}

function isDue(oracle: Oracle, asked: Asked, merged: NonNullable<Asked['merged']>, now: number): boolean {
  const approved = (['olivia', 'oscar'] as const).some(
    (owner) => asked.approvals.get(owner) === merged.text && !asked.hands.has(owner),
  )
  return (
    approved &&
    (merged.by === 'olivia' || merged.by === 'oscar') &&
    !asked.left &&
    !oracle.gone.has(asked.requester) &&
    isAllowed(oracle.rules, asked.requester, merged.hours) &&
    // A start of long ago is none: what would have been over by the merge is refused.
    (asked.start === 0 || merged.at < asked.start + merged.hours * 3600) &&
    now < endOf(asked)
  )
}

function mustEnd(
  { rules, owners, gone }: Oracle,
  asked: Asked,
  merged: NonNullable<Asked['merged']>,
  now: number,
): boolean {
  const givenBack = [...asked.revokers].some((by) => by === asked.requester || owners.has(by))
  const disallowed = !rules.broken && !isAllowed(rules, asked.requester, merged.hours)
  return now >= endOf(asked) || asked.left || givenBack || disallowed || gone.has(asked.requester)
}

function isAllowed({ bucket, alice, maxHours }: Rules, requester: Asker, hours: number): boolean {
  return bucket && (alice || requester !== 'alice') && hours <= maxHours
}
