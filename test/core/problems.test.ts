/** Every mistake that reading can name, as files (`.txt`, so that no formatter mends them); what people are told lies in one golden file. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { formatProblems, readConfig } from '../../src/config.ts'
import type { Account } from '../../src/core/account.ts'
import { readAsked } from '../../src/core/asked.ts'
import { CODEOWNERS_BYTES, CODEOWNERS_LINES, parseCodeowners } from '../../src/core/codeowners.ts'
import { codeownersProblems } from '../../src/core/codeowners-problems.ts'
import { checkGrantSize } from '../../src/core/grant.ts'
import { inWhole, type Parsed, type Problem, READING_CODES } from '../../src/core/problem.ts'
import { parseLocation, parseRequest } from '../../src/core/request.ts'
import { applyRules, parseRules, pausedProblem } from '../../src/core/rules.ts'
import { decodeUtf8 } from '../../src/core/text.ts'
import { parseInstant } from '../../src/core/window.ts'
import { parseOperatorFile } from '../../src/operator-file.ts'
import { readRules } from '../../src/read-rules.ts'
import { SETTING_CODES } from '../../src/settings.ts'
import { sampleGrant } from './grant-samples.ts'

const FIXTURES = new URL('../fixtures/problems/', import.meta.url)
const NOW = parseInstant('2026-11-23T12:00:00Z') ?? 0
const ACCOUNTS: ReadonlyMap<string, Account> = new Map([
  [
    'prod',
    {
      alias: 'prod',
      id: '111111111111',
      partition: 'aws',
      region: 'eu-central-1',
      role: 'arn:aws:iam::111111111111:role/DaypassAccountRole',
      boundary: 'arn:aws:iam::111111111111:policy/DaypassBoundary',
    },
  ],
])

function read(path: string): string {
  return readFileSync(new URL(path, FIXTURES), 'utf8')
}

function filesIn(folder: string): string[] {
  return readdirSync(new URL(folder, FIXTURES)).sort()
}

function must<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2))
  return parsed.value
}

const problemsOf = (parsed: Parsed<unknown>): readonly Problem[] => (parsed.ok ? [] : parsed.problems)

const EXAMPLE = must(parseLocation('access-requests/prod/customer-exports/example.yaml'))

function underRules(file: string): readonly Problem[] {
  const source = read(`under-rules/${file}`)
  const [, path = ''] = /^# (\S+)\n/.exec(source) ?? []
  const location = must(parseLocation(path))
  const located = must(parseRequest(location, source, NOW))
  const rules = { ...must(parseRules(read('under-rules/rules.txt'))), paused: file === 'paused.txt' }
  const paused = pausedProblem(rules, located, location)
  const tooLarge = checkGrantSize(sampleGrant({ identity: { path }, request: located.request }))
  return [
    ...(paused ? [paused] : []),
    ...problemsOf(applyRules(located, location, rules, ACCOUNTS)),
    ...(tooLarge ? [inWhole(path, tooLarge)] : []),
  ]
}

/** As the app reads a file of a pull request: no text where the bytes are not UTF-8. */
function asRequest(file: string): readonly Problem[] {
  const text = decodeUtf8(readFileSync(new URL(`request/${file}`, FIXTURES)))
  const source = { path: EXAMPLE.path, ...(text !== undefined && { text }) }
  return problemsOf(readAsked(source, must(parseRules(read('under-rules/rules.txt'))), ACCOUNTS, NOW))
}

/** What every example of an extension is to extend. */
const EXTENDED = must(
  parseRequest(EXAMPLE, readFileSync(new URL('extension/extended.yaml.txt', FIXTURES), 'utf8'), NOW),
).request

function asExtension(file: string): readonly Problem[] {
  const source = { path: EXAMPLE.path, text: read(`extension/${file}`) }
  return problemsOf(
    readAsked(source, must(parseRules(read('under-rules/rules.txt'))), ACCOUNTS, NOW, EXTENDED),
  )
}

const asCodeowners = (text: string) => codeownersProblems('CODEOWNERS', parseCodeowners(text))

interface Example {
  readonly name: string
  readonly problems: readonly Problem[]
}

const requests: Example[] = filesIn('request').map((file) => ({
  name: `request/${file}`,
  problems: asRequest(file),
}))
const paths: Example[] = read('paths.txt')
  .trim()
  .split('\n')
  .map((path) => ({ name: `paths.txt: ${path.slice(0, 80)}`, problems: problemsOf(parseLocation(path)) }))
const rules: Example[] = filesIn('rules').map((file) => ({
  name: `rules/${file}`,
  problems: problemsOf(parseRules(read(`rules/${file}`))),
}))
const terms: Example[] = filesIn('under-rules')
  .filter((file) => file !== 'rules.txt')
  .map((file) => ({ name: `under-rules/${file}`, problems: underRules(file) }))
const extensions: Example[] = filesIn('extension')
  .filter((file) => file !== 'extended.yaml.txt')
  .map((file) => ({ name: `extension/${file}`, problems: asExtension(file) }))
const operator: Example[] = filesIn('operator').map((file) => ({
  name: `operator/${file}`,
  problems: problemsOf(parseOperatorFile('operator.yml', read(`operator/${file}`))),
}))
const codeowners: Example[] = [
  ...filesIn('codeowners').map((file) => ({
    name: `codeowners/${file}`,
    problems: asCodeowners(read(`codeowners/${file}`)),
  })),
  { name: 'CODEOWNERS of 3 MB', problems: asCodeowners('#'.repeat(CODEOWNERS_BYTES)) },
  {
    name: 'CODEOWNERS of a hundred mistakes, the last problem',
    problems: asCodeowners('!a\n'.repeat(100)).slice(-1),
  },
  { name: 'CODEOWNERS without an end', problems: asCodeowners('* @a\n'.repeat(CODEOWNERS_LINES + 1)) },
]
const noRules: Example = { name: 'no rules', problems: problemsOf(readRules({})) }
const examples = [
  ...requests,
  ...paths,
  ...rules,
  noRules,
  ...terms,
  ...extensions,
  ...operator,
  ...codeowners,
]

test('what people are told of each mistake is what the golden file says', async () => {
  const told = examples.map(({ name, problems }) => {
    const lines = problems.map(
      ({ line, column, code, message, fix }) => `${line}:${column} ${code}\n    ${message}\n    ${fix}`,
    )
    return `${name}\n${lines.map((line) => `  ${line}`).join('\n')}\n`
  })
  await expect(told.join('\n')).toMatchFileSnapshot('../fixtures/problems/expected.txt')
})

test('every code has an example, and no example gives a code that is not listed', () => {
  const given = new Set(examples.flatMap(({ problems }) => problems.map(({ code }) => code)))
  expect([...given].sort()).toEqual([...READING_CODES].sort())
})

test('a file named for a code shows that code', () => {
  const named = examples.filter(
    ({ name }) => /\/(?!everything)[a-z-]+\.txt$/.test(name) && !name.startsWith('paths'),
  )
  const wrong = named.filter(({ name, problems }) => {
    const code = name.replace(/^.*\/|\.txt$/g, '')
    return !problems.some((problem) => problem.code === code)
  })
  expect(wrong).toEqual([])
})

test('each problem stands inside its file, and says in whole sentences what is wrong and how to mend it', () => {
  for (const { problems } of examples) {
    for (const problem of problems) {
      expect(problem.line).toBeGreaterThanOrEqual(1)
      expect(problem.column).toBeGreaterThanOrEqual(1)
      expect(problem.message).toMatch(/^[A-Z`].*\.$/)
      expect(problem.fix).toMatch(/^[A-Z`].*[.?]$/)
    }
  }
})

describe('settings that can not be used', () => {
  const settings = filesIn('settings').map((file) => {
    const env = Object.fromEntries(
      read(`settings/${file}`)
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    const files: Record<string, string> = {
      'operator.yml': readFileSync(new URL('../../docs/examples/operator.yml', import.meta.url), 'utf8'),
      'broken-operator.yml': read('operator/arn.txt'),
    }
    const missing = () => Object.assign(new Error(), { code: 'ENOENT' })
    const outcome = readConfig(env, {
      read(path) {
        const text = files[path]
        if (text === undefined) throw missing()
        return text
      },
      prepare() {
        throw missing()
      },
    })
    return { file, env, problems: outcome.ok ? [] : outcome.problems }
  })

  test('are told as the golden file says', async () => {
    const told = settings.map(({ file, env, problems }) => `${file}\n${formatProblems(problems, env)}\n`)
    await expect(told.join('\n')).toMatchFileSnapshot('../fixtures/problems/expected-settings.txt')
  })

  test('have an example of every code, named for it, with a whole sentence and a way out each', () => {
    expect(settings.map(({ file }) => file.replace('.txt', '')).sort()).toEqual([...SETTING_CODES].sort())
    for (const { file, problems } of settings) {
      expect(problems.map(({ code }) => `${code}.txt`)).toContain(file)
      for (const { message, fix } of problems) {
        expect(message).toMatch(/^[A-Z`].*\.$/)
        expect(fix).toMatch(/^[A-Z`].*[.?]$/)
      }
    }
  })
})
