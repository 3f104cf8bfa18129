/** What the control's callers send: read into values, or refused in a sentence. */
import { z } from 'zod'

/** A request that makes no sense, and the sentence that says why. */
export class BadInput extends Error {}

/** Years have four digits in everything that is written down. */
const LAST_INSTANT = Date.UTC(9999, 11, 31)

const clockMove = z.union([
  z.strictObject({ set: z.iso.datetime({ offset: true }) }),
  z.strictObject({ advance: z.string() }),
])

export function readInstant(body: string, now: number): number {
  const move = clockMove.safeParse(parseJson(body))
  if (!move.success) throw new BadInput('Send {"set": "2026-11-24T09:00:00Z"} or {"advance": "4h"}.')
  const instant = 'set' in move.data ? Date.parse(move.data.set) : now + readDuration(move.data.advance)
  if (!(instant <= LAST_INSTANT)) throw new BadInput('The clock goes no further than the year 9999.')
  return instant
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The body as the schema wants it; `example` is shown to whoever sent something else. */
export function readBodyAs<Value>(body: string, schema: z.ZodType<Value>, example: string): Value {
  const read = schema.safeParse(parseJson(body))
  if (!read.success) throw new BadInput(`Send ${example}.`)
  return read.data
}

/** In milliseconds. */
export function readDuration(text: string): number {
  const match = /^(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text)
  if (!match) throw new BadInput('A duration is written as 90s, 30m, 4h, 2d or 1d12h.')
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((digits) => Number(digits ?? 0))
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
}
