import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Parsed } from '../../src/core/problem.ts'
import { isRequestPath, parseLocation, parseRequest } from '../../src/core/request.ts'
import { formatInstant } from '../../src/core/window.ts'

const NOW = 1_795_435_200 // 2026-11-23T12:00:00Z
const PATH = 'access-requests/prod/customer-exports/alice-inc-4211.yaml'
const FULL = `requester: alice
reason: >
  Find the corrupt rows
  behind INC-4211
ticket: INC-4211
access: list
prefixes:
  - exports/2026/11/
  - internal/größen/
duration: 1d12h
start: 2026-11-24T10:00:00+01:00
`

function must<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2))
  return parsed.value
}

const LOCATION = must(parseLocation(PATH))
const read = (source: string, now = NOW) => parseRequest(LOCATION, source, now)
const withPrefixes = (prefixes: readonly string[]) =>
  read(
    `requester: alice\nreason: a good enough reason\nduration: 4h\nprefixes: ${JSON.stringify(prefixes)}\n`,
  )
const codesOf = (parsed: Parsed<unknown>) => (parsed.ok ? [] : parsed.problems.map(({ code }) => code))

test('a path says account, bucket and name', () => {
  expect(LOCATION).toEqual({
    path: PATH,
    account: 'prod',
    bucket: 'customer-exports',
    name: 'alice-inc-4211',
  })
})

test('a path is a request unless it is there for people', () => {
  expect(isRequestPath(PATH)).toBe(true)
  expect(isRequestPath('access-requests/odd')).toBe(true)
  expect(
    ['access-requests/README.md', 'access-requests/.gitkeep', 'docs/a.yaml'].filter(isRequestPath),
  ).toEqual([])
})

test('a full request is read into plain values', () => {
  expect(must(read(FULL)).request).toEqual({
    requester: 'alice',
    reason: 'Find the corrupt rows behind INC-4211',
    ticket: 'INC-4211',
    access: 'list',
    prefixes: ['exports/2026/11/', 'internal/größen/'],
    durationSeconds: 129_600,
    start: 1_795_510_800,
  })
})

test('the least request reads the whole bucket from the merge on', () => {
  const { request } = must(read('requester: alice\nreason: a good enough reason\nduration: 4h\n'))
  expect(request).toStrictEqual({
    requester: 'alice',
    reason: 'a good enough reason',
    access: 'read',
    prefixes: [],
    durationSeconds: 14_400,
  })
})

test('a request knows where its fields stand', () => {
  const { at } = must(read(FULL))
  expect(at('duration')).toEqual({ line: 10, column: 11 })
  expect(at('prefixes', 1)).toEqual({ line: 9, column: 5 })
})

describe('the start', () => {
  const startingAt = (start: number, now: number) =>
    codesOf(read(`${FULL.replace(/^start.*$/m, `start: ${formatInstant(start)}`)}`, now))
  const duration = 129_600

  test('may be thirty days ahead and no more', () => {
    expect(startingAt(NOW + 30 * 86_400, NOW)).toEqual([])
    expect(startingAt(NOW + 30 * 86_400 + 1, NOW)).toEqual(['start-too-far'])
  })

  test('may lie in the past as long as the window is not over', () => {
    expect(startingAt(NOW - duration + 1, NOW)).toEqual([])
    expect(startingAt(NOW - duration, NOW)).toEqual(['window-over'])
  })

  test('is judged although something else is wrong', () => {
    expect(codesOf(read('start: 2020-01-01T00:00:00Z'))).toContain('window-over')
  })
})

describe('prefixes', () => {
  test.each([
    [['exports/']],
    [['exports']],
    [['exports', 'exports/']],
    [['exports/', 'exports2/']],
    [['a b/c (1).csv', "it's+=@!,;&/"]],
    [['ÿ/']],
    [['...hidden/..file']],
    [[`${'a'.repeat(1023)}/`]],
    [Array.from({ length: 20 }, (_, index) => `folder-${index}/`)],
  ])('%j may be asked for', (prefixes) => {
    expect(codesOf(withPrefixes(prefixes))).toEqual([])
  })

  test.each([
    [['Ā/'], 'prefix-characters'],
    [['a\t/'], 'prefix-characters'],
    [['a\n/'], 'prefix-characters'],
    [['$'], 'prefix-variable'],
    [['a', 'a'], 'prefix-overlap'],
    [['a/b', 'a/'], 'prefix-overlap'],
    [['/'], 'prefix-shape'],
    [['./a'], 'prefix-shape'],
    [[`${'é'.repeat(512)}/`], 'prefix-too-long'],
    [Array.from({ length: 21 }, (_, index) => `folder-${index}/`), 'out-of-range'],
  ])('%j may not', (prefixes, code) => {
    expect(codesOf(withPrefixes(prefixes))).toContain(code)
  })

  test('that are accepted never say the same thing twice, nor hold what a policy gives a meaning', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '$', '{', '.', ' '), maxLength: 5 })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (prefixes) => {
        if (!withPrefixes(prefixes).ok) return
        expect(prefixes.join('')).not.toMatch(/[*?$]/)
        for (const folder of prefixes.filter((prefix) => prefix.endsWith('/'))) {
          expect(prefixes.filter((prefix) => prefix.startsWith(folder))).toEqual([folder])
        }
      }),
      { numRuns: 1000 },
    )
  })
})

test('whatever a request says, reading it never throws, and what is read is within the limits', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.constant(null),
    fc.array(fc.string()),
  )
  const fields = fc.record(
    {
      requester: value,
      reason: value,
      ticket: value,
      access: value,
      prefixes: value,
      duration: value,
      start: value,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fields, fc.string(), (written, noise) => {
      const parsed = read(JSON.stringify(written) + noise)
      if (parsed.ok) expect(parsed.value.request.durationSeconds).toBeLessThanOrEqual(30 * 86_400)
      else expect(parsed.problems.length).toBeGreaterThan(0)
    }),
    { numRuns: 500 },
  )
})

describe('at the very bounds', () => {
  const at = (name: string) => codesOf(parseLocation(`access-requests/prod/customer-exports/${name}`))
  const saying = (field: string) =>
    codesOf(read(`requester: alice\nreason: a good enough reason\nduration: 4h\n${field}\n`))

  test.each([
    [`${'a'.repeat(63)}.yaml`, []],
    [`${'a'.repeat(64)}.yaml`, ['request-name']],
    ['alice!.yaml', ['request-name']],
    ['alice.yaml.yaml', ['request-name']],
    ['-alice.yaml', ['request-name']],
    ['.yaml', ['request-name']],
  ])('a name is letters, digits and hyphens, at most 63: %s', (name, codes) => {
    expect(at(name)).toEqual(codes)
  })

  test.each([
    'requests/prod/customer-exports/alice.yaml',
    'access-requests/prod/alice.yaml',
    'access-requests/prod/customer-exports/deeper/alice.yaml',
  ])('a request lies nowhere else: %s', (path) => {
    expect(codesOf(parseLocation(path))).toEqual(['path-shape'])
  })

  test('a path has at most 200 characters', () => {
    const long = (length: number) => `access-requests/${'a'.repeat(length - 'access-requests/'.length)}`
    expect(codesOf(parseLocation(long(200)))).toEqual(['path-shape'])
    expect(codesOf(parseLocation(long(201)))).toEqual(['path-too-long'])
  })

  test('what people put there for themselves is no request', () => {
    expect(
      ['CODEOWNERS', '.hidden', 'prod/NOTES.md'].map((name) => isRequestPath(`access-requests/${name}`)),
    ).toEqual([false, false, false])
  })

  test.each([
    [9, ['reason-length']],
    [10, []],
    [500, []],
    [501, ['reason-length']],
  ])('a reason of %i characters', (length, codes) => {
    expect(codesOf(read(`requester: alice\nreason: ${'r'.repeat(length)}\nduration: 4h\n`))).toEqual(codes)
  })

  test.each([
    ['INC-4211', []],
    ['t'.repeat(64), []],
    ['t'.repeat(65), ['ticket']],
    ['"INC-4211 and more"', ['ticket']],
    ['"INC-4211\\nDaypass-Version: 2"', ['ticket']],
  ])('a ticket is one word: %s', (ticket, codes) => {
    expect(saying(`ticket: ${ticket}`)).toEqual(codes)
  })

  test('below an object there is nothing to list', () => {
    expect(saying('access: list\nprefixes: [a/b]')).toEqual(['list-object'])
    expect(saying('access: list\nprefixes: [a/]')).toEqual([])
    expect(saying('access: list\nprefixes: [""]')).toEqual(['prefix-shape'])
    expect(saying('access: list\nprefixes: [4]')).toEqual(['wrong-type'])
  })
})
