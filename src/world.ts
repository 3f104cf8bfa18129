/** What one look at one repository works with: its configuration, the two clouds behind their ports, the time, and a little memory. */
import type { RepositoryConfig } from './config.ts'
import type { Account } from './core/account.ts'
import type { RefusedOrder } from './core/early-end.ts'
import { eventOf, type Happening } from './core/event.ts'
import type { Person } from './core/evidence.ts'
import type { StandingGrant } from './core/grant.ts'
import type { Sign } from './core/receipt-signature.ts'
import type { FoundOnRole } from './core/record.ts'
import type { EventStream } from './event-stream.ts'
import type { Looked } from './look-again.ts'
import {
  type GrantReader,
  type GrantWriter,
  RateLimited,
  type RepositoryReader,
  type RepositoryWriter,
} from './ports.ts'

/** The part of a pino logger that the flows use. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface World {
  readonly repository: RepositoryConfig
  /** Undefined while GitHub can't be reached: ending access needs IAM alone. */
  readonly github?: GitHub
  readonly grants: GrantReader & GrantWriter
  /** Seconds since the epoch. */
  readonly now: () => number
  /** How wrong the machine's own clock is, in seconds; `now` is right all the same. */
  readonly clockError?: () => number
  readonly log: Log
  readonly memory: Memory
  /** Signs receipts; without it they are only claims. */
  readonly sign?: Sign
  readonly events: EventStream
  /** Whether the next look is waited for already, as by somebody who ended an access. */
  readonly isAwaited: () => boolean
}

/** All of the world but the way to read and write grants. */
export type PreviewWorld = Omit<World, 'grants'> & Pick<GrantReader, 'hasRoom' | 'isWithinBoundary'>

/** What was read of IAM. */
export interface Iam {
  readonly standing: readonly StandingGrant[]
  /** Aliases of the accounts that could not be read: nothing is concluded about them. */
  readonly unreadable: ReadonlySet<string>
}

export interface GitHub {
  /** `https://github.com/acme/access` */
  readonly url: string
  readonly defaultBranch: string
  readonly reader: RepositoryReader
  readonly writer: RepositoryWriter
}

/** A press of the button that ends access; `of` is the hash of the request's identity. */
export interface Click {
  readonly of: string
  readonly by: Person
}

/** Saves round trips between two looks. All but `clicks` can be read again, and a new process starts without. */
export interface Memory {
  /** What the record and comment of a request were last brought to, by request; and by the path of the rules, which ones were reported as broken. */
  readonly published: Map<string, string>
  /** Files on the branch that nothing more happens to, by path, while the branch stays at that commit. */
  readonly settled: Map<string, { readonly blob: string; readonly commit: string }>
  /** Blobs of the files in accounts that can't be read of which people were told so, by path. */
  readonly shut: Map<string, string>
  /** Grants written or ended by this process that IAM may not list as they are yet, by role name. */
  readonly written: Map<string, { readonly standing: StandingGrant; readonly at: number }>
  /** Since when a role that is on record as granted was not found in IAM, by request. */
  readonly missing: Map<string, number>
  /** Commits whose checks say what they should. */
  readonly previewed: Map<string, Previewed>
  /** The commit whose checks come first at the next look, as the last one was cut short before them. */
  leftOff?: string | undefined
  /** How often events have pointed at something whose change shows in no list; only ever a reason to look. */
  readonly hints: Hints
  /** Numbers of the pull requests that were open when closed ones were last looked for. */
  openPulls?: string
  /** Heads whose checks somebody asked for again. */
  readonly recheck: Set<string>
  /** Live grants that were still allowed when last asked, by request: at which commit of the branch. */
  readonly allowed: Map<string, Looked>
  /** How a standing role was last seen and told of, by request. */
  readonly upheld: Map<string, Looked & Pick<StandingGrant, 'trust'>>
  /** What was last found changed on a role, by role name. */
  readonly found: Map<string, FoundOnRole>
  /** Of which end somebody was reminded, by request. */
  readonly reminded: Map<string, number>
  /** Whether the log says that the repository is public. */
  toldPublic: boolean
  /** Not dealt with yet. */
  clicks: readonly Click[]
  /** Who asked in vain for the end of a grant, by request. */
  readonly refused: Map<string, readonly RefusedOrder[]>
  /** Whether a branch of a merged revert pull request may have been left: after a start, or after something failed. */
  untidy: boolean
  /** Since when GitHub has answered with a branch that lacks a merge of a grant; seconds since the epoch. */
  behindSince?: number | undefined
  /** Things that could not be done in this look and must be tried again soon; how many of them for a rate limit. */
  failures: number
  limited: number
  /** How many looks in a row could not do all. */
  failedLooks: number
  /** `endedAt`: seconds since the epoch. `isFound`: whether the app is installed on the repository; undefined where GitHub did not say. */
  lastLook?: { readonly endedAt: number; readonly failures: number; readonly isFound?: boolean }
  /** Since when GitHub may be asked again, where this look met a rate limit; seconds since the epoch. */
  rateLimitedUntil: number | undefined
  /** How many roles still stand long after their window. */
  notRemoved: number
  /** The roles that are still there though their window is over, by ARN, and since when this process finds them so. */
  left: ReadonlyMap<string, { readonly standing: StandingGrant; readonly since: number }>
  /** What the issue about such roles says; undefined until this process has looked for one. */
  alarm?: string
}

export interface Previewed {
  /** Of all whose change would show in what is read at every look. */
  readonly key: string
  /** When the evidence was last read, and when the checks that stand on GitHub were, in seconds since the epoch. */
  readonly at: number
  readonly checkedAt: number
  /** When it is somebody else's turn to answer, in seconds since the epoch. */
  readonly due?: number
  /** Paths that a merge would be honoured of. */
  readonly approved: readonly string[]
  /** Of all that the checks say. */
  readonly told: string
}

export interface Hints {
  everything: number
  /** By number. */
  readonly pulls: Map<number, number>
}

export function createMemory(): Memory {
  return {
    published: new Map(),
    settled: new Map(),
    shut: new Map(),
    written: new Map(),
    missing: new Map(),
    previewed: new Map(),
    hints: { everything: 0, pulls: new Map() },
    recheck: new Set(),
    allowed: new Map(),
    upheld: new Map(),
    found: new Map(),
    reminded: new Map(),
    toldPublic: false,
    clicks: [],
    refused: new Map(),
    untidy: true,
    failures: 0,
    limited: 0,
    failedLooks: 0,
    rateLimitedUntil: undefined,
    notRemoved: 0,
    left: new Map(),
  }
}

/** Tries one thing; a failure is logged and counted, and never keeps the others from their turn. */
export async function attempt<T>(
  world: Pick<World, 'repository' | 'log' | 'memory'>,
  what: string,
  fields: Readonly<Record<string, unknown>>,
  action: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    world.memory.failures += 1
    const until = rateLimitIn(error)
    if (until !== undefined) {
      world.memory.limited += 1
      world.memory.rateLimitedUntil = until
    }
    world.log.error(
      { repository: world.repository.id, ...fields, err: error },
      `Could not ${what}; it is tried again`,
    )
    return undefined
  }
}

/** Puts into the event stream what happened; never fails. */
export function tell(
  { repository, events, now }: Pick<World, 'repository' | 'events' | 'now'>,
  happening: Happening,
): Promise<void> {
  return events.tell(eventOf(repository, now(), happening))
}

function rateLimitIn(error: unknown): number | undefined {
  if (error instanceof RateLimited) return error.until
  return error instanceof Error ? rateLimitIn(error.cause) : undefined
}

export function accountOf(
  { repository }: Pick<World, 'repository'>,
  { account: alias }: { readonly account: string },
): Account {
  const account = repository.accounts.get(alias)
  if (account === undefined) throw new Error(`${alias} is no account of repository ${repository.id}`)
  return account
}
