import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Parsed } from '../../src/core/problem.ts'
import { readShape } from '../../src/core/shape.ts'
import { readYaml } from '../../src/core/yaml.ts'

function must<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}

const text = (example: string) => z.string().meta({ examples: [example] })
const Inner = z.strictObject({ leaf: text('green').optional(), twig: text('brown').optional() })
const Schema = z.strictObject({
  name: z
    .string()
    .max(5)
    .optional()
    .meta({ examples: ['alice'] }),
  digits: text('0123').optional(),
  whole: z
    .int()
    .min(2)
    .max(5)
    .optional()
    .meta({ examples: [3] }),
  flag: z
    .boolean()
    .optional()
    .meta({ examples: [true] }),
  list: z
    .array(text('item'))
    .min(2)
    .max(3)
    .optional()
    .meta({ examples: [['item', 'other']] }),
  table: z
    .record(z.string(), Inner)
    .optional()
    .meta({ examples: [{ oak: { leaf: 'green' } }] }),
  inner: Inner.optional(),
  mail: z
    .email()
    .optional()
    .meta({ examples: ['alice@example.com'] }),
})

function told(source: string, schema: z.ZodType = Schema): readonly string[] {
  const parsed = readShape(schema, must(readYaml('file.yaml', source, { maxBytes: 1000 })))
  if (parsed.ok) return []
  return parsed.problems.flatMap(({ line, column, code, message, fix }) => [
    `${line}:${column} ${code}`,
    message,
    fix,
  ])
}

describe('what is told of a file that is not of the form it has to be', () => {
  test.each([
    ['[]', '1:1 wrong-type', 'The file is a list, not a set of fields.'],
    ['whole: 2.5', '1:8 wrong-type', '`whole` is a number (`2.5`), not a whole number.'],
    ['flag: maybe', '1:7 wrong-type', '`flag` is text, not true or false.'],
    ['inner: [1]', '1:8 wrong-type', '`inner` is a list, not a set of fields.'],
    ['table: [1]', '1:8 wrong-type', '`table` is a list, not a set of fields.'],
    ['name: {a: 1}', '1:7 wrong-type', '`name` is a set of fields, not text.'],
    ['table: {oak: {leaf: [1]}}', '1:21 wrong-type', '`table.oak.leaf` is a list, not text.'],
    ['mail: nobody', '1:7 wrong-type', '`mail`: Invalid email address.'],
  ])('%s', (source, place, message) => {
    expect(told(source).slice(0, 2)).toEqual([place, message])
  })

  test.each([
    ['[]', 'Write the fields `name`, `digits`, `whole`, `flag`, `list`, `table`, `inner` or `mail`.'],
    ['digits: [1]', 'Write `digits: "0123"`.'],
    ['whole: two', 'Write `whole: 3`.'],
    ['table: [1]', 'Write `table: {"oak":{"leaf":"green"}}`.'],
    ['list: [a, [b]]', 'Write `item`.'],
    ['mail: nobody', 'Write `mail: alice@example.com`.'],
    ['inner: [1]', 'Write the fields `leaf` or `twig`.'],
  ])('with what to write instead: %s', (source, fix) => {
    expect(told(source)[2]).toBe(fix)
  })

  test.each([
    ['list: []', '`list` is an empty list.', 'Fill it in: `list: ["item","other"]`.'],
    ['list: [a]', '`list` must have at least 2 entries.', 'Write at least 2 entries.'],
    ['list: [a, b, c, d]', '`list` must have at most 3 entries.', 'Write at most 3 entries.'],
    ['name: alexander', '`name` must have at most 5 characters.', 'Write at most 5 characters.'],
    ['whole: 1', '`whole` must be at least 2.', 'Write at least 2.'],
    ['whole: 6', '`whole` must be at most 5.', 'Write at most 5.'],
  ])('with its bounds: %s', (source, message, fix) => {
    expect(told(source).slice(1)).toEqual([message, fix])
  })

  test.each([
    [
      'inner: {fruit: red}',
      '`fruit` is not a field of `inner`.',
      'Remove it; the other fields here are `leaf` or `twig`.',
    ],
    [
      'inner: {leaf: green, fruit: red}',
      '`fruit` is not a field of `inner`.',
      'Remove it; the other fields here are `twig`.',
    ],
    ['inner: {leaf: green, twig: grey, fruit: red}', '`fruit` is not a field of `inner`.', 'Remove it.'],
    ['inner: {leef: green}', '`leef` is not a field of `inner`.', 'Did you mean `leaf`?'],
    ['names: alice', '`names` is not a field.', 'Did you mean `name`?'],
  ])('with the fields that there are: %s', (source, message, fix) => {
    expect(told(source).slice(1)).toEqual([message, fix])
  })

  test('few of very many, in the order of the file, and how many more there are', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `fruit${index}: ripe\n`).join('')
    const yaml = must(readYaml('file.yaml', `${keys}whole: two`, { maxBytes: 1_000_000 }))
    const parsed = readShape(Schema, yaml)
    const problems = parsed.ok ? [] : parsed.problems
    expect(problems.slice(0, -2).map(({ line, code }) => `${line} ${code}`)).toEqual(
      Array.from({ length: 48 }, (_, index) => `${index + 1} unknown-field`),
    )
    expect(problems.slice(-2)).toMatchObject([
      { line: 20_001, code: 'wrong-type' },
      { line: 20_001, code: 'more-problems', message: 'The file has 19952 more problems.' },
    ])
  })

  test('of a list as a whole, by place and field', () => {
    expect(told('- {leaf: green}\n- {twig: {}}', z.array(Inner))).toEqual([
      '2:10 wrong-type',
      '`[1].twig` is a set of fields, not text.',
      'Write `twig: brown`.',
    ])
  })
})

test.each([{}, { params: { code: 'odd' } }, { params: { fix: 'Mend it.' } }])(
  'a check that does not say with which code and what to write is a mistake of the program: %j',
  (options) => {
    const schema = z.string().refine(() => false, { error: 'It is odd.', ...options })
    expect(() => told('text', schema)).toThrow('a check without code and fix: It is odd.')
  },
)
