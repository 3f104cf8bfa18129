/** What editors say of a file while it is typed is what Daypass says of it later: the JSON Schemas, held against the product's own reading. */
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseLocation, parseRequest } from '../src/core/request.ts'
import { parseInstant } from '../src/core/window.ts'
import { jsonSchemas } from '../src/schemas.ts'

const NOW = parseInstant('2026-11-23T12:00:00Z') ?? 0
const PATH = 'access-requests/prod/customer-exports/alice-inc-4211.yaml'
const SOUND = { requester: 'alice', reason: 'Find the corrupt rows', duration: '4h' }

const ajv = new Ajv({ allErrors: true, keywords: ['patternErrorMessage'] })
const holds = ajv.compile(jsonSchemas().get('request.schema.json') ?? {})

/** The codes of Daypass's own problems. */
function codes(request: object): readonly string[] {
  const location = parseLocation(PATH)
  if (!location.ok) throw new Error('the path is sound')
  // JSON is YAML.
  const parsed = parseRequest(location.value, JSON.stringify(request), NOW)
  return parsed.ok ? [] : parsed.problems.map(({ code }) => code)
}

/** Fields as people write them and as they should not, near to every limit. */
const texts = (alphabet: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...alphabet), { maxLength }).map((parts) => parts.join(''))
const FIELDS = {
  reason: fc.oneof(
    texts(['a', 'ü', '😀', ' ', '\n', '\r', ' ', 'reason '], 14),
    fc.integer({ min: 490, max: 503 }).map((length) => ` ${'😀'.repeat(length)} `),
    fc.string({ unit: 'grapheme' }),
  ),
  duration: texts(['1', '4', '30', '000000', 'd', 'h', 'm', 's', 'P', 'T', 'D', 'H', 'M', 'S', ' ', '.'], 6),
  start: texts(
    [
      '2026-11-24',
      '2026-11-31',
      'T',
      '09:00',
      '24:00',
      ':00',
      ':61',
      '.000',
      '.5',
      'Z',
      '+01:00',
      '-15:00',
      ' ',
    ],
    5,
  ),
  ticket: texts(['INC', '-', '4211', '/', '#', ' ', 'x'.repeat(60)], 4),
  requester: texts(['alice', '-', '_', 'acme', '@', 'x'.repeat(38)], 4),
}
const PREFIX = fc.oneof(
  texts(['a', 'b/', '/', '.', '..', './', '*', '?', '$', ' ', 'ü', 'Ω', '\t', '\u00a0', '\u00ad'], 6),
  fc.string({ unit: 'binary' }),
)

describe('a request in an editor', () => {
  test('is marked in every field whose form Daypass refuses, and in no other', () => {
    const unseen: readonly string[] = [
      // Refused wherever it stands; and what a number adds up to, or a day, no pattern tells.
      'hidden-character',
      'duration-range',
      'instant',
      'window-over',
      'start-too-far',
    ]
    for (const [field, values] of Object.entries(FIELDS)) {
      fc.assert(
        fc.property(values, (value) => {
          const request = { ...SOUND, [field]: value }
          const found = codes(request)
          if (found.some((code) => unseen.includes(code))) return
          expect({ request, marked: !holds(request) }).toEqual({ request, marked: found.length > 0 })
        }),
        { numRuns: 400 },
      )
    }
  })

  test('is marked at a start that is no point in time, and never at one that is', () => {
    fc.assert(
      fc.property(FIELDS.start, (start) => {
        if (parseInstant(start) !== undefined) expect(holds({ ...SOUND, start })).toBe(true)
      }),
    )
    for (const start of ['tomorrow', '2026-11-24', '2026-11-24T09:00:00', '2026-11-24T09:00:00.5Z'])
      expect(holds({ ...SOUND, start })).toBe(false)
  })

  test('is marked at every prefix that Daypass refuses by itself', () => {
    fc.assert(
      fc.property(fc.uniqueArray(PREFIX, { minLength: 1, maxLength: 2 }), (prefixes) => {
        const request = { ...SOUND, prefixes }
        const found = codes(request).filter((code) => code !== 'prefix-overlap')
        if (found.includes('hidden-character')) return
        expect({ request, marked: !holds(request) }).toEqual({ request, marked: found.length > 0 })
      }),
      { numRuns: 1000 },
    )
    expect(holds({ ...SOUND, prefixes: ['a/', 'a/'] })).toBe(false)
    expect(holds({ ...SOUND, prefixes: ['a'.repeat(1024)] })).toBe(true)
    expect(holds({ ...SOUND, prefixes: ['a'.repeat(1025)] })).toBe(false)
  })

  test('is marked with what to write instead, not with a pattern', () => {
    const typed = ['request', 'rules', 'operator'].map((name) => jsonSchemas().get(`${name}.schema.json`))
    const count = (word: string) => JSON.stringify(typed).split(`"${word}":`).length
    expect(count('pattern')).toBeGreaterThan(10)
    expect(count('patternErrorMessage')).toBe(count('pattern'))
  })
})
