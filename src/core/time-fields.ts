/** Durations and instants as fields of a YAML file: read into seconds, with what to write instead when they can't be. */
import { z } from 'zod'
import type { Mistake } from './problem.ts'
import { inForm } from './shape.ts'
import { quote } from './text.ts'
import { DAY, DURATION, formatDuration, INSTANT, parseDuration, parseInstant } from './window.ts'

/** No window is longer, whatever the rules say. */
export const LONGEST_DURATION = 30 * DAY

const DURATION_FIX = 'Write days, hours and minutes as `30m`, `4h`, `1d12h` or `PT4H`.'
const INSTANT_FIX = 'Write date, time and time zone as `2026-11-24T09:00:00Z` or `2026-11-24T10:00:00+01:00`.'

export const durationField = (description: string, example: string) =>
  z
    .string()
    .meta({ description, examples: [example], ...inForm(DURATION, DURATION_FIX) })
    .transform((text, { issues }) => {
      const seconds = parseDuration(text)
      if (seconds !== undefined && seconds > 0 && seconds <= LONGEST_DURATION) return seconds
      issues.push(issueOf(text, seconds === undefined ? notDuration(text) : durationOutOfRange(text)))
      return z.NEVER
    })

export const instantField = (description: string) =>
  z
    .string()
    .meta({ description, examples: ['2026-11-24T09:00:00Z'], ...inForm(INSTANT, INSTANT_FIX) })
    .transform((text, { issues }) => {
      const seconds = parseInstant(text)
      if (seconds !== undefined) return seconds
      issues.push(issueOf(text, notInstant(text)))
      return z.NEVER
    })

const issueOf = (input: string, { code, message, fix }: Mistake) =>
  ({ code: 'custom', input, message, params: { code, fix }, continue: true }) as const

const notDuration = (text: string): Mistake => ({
  code: 'duration',
  message: `${quote(text)} is not a duration.`,
  fix: DURATION_FIX,
})

const durationOutOfRange = (text: string): Mistake => ({
  code: 'duration-range',
  message: `${quote(text)} is not longer than nothing and at most ${formatDuration(LONGEST_DURATION)}.`,
  fix: 'Ask for the time that you need, and again if it was too short.',
})

const notInstant = (text: string): Mistake => ({
  code: 'instant',
  message: `${quote(text)} is not a point in time.`,
  fix: INSTANT_FIX,
})
