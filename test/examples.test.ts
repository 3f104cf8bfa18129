/** What newcomers copy works: every example that is shipped, and every block of YAML in the pages for people, is read here. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { parseCodeowners } from '../src/core/codeowners.ts'
import { EventSchema } from '../src/core/event.ts'
import type { Parsed } from '../src/core/problem.ts'
import { parseLocation, parseRequest } from '../src/core/request.ts'
import { applyRules, parseRules } from '../src/core/rules.ts'
import { parseInstant } from '../src/core/window.ts'
import { parseOperatorFile } from '../src/operator-file.ts'
import { jsonSchemas } from '../src/schemas.ts'

const NOW = parseInstant('2026-11-23T12:00:00Z') ?? 0
const REQUEST = 'access-requests/prod/customer-exports/alice-inc-4211.yaml'

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
}

function must<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2))
  return parsed.value
}

type Kind = 'request' | 'rules' | 'operator'

function kindOf(source: string): Kind {
  if (/^requester:/m.test(source)) return 'request'
  return /^buckets:/m.test(source) ? 'rules' : 'operator'
}

function parse(kind: Kind, source: string): unknown {
  switch (kind) {
    case 'request':
      return must(parseRequest(must(parseLocation(REQUEST)), source, NOW))
    case 'rules':
      return must(parseRules(source))
    case 'operator':
      return must(parseOperatorFile('operator.yml', source))
  }
}

const blocks = ['access-requests/README.md', 'docs/reference.md'].flatMap((page) =>
  [...read(page).matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, source = ''], index) => ({
    name: `${page}, block ${index + 1}`,
    source,
  })),
)
const files = [REQUEST, 'docs/examples/daypass.yml', 'docs/examples/operator.yml'].map((path) => ({
  name: path,
  source: read(path),
}))

describe.each([...files, ...blocks])('$name', ({ source }) => {
  const kind = kindOf(source)

  test('is read without a problem', () => {
    expect(() => parse(kind, source)).not.toThrow()
  })

  test('holds against the JSON Schema that editors use', () => {
    const validate = new Ajv({ allErrors: true, keywords: ['patternErrorMessage'] }).compile(
      JSON.parse(read(`docs/schemas/${kind}.schema.json`)),
    )
    validate(load(source))
    expect(validate.errors ?? []).toEqual([])
  })
})

describe('the event stream', () => {
  const reference = read('docs/reference.md')

  test('is described with a line that holds against its schema', () => {
    const lines = [...reference.matchAll(/^```json\n(\{"version".*?)^```$/gms)].map(([, line = '']) => line)
    const validate = new Ajv({ allErrors: true, keywords: ['patternErrorMessage'] }).compile(
      JSON.parse(read('docs/schemas/event.schema.json')),
    )
    expect(lines).toHaveLength(1)
    for (const line of lines) {
      validate(JSON.parse(line))
      expect(validate.errors ?? []).toEqual([])
      expect(line.trim()).not.toContain('\n')
    }
  })

  test('is described with every kind of event', () => {
    const kinds = EventSchema.options.map(({ shape }) => shape.event.value)
    for (const kind of kinds) expect(reference).toMatch(new RegExp(`^\\| \`${kind}\` +\\|`, 'm'))
  })
})

test('editors are told of schemas that are shipped, for the files that these describe', () => {
  const page = read('docs/reference.md')
  const [, settings = ''] = /^```json\n(\{\n {2}"yaml\.schemas".*?)^```$/ms.exec(page) ?? []
  const [, line = ''] = /`(# yaml-language-server: \$schema=\S+)`/.exec(page) ?? []
  const inRepository = (path: string) => path.replace('.github/schemas/', 'docs/schemas/')
  const { 'yaml.schemas': schemas } = JSON.parse(settings) as { 'yaml.schemas': Record<string, string> }

  expect(Object.values(schemas)).toEqual(['access-requests/**/*.yaml', '.github/daypass.yml'])
  const [request = '', rules = ''] = Object.keys(schemas).map(inRepository).map(read)
  const holds = (schema: string, source: string) =>
    new Ajv({ strict: false }).validate(JSON.parse(schema), load(source))
  expect(holds(request, read(REQUEST))).toBe(true)
  expect(holds(rules, read('docs/examples/daypass.yml'))).toBe(true)
  expect(holds(rules, read(REQUEST))).toBe(false)
  // The shipped example has the same line; in an access repository the schemas lie elsewhere.
  expect(read(REQUEST)).toContain(inRepository(line))
})

test('the pages have examples of everything', () => {
  expect(new Set(blocks.map(({ source }) => kindOf(source)))).toEqual(
    new Set(['request', 'rules', 'operator']),
  )
})

test('the example of a request is allowed by the example rules in the accounts of the example operator file', () => {
  const location = must(parseLocation(REQUEST))
  const located = must(parseRequest(location, read(REQUEST), NOW))
  const rules = must(parseRules(read('docs/examples/daypass.yml')))
  const [repository] = must(parseOperatorFile('operator.yml', read('docs/examples/operator.yml'))).values()
  expect(must(applyRules(located, location, rules, repository?.accounts ?? new Map())).principal).toEqual({
    kind: 'iam-user',
    arn: 'arn:aws:iam::111111111111:user/alice',
  })
})

test('the example CODEOWNERS is read whole, and names owners for every kind of file that Daypass guards', () => {
  const source = read('docs/examples/CODEOWNERS')
  const written = source.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const { rules, errors } = parseCodeowners(source)
  expect(errors).toEqual([])
  expect(rules).toHaveLength(written.length)
})

test('the link to a new request gives a file that is right once its words in capitals are replaced', () => {
  const [, address = ''] =
    /\((https:\/\/github\.com\/OWNER\/REPO\/new\/main\?[^)]+)\)/.exec(read('access-requests/README.md')) ?? []
  const { searchParams } = new URL(address)
  const path = searchParams.get('filename') ?? ''
  const text = searchParams.get('value') ?? ''
  expect([...text.matchAll(/[A-Z]{3,}/g)].length).toBeGreaterThan(0)
  const filledPath = path
    .replace('ACCOUNT', 'prod')
    .replace('BUCKET', 'customer-exports')
    .replace('NAME', 'alice-inc-4211')
  const filled = text
    .replace('LOGIN', 'alice')
    .replace(/WHY [A-Z ,]+/, 'Find the corrupt rows behind INC-4211')
    .replace('FOLDER/', 'exports/2026/11/')
  expect(filled).not.toMatch(/[A-Z]{4,}(?!-\d)/)
  const { request } = must(parseRequest(must(parseLocation(filledPath)), filled, NOW))
  expect(request).toMatchObject({
    requester: 'alice',
    prefixes: ['exports/2026/11/'],
    durationSeconds: 14_400,
  })
})

test('the template of the link says itself what is left to fill in: as it stands, it is refused', () => {
  const value = new URL(
    /https:\/\/github\.com\/OWNER[^)]+/.exec(read('access-requests/README.md'))?.[0] ?? '',
  )
  const path = value.searchParams.get('filename') ?? ''
  expect(parseLocation(path).ok).toBe(false)
})

test.each([...jsonSchemas()])('docs/schemas/%s is what `npm run schemas` writes', (name, schema) => {
  expect(JSON.parse(read(`docs/schemas/${name}`))).toEqual(JSON.parse(JSON.stringify(schema)))
})
