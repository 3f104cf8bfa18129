import { describe, expect, test } from 'vitest'
import { type FileText, readAsked } from '../../src/core/asked.ts'
import type { Parsed } from '../../src/core/problem.ts'
import { parseRules } from '../../src/core/rules.ts'
import { asked, at, location, request, requestText } from './samples.ts'

const NOW = at('2026-11-24T09:00:00Z')
const ACCOUNTS = new Map([[asked.account.alias, asked.account]])

function must<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}

const rulesOf = (account: string) =>
  must(
    parseRules(`buckets:
  - { account: ${account}, bucket: customer-exports, max_duration: 12h }
people:
  alice: { iam_user: alice, account: ${account} }
`),
  )
const read = (file: FileText, account = 'prod', extended?: typeof request) =>
  readAsked(file, rulesOf(account), ACCOUNTS, NOW, extended)
const codes = (parsed: Parsed<unknown>) => (parsed.ok ? [] : parsed.problems.map(({ code }) => code))
const file = { path: location.path, text: requestText }

describe('what a file asks for', () => {
  test('is read with what the rules and the account say of it', () => {
    expect(must(read(file))).toMatchObject({
      location,
      request,
      account: asked.account,
      terms: { longestWindow: 12 * 3600, principal: asked.terms.principal },
    })
  })

  test.each([
    [
      'its path is no place for a request',
      { ...file, path: 'access-requests/prod/alice.yaml' },
      'path-shape',
    ],
    ['it is no text', { path: location.path }, 'not-text'],
    ['it says nothing sound', { ...file, text: 'requester: [' }, 'not-yaml'],
  ])('is nothing where %s', (_, spoiled, code) => {
    expect(codes(read(spoiled))).toContain(code)
  })

  test('is nothing where the rules lend no such bucket', () => {
    expect(codes(read(file, 'analytics'))).not.toEqual([])
  })

  test('is no extension where it is not longer', () => {
    expect(codes(read(file, 'prod', request))).toEqual(['extension-not-longer'])
  })
})
