/** Turns what GitHub answered into an error that says what failed, why, and how to mend it. */
import { RateLimited, Unreadable } from '../ports.ts'

/** A write that GitHub refused or that got no answer; whether it happened is read again by the next run. */
class Unwritable extends Error {
  override readonly name = 'Unwritable'
  constructor(what: string, cause: unknown) {
    super(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

export function unreadable(what: string, error: unknown): Unreadable {
  return error instanceof Unreadable ? error : new Unreadable(what, explained(error))
}

/** Runs one write. Answers that the caller expects are told apart by `statusOf` inside `send`. */
export async function write<T>(what: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof Unreadable || error instanceof Unwritable) throw error
    throw new Unwritable(what, explained(error))
  }
}

/** Runs one write that GitHub may refuse for good: returns why, if so. */
export async function tryWrite(what: string, send: () => Promise<unknown>): Promise<string | undefined> {
  return write(what, async () => {
    try {
      await send()
      return undefined
    } catch (error) {
      const refused = finalRefusal(error)
      if (refused === undefined) throw error
      return refused
    }
  })
}

interface Refusal {
  readonly status: number
  readonly message: string
  readonly url: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** The HTTP status that an Octokit error stands for; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return refusalOf(error)?.status
}

/** Whether a 404 lies at the bottom of an error. */
export function isNotFound(error: unknown): boolean {
  return (
    statusOf(error) === 404 ||
    (error instanceof Error && error.cause !== undefined && isNotFound(error.cause))
  )
}

/** What GitHub says where it will not do this, however often it is asked; undefined for what may pass. */
function finalRefusal(error: unknown): string | undefined {
  const refusal = refusalOf(error)
  if (!refusal || isRateLimited(refusal) || !FINAL.has(refusal.status)) return undefined
  return explained(error).message
}

const FINAL: ReadonlySet<number> = new Set([403, 404, 410, 422])

function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined
  // Octokit calls it a 500 where no answer came at all.
  const response = field(error, 'response')
  if (response === undefined) return undefined
  const headers = field(response, 'headers')
  const url = field(response, 'url') ?? field(field(error, 'request'), 'url')
  return {
    status: error.status,
    message: error.message,
    url: typeof url === 'string' ? url : '',
    headers: isRecord(headers) ? headers : {},
  }
}

/** From when on GitHub may be asked again (seconds since the epoch); undefined where no rate limit was met. */
export function rateLimitEnd(error: unknown, now: number): number | undefined {
  const refusal = refusalOf(error)
  if (!refusal || !isRateLimited(refusal)) return undefined
  const {
    'retry-after': after,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': reset,
  } = refusal.headers
  const told = after === undefined ? (remaining === '0' ? Number(reset) - now : DEFAULT_WAIT) : Number(after)
  return now + Math.min(Math.max(Number.isFinite(told) ? told : DEFAULT_WAIT, 1), LONGEST_WAIT)
}

/** What GitHub advises where it does not say how long; and no limit lasts longer than an hour. Seconds. */
const DEFAULT_WAIT = 60
const LONGEST_WAIT = 3600

function explained(error: unknown): Error {
  if (error instanceof RateLimited) return error
  const refusal = refusalOf(error)
  if (!refusal)
    return new Error(`GitHub could not be reached (${String(error)}); it is tried again`, { cause: error })
  const { pathname } = URL.canParse(refusal.url) ? new URL(refusal.url) : { pathname: refusal.url }
  return new Error(
    `GitHub answered ${refusal.status} at ${pathname}: ${refusal.message}. ${remedy(refusal, pathname)}`,
    {
      cause: error,
    },
  )
}

function remedy(refusal: Refusal, pathname: string): string {
  if (isRateLimited(refusal)) return `The rate limit is used up${resetOf(refusal)}; it is tried again`
  switch (refusal.status) {
    case 401:
      return 'Check APP_ID and PRIVATE_KEY, that the installation is not suspended, and that the clock is right'
    case 403:
      return `Give the app the permission ${permissionFor(refusal, pathname)} and accept it in the installation`
    case 404:
      return `Check that the app is installed on this repository, with the permission ${permissionFor(refusal, pathname)}`
    case 409:
    case 422:
      return 'Something changed in between, or a rule of the repository forbids it; it is tried again'
    default:
      return 'It is tried again'
  }
}

function isRateLimited({ status, message, headers }: Refusal): boolean {
  if (status === 429) return true
  const isLimit = headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers
  return status === 403 && (isLimit || /\brate limit\b/i.test(message))
}

function resetOf({ headers }: Refusal): string {
  const reset = Number(headers['x-ratelimit-reset'])
  return reset > 0 ? ` until ${new Date(reset * 1000).toISOString()}` : ''
}

const PERMISSIONS: readonly (readonly [RegExp, string])[] = [
  [/\/check-runs/, 'Checks: write'],
  [/\/(issues|pulls)\b/, 'Pull requests: write'],
  [/^(\/api\/v3)?\/orgs\/[^/]+\/teams/, 'Members (organization): read'],
  [/\/(git|contents|commits|compare|activity)\b/, 'Contents: write'],
]

/** GitHub names the permission in a header; older GitHub Enterprise does not. */
function permissionFor({ headers }: Refusal, pathname: string): string {
  const accepted = headers['x-accepted-github-permissions']
  if (typeof accepted === 'string' && accepted !== '') return accepted
  return PERMISSIONS.find(([pattern]) => pattern.test(pathname))?.[1] ?? 'Metadata: read'
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
