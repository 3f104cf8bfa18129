import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatDuration,
  formatInstant,
  parseDuration,
  parseInstant,
  phaseOf,
  windowOf,
} from '../../src/core/window.ts'

describe('a duration', () => {
  test.each([
    ['30m', 1800],
    ['4h', 14_400],
    ['1d12h', 129_600],
    ['90s', 90],
    ['1d2h3m4s', 93_784],
    ['0m', 0],
    ['PT4H', 14_400],
    ['P1D', 86_400],
    ['P1DT12H', 129_600],
    ['PT1H30M15S', 5415],
  ])('%s is %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  test.each([
    '',
    '4',
    'h',
    '4 h',
    ' 4h',
    '4h ',
    '4h\n',
    '4H',
    '4hours',
    '4h; rm',
    '-4h',
    '+4h',
    '4.5h',
    '4e3h',
    '12h1d',
    '4h4h',
    'P',
    'PT',
    'P1M',
    'P1Y',
    'P1W',
    'P1DT',
    'PT4',
    'PT1D',
    'P4H',
    'pt4h',
    '1234567h',
    '４h',
    '4h\u0000',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  test('is read back as it was written, whatever its length', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 400 * 86_400 }),
        (seconds) => parseDuration(formatDuration(seconds)) === seconds,
      ),
    )
  })

  test('is written in the largest units that fit', () => {
    expect([0, 59, 3600, 5400, 90_061].map(formatDuration)).toEqual(['0s', '59s', '1h', '1h30m', '1d1h1m1s'])
  })
})

describe('a point in time', () => {
  test.each([
    ['2026-11-24T09:00:00Z', 1_795_510_800],
    ['2026-11-24T09:00Z', 1_795_510_800],
    ['2026-11-24T09:00:00.000Z', 1_795_510_800],
    ['2026-11-24T10:00:00+01:00', 1_795_510_800],
    ['2026-11-24T03:30:00-05:30', 1_795_510_800],
    ['2028-02-29T00:00:00Z', 1_835_395_200],
    ['1970-01-01T00:00:00Z', 0],
  ])('%s is %i seconds after the epoch', (text, seconds) => {
    expect(parseInstant(text)).toBe(seconds)
  })

  test.each([
    '2026-11-24',
    '2026-11-24T09:00:00',
    '2026-11-24 09:00:00Z',
    '2026-02-30T09:00:00Z',
    '2027-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-24T24:00:00Z',
    '2026-11-24T09:60:00Z',
    '2026-11-24T09:00:60Z',
    '2026-11-24T09:00:00.5Z',
    '2026-11-24T09:00:00.Z',
    '2026-11-24T09:00:00+0100',
    '2026-11-24T09:00:00+25:00',
    '2026-11-24t09:00:00z',
    ' 2026-11-24T09:00:00Z',
    '2026-11-24T09:00:00Z\n',
    'tomorrow',
    '',
  ])('%j is none', (text) => {
    expect(parseInstant(text)).toBeUndefined()
  })

  test('is read back as it was written, for every second of many years', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 32 }), (seconds) => parseInstant(formatInstant(seconds)) === seconds),
    )
  })
})

describe('a window', () => {
  const merged = 1000

  test('begins at the merge where the request names no start', () => {
    expect(windowOf({ durationSeconds: 60 }, merged)).toEqual({ start: 1000, end: 1060 })
  })

  test('begins at a later start, and then lasts its whole duration', () => {
    expect(windowOf({ start: 5000, durationSeconds: 60 }, merged)).toEqual({ start: 5000, end: 5060 })
  })

  test('never begins before the merge, and an earlier start does not shorten it', () => {
    expect(windowOf({ start: 10, durationSeconds: 60 }, merged)).toEqual({ start: 1000, end: 1060 })
  })

  test('is open from its first second on, and over at its end', () => {
    const window = { start: 1000, end: 1060 }
    expect([999, 1000, 1059, 1060].map((now) => phaseOf(window, now))).toEqual([
      'waiting',
      'open',
      'open',
      'over',
    ])
  })
})
