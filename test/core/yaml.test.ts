import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readYaml } from '../../src/core/yaml.ts'

const LIMITS = { maxBytes: 16 * 1024 }
const SAMPLE = `# a comment
first: 1
list:
  - name: a
  - name: "b"
    "quoted key": |
      text
empty:
flow: {x: [p, 'q']}
`

function located(source: string) {
  const parsed = readYaml('sample.yaml', source, LIMITS)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}

function codes(source: string, limits = LIMITS): string[] {
  const parsed = readYaml('sample.yaml', source, limits)
  return parsed.ok ? [] : parsed.problems.map(({ line, column, code }) => `${line}:${column} ${code}`)
}

describe('where things stand', () => {
  const { locate } = located(SAMPLE)

  test.each([
    [[], 'value', 2, 1],
    [['first'], 'key', 2, 1],
    [['first'], 'value', 2, 8],
    [['list'], 'value', 4, 3],
    [['list', 0], 'value', 4, 5],
    [['list', 1, 'name'], 'value', 5, 11],
    [['list', 1, 'quoted key'], 'key', 6, 5],
    [['empty'], 'value', 8, 1],
    [['flow', 'x', 1], 'value', 9, 15],
  ] as const)('%j: its %s is at %i:%i', (path, part, line, column) => {
    expect(locate(path, part)).toEqual({ line, column })
  })

  test('what is missing stands where the thing does that should hold it', () => {
    expect(locate(['nothing'])).toEqual({ line: 2, column: 1 })
    expect(locate(['list', 0, 'nothing'])).toEqual({ line: 4, column: 5 })
    expect(locate(['flow', 'nothing', 'deeper'])).toEqual({ line: 9, column: 1 })
  })

  test.each([
    ['LF', 'a: 1\nb: 2\n'],
    ['CR LF', 'a: 1\r\nb: 2\r\n'],
    ['CR', 'a: 1\rb: 2\r'],
    ['LF, after a byte order mark', '\uFEFFa: 1\nb: 2\n'],
  ])('lines end with %s', (_, source) => {
    expect(located(source).locate(['b'])).toEqual({ line: 2, column: 4 })
  })
})

test('names every unwanted thing at once', () => {
  const source = 'a: &x 1\nb: *x\nc: !!str 2\na: 3\n<<: {d: 4}\n"e": "\\u200b"\n? [f]\n: 5\n'
  expect(codes(source)).toEqual([
    '1:4 reference',
    '2:4 reference',
    '3:4 tag',
    '4:1 duplicate-key',
    '5:1 merge-key',
    '6:6 hidden-character',
    '7:3 key-not-text',
  ])
})

test.each([
  ['\u0000', 'a null'],
  ['\u0007', 'a bell'],
  ['\u007f', 'delete'],
  ['\u0085', 'next line'],
  ['\u00ad', 'a soft hyphen'],
  ['\u061c', 'an Arabic letter mark'],
  ['\u200b', 'a zero-width space'],
  ['\u200d', 'a joiner'],
  ['\u202e', 'a right-to-left override'],
  ['\u2028', 'a line separator'],
  ['\u2066', 'an isolate'],
  ['\u2800', 'a blank Braille cell'],
  ['\u3164', 'a Hangul filler'],
  ['\ufe0f', 'a variation selector'],
  ['\ufeff', 'a byte order mark'],
  ['\ud800', 'half a surrogate pair'],
  ['\u{e0041}', 'an invisible tag letter'],
])('finds %j (%s) in a value, a key and a comment', (character) => {
  expect(codes(`a: x${character}y`)).toEqual(['1:5 hidden-character'])
  expect(codes(`a${character}: x`)).toEqual(['1:2 hidden-character'])
  expect(codes(`a: x # ${character}`)).toEqual(['1:8 hidden-character'])
})

test('lets every language and emoji stand', () => {
  expect(codes('a: "Größe, 数据, بيانات, данные, 🙂"')).toEqual([])
})

test('counts bytes, not characters', () => {
  expect(codes('a: é', { maxBytes: 5 })).toEqual([])
  expect(codes('a: éé', { maxBytes: 5 })).toEqual(['1:1 too-large'])
})

test('never reaches a prototype', () => {
  expect(codes('__proto__: {polluted: true}')).toEqual(['1:1 key-not-text'])
  const value = located('constructor: 1\ntoString: 2')
  expect(value.locate(['valueOf'])).toEqual({ line: 1, column: 1 })
  expect(Object.keys(value.value as object)).toEqual(['constructor', 'toString'])
})

describe('whatever it is given', () => {
  const PIECES = [
    ': ',
    '- ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '&a',
    '*a',
    '!t',
    '|',
    '>',
    '#',
    '---',
    '...',
    '%',
    '?',
    '<<',
    'é',
  ]
  const soup = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 200,
  })

  function answers(source: string): boolean {
    const began = performance.now()
    const parsed = readYaml('fuzz.yaml', source, LIMITS)
    if (parsed.ok) parsed.value.locate(['a', 0, 'b'], 'key')
    else parsed.problems.every(({ line, column }) => line > 0 && column > 0)
    return performance.now() - began < 1000
  }

  test('it answers, soon, and never throws', () => {
    fc.assert(
      fc.property(soup, (pieces) => answers(pieces.join(''))),
      { numRuns: 2000 },
    )
  })

  test('also where a good file was changed in one place', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: SAMPLE.length }),
        fc.nat({ max: 5 }),
        fc.constantFrom(...PIECES),
        (at, cut, piece) => answers(SAMPLE.slice(0, at) + piece + SAMPLE.slice(at + cut)),
      ),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['brackets', '['.repeat(16_000)],
    ['dashes', '- '.repeat(8000)],
    ['question marks', '? '.repeat(8000)],
    ['spaces', ' '.repeat(16_000)],
    ['line ends', '\n'.repeat(16_000)],
    ['keys', Array.from({ length: 2500 }, (_, i) => `k${i}:`).join('\n')],
    ['equal keys', 'k:\n'.repeat(5000)],
    ['anchors', 'a: &a [*a,*a]\n'.repeat(1000)],
    ['escapes', `a: "${'\\u202e'.repeat(2500)}"`],
    ['hidden characters', '\u200b'.repeat(5000)],
    ['a long plain scalar', `a: ${'x: '.repeat(5000)}`],
    ['quotes', `a: ${'"'.repeat(16_000)}`],
    ['folded lines', `a: >\n${' x\n\n'.repeat(3000)}`],
  ])('many %s take no time', (_, source) => {
    expect(answers(source)).toBe(true)
  })
})
