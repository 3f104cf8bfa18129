/** Reads one file as the app does, and holds what comes out against what the file really says. */
import { deepStrictEqual } from 'node:assert'
import { load } from 'js-yaml'
import type { Account } from '../../../src/core/account.ts'
import { readAsked } from '../../../src/core/asked.ts'
import { ownersOf, parseCodeowners } from '../../../src/core/codeowners.ts'
import { codeownersProblems } from '../../../src/core/codeowners-problems.ts'
import { notText, type Parsed, type Problem, READING_CODES } from '../../../src/core/problem.ts'
import { parseRules, RULES_PATH } from '../../../src/core/rules.ts'
import { decodeUtf8, hiddenCharacters } from '../../../src/core/text.ts'
import { parseOperatorFile } from '../../../src/operator-file.ts'
import { readRules } from '../../../src/read-rules.ts'
import { operatorMeaning, requestMeaning, rulesMeaning } from './meaning.ts'
import type { Kind } from './valid-files.ts'

export type Outcome = 'taken' | 'refused'

/** Throws where anything about the answer is not right. */
export function readAndHold(kind: Kind, bytes: Uint8Array): Outcome {
  switch (kind) {
    case 'request':
      return holdRequest(bytes)
    case 'rules':
      return holdRules(bytes)
    case 'operator':
      return holdOperator(bytes)
    case 'codeowners':
      return holdCodeowners(bytes)
  }
}

/** The value that the app makes of a file, to be held against what the file was written to mean. */
export function meaningOf(kind: Kind, text: string): unknown {
  if (kind === 'codeowners')
    return parseCodeowners(text).rules.map(({ pattern, owners }) => [pattern, ...owners])
  const parsed = { request: readRequest, rules: parseRules, operator: readOperator }[kind](text)
  if (parsed.ok) return parsed.value
  throw new Error(`a right file was refused: ${JSON.stringify(parsed.problems)}`)
}

/** What a right file ought to mean, by the value it was written from. */
export function expectedMeaning(kind: Kind, value: unknown): unknown {
  if (kind === 'codeowners') return value
  return { request: requestMeaning, rules: rulesMeaning, operator: operatorMeaning }[kind](value)
}

const REQUEST_PATH = 'access-requests/prod/customer-exports/example.yaml'
const OPERATOR_PATH = 'operator.yml'
const CODEOWNERS_PATH = '.github/CODEOWNERS'
const NOW = Date.parse('2026-11-23T12:00:00Z') / 1000

const PROD: Account = {
  alias: 'prod',
  id: '111111111111',
  partition: 'aws',
  region: 'eu-central-1',
  role: 'arn:aws:iam::111111111111:role/DaypassAccountRole',
  boundary: 'arn:aws:iam::111111111111:policy/DaypassBoundary',
}
const ACCOUNTS = new Map([['prod', PROD]])
const GENEROUS = parseRules(`buckets: [{account: prod, bucket: "*", max_duration: 30d, whole_bucket: allowed}]
template: {iam_user: "people/{login}"}`)

function readRequest(text: string | undefined) {
  if (!GENEROUS.ok) throw new Error(JSON.stringify(GENEROUS.problems))
  const file = { path: REQUEST_PATH, ...(text !== undefined && { text }) }
  const asked = readAsked(file, GENEROUS.value, ACCOUNTS, NOW)
  if (!asked.ok) return asked
  const { request, terms } = asked.value
  const arn = `arn:aws:iam::111111111111:user/people/${request.requester.toLowerCase()}`
  deepStrictEqual(terms.principal, { kind: 'iam-user', arn })
  return { ok: true, value: request } as const
}

const readOperator = (text: string) => parseOperatorFile(OPERATOR_PATH, text)

function holdRequest(bytes: Uint8Array): Outcome {
  const text = decodeUtf8(bytes)
  return hold(REQUEST_PATH, text, readRequest(text), requestMeaning)
}

function holdRules(bytes: Uint8Array): Outcome {
  const text = decodeUtf8(bytes)
  const rules = { path: RULES_PATH, mode: '100644', blob: '', ...(text !== undefined && { text }) }
  return hold(RULES_PATH, text, readRules({ rules }), rulesMeaning)
}

/** Read from the disk, where what is not UTF-8 becomes a replacement character. */
function holdOperator(bytes: Uint8Array): Outcome {
  const text = Buffer.from(bytes).toString('utf8')
  return hold(OPERATOR_PATH, text, readOperator(text), operatorMeaning)
}

function hold(
  file: string,
  text: string | undefined,
  parsed: Parsed<unknown>,
  meaning: (value: unknown) => unknown,
): Outcome {
  if (!parsed.ok) return refusedWell(file, text ?? '', parsed.problems)
  if (text === undefined) throw new Error('something was read from what is no text')
  deepStrictEqual(parsed.value, meaning(load(text.replace(/^\uFEFF/, ''))))
  return 'taken'
}

const CODES: ReadonlySet<string> = new Set(READING_CODES)
const LONGEST_SENTENCE = 700

function refusedWell(file: string, text: string, problems: readonly Problem[]): 'refused' {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  let last = { line: 1, column: 1 }
  for (const problem of problems) {
    const { code, line, column, message, fix } = problem
    const wrong = [
      ...(CODES.has(code) ? [] : ['its code is not listed']),
      ...(problem.file === file ? [] : ['it is of another file']),
      ...(isWhole(line) && line <= lines.length ? [] : ['its line is not in the file']),
      ...(isWhole(column) && column <= (lines[line - 1]?.length ?? 0) + 1
        ? []
        : ['its column is not in the line']),
      ...(line > last.line || (line === last.line && column >= last.column) ? [] : ['it is out of order']),
      ...(/^[A-Z`][^\n\r]*\.$/.test(message) ? [] : ['its message is no sentence']),
      ...(/^[A-Z`][^\n\r]*[.?]$/.test(fix) ? [] : ['its fix is no sentence']),
      ...(message.length + fix.length <= LONGEST_SENTENCE ? [] : ['it is too long to read']),
      ...(hiddenCharacters(message + fix).length === 0 ? [] : ['it shows hidden characters as they are']),
    ]
    if (wrong.length > 0) throw new Error(`${wrong.join(', ')}: ${JSON.stringify(problem)}`)
    last = problem
  }
  if (problems.length === 0) throw new Error('it was refused without a problem')
  return 'refused'
}

const isWhole = (number: number) => Number.isInteger(number) && number >= 1

const PATHS = [
  REQUEST_PATH,
  'README.md',
  'access-requests/prod/**/x.yaml',
  'a b/c',
  'docs/größe/x.js',
  '.github/x',
]

/** Every line is a rule, a mistake or nothing; what a path's owners are stands in its line. */
function holdCodeowners(bytes: Uint8Array): Outcome {
  const text = decodeUtf8(bytes)
  if (text === undefined) return refusedWell(CODEOWNERS_PATH, '', [notText(CODEOWNERS_PATH)])
  const codeowners = parseCodeowners(text)
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const accounted = [...codeowners.rules, ...codeowners.errors].map(({ line }) => line)
  const written = lines.flatMap((line, index) => (/^[ \t]*(?:#|$)/.test(line) ? [] : [index + 1]))
  const isIgnored = codeowners.errors.some(({ kind }) => kind === 'File too large')
  const untold = codeowners.errorsInAll - codeowners.errors.length
  if (!isIgnored) {
    const isAccounted = new Set(accounted)
    const missing = written.filter((line) => !isAccounted.has(line))
    deepStrictEqual([isAccounted.size, missing.length], [written.length - untold, untold])
    deepStrictEqual(
      [...isAccounted, ...missing].toSorted((a, b) => a - b),
      written,
    )
  }
  for (const { line, pattern, owners } of codeowners.rules) {
    const text = (lines[line - 1] ?? '').replace(/^[ \t]+/, '')
    deepStrictEqual(text.slice(0, pattern.length), pattern)
    let rest = text.slice(pattern.length)
    for (const owner of owners) {
      const blank = /^[ \t]+/.exec(rest)?.[0] ?? 'nothing'
      deepStrictEqual(rest.slice(0, blank.length + owner.length), blank + owner)
      rest = rest.slice(blank.length + owner.length)
    }
  }
  for (const path of PATHS) {
    const found = ownersOf(codeowners, path)
    const rule = codeowners.rules.find(({ line }) => line === found?.line)
    deepStrictEqual(found?.owners, rule?.owners)
  }
  const problems = codeownersProblems(CODEOWNERS_PATH, codeowners)
  return problems.length === 0
    ? 'taken'
    : refusedWell(CODEOWNERS_PATH, text.replaceAll(/\r(?!\n)/g, ' '), problems)
}
