import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/core/account.ts'
import { bucketMatches } from '../../src/core/bucket-pattern.ts'
import type { Parsed } from '../../src/core/problem.ts'
import { parseLocation, parseRequest } from '../../src/core/request.ts'
import { applyRules, parseRules, pausedProblem } from '../../src/core/rules.ts'

function account(
  alias: string,
  id: string,
  region: string,
  partition: Account['partition'] = 'aws',
): Account {
  const arn = `arn:${partition}:iam::${id}`
  return { alias, id, partition, region, role: `${arn}:role/R`, boundary: `${arn}:policy/B` }
}

const ACCOUNTS = new Map([
  ['prod', account('prod', '111111111111', 'eu-central-1')],
  ['china', account('china', '222222222222', 'cn-north-1', 'aws-cn')],
])

function must<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2))
  return parsed.value
}

const BUCKET = '{account: prod, bucket: customer-exports, max_duration: 12h}'

function apply(rules: string, { requester = 'alice', path = 'prod/customer-exports' } = {}) {
  const location = must(parseLocation(`access-requests/${path}/example.yaml`))
  const source = `requester: ${requester}\nreason: a good enough reason\nprefixes: [a/]\nduration: 4h\n`
  const located = must(parseRequest(location, source, 0))
  return applyRules(located, location, must(parseRules(rules)), ACCOUNTS)
}

const principalFor = (person: string, options = {}) =>
  must(apply(`buckets: [${BUCKET}]\npeople: {alice: ${person}}`, options)).principal

describe('who is let in', () => {
  test('an IAM user, with its path, in the account of the bucket', () => {
    expect(principalFor('{iam_user: team/alice}')).toEqual({
      kind: 'iam-user',
      arn: 'arn:aws:iam::111111111111:user/team/alice',
    })
  })

  test('an IAM user of another account that the operator gave to the repository, in its own partition', () => {
    expect(principalFor('{iam_user: alice, account: china}')).toEqual({
      kind: 'iam-user',
      arn: 'arn:aws-cn:iam::222222222222:user/alice',
    })
  })

  test.each([
    ['session_name: alice', 'aws:userid', '*:alice'],
    ['source_identity: alice@example.com', 'aws:SourceIdentity', 'alice@example.com'],
    ['principal_tag: {key: "team:login", value: Alice A}', 'aws:PrincipalTag/team:login', 'Alice A'],
  ])('a role, with the condition {%s}', (person, key, value) => {
    expect(principalFor(`{iam_role: engineers, person: {${person}}}`)).toEqual({
      kind: 'iam-role',
      arn: 'arn:aws:iam::111111111111:role/engineers',
      person: { key, value },
    })
  })

  test('everyone in a role, only where the rules say so', () => {
    expect(principalFor('{iam_role: engineers, everyone_in_role: true}')).toEqual({
      kind: 'iam-role',
      arn: 'arn:aws:iam::111111111111:role/engineers',
    })
  })

  test('an Identity Center person', () => {
    expect(principalFor('{permission_set: DataAnalyst, user_name: alice@example.com}')).toEqual({
      kind: 'identity-center',
      accountId: '111111111111',
      partition: 'aws',
      permissionSet: 'DataAnalyst',
      userName: 'alice@example.com',
    })
  })

  test('the same person, whatever the case of the login', () => {
    expect(principalFor('{iam_user: alice}', { requester: 'ALICE' })).toEqual(
      principalFor('{iam_user: alice}'),
    )
  })

  test('whoever is not listed, by the template and in lower case; whoever is listed, as listed', () => {
    const rules = `buckets: [${BUCKET}]\npeople: {alice: {iam_user: a.smith}}\ntemplate: {iam_user: "people/{login}"}`
    expect(must(apply(rules, { requester: 'Bob' })).principal).toMatchObject({
      arn: 'arn:aws:iam::111111111111:user/people/bob',
    })
    expect(must(apply(rules)).principal).toMatchObject({ arn: 'arn:aws:iam::111111111111:user/a.smith' })
  })
})

describe('what the rules say of a person', () => {
  const codesOf = (rules: string) => {
    const parsed = parseRules(`buckets: [${BUCKET}]\n${rules}`)
    return parsed.ok ? [] : parsed.problems.map(({ code }) => code)
  }
  const withTag = (tag: object) =>
    codesOf(
      `people: {alice: {iam_role: engineers, person: {principal_tag: ${JSON.stringify({ key: 'login', value: 'alice', ...tag })}}}}`,
    )

  test.each([
    [{ key: 'k'.repeat(128) }, []],
    [{ key: 'k'.repeat(129) }, ['tag-key']],
    [{ key: '*login' }, ['tag-key']],
    [{ key: 'login*' }, ['tag-key']],
    [{ value: 'v'.repeat(256) }, []],
    [{ value: 'v'.repeat(257) }, ['tag-value']],
    [{ value: '*alice' }, ['tag-value']],
    [{ value: 'alice*' }, ['tag-value']],
  ])('is a tag that nothing in a policy reads otherwise: %j', (tag, codes) => {
    expect(withTag(tag)).toEqual(codes)
  })

  test.each([
    ['{iam_user: "people/{login}"}', []],
    ['{permission_set: DataAnalyst, user_name: "{login}@example.com"}', []],
    ['{iam_role: engineers, person: {session_name: "{login}"}}', []],
    ['{iam_role: engineers, person: {principal_tag: {key: login, value: "{login}"}}}', []],
    ['{iam_role: engineers, person: {source_identity: "{login}"}}', []],
    ['{iam_role: engineers, everyone_in_role: true}', []],
    ['{iam_user: everybody}', ['placeholder']],
    ['{iam_role: engineers, person: {session_name: everybody}}', ['placeholder']],
    ['{iam_role: "{login}", person: {session_name: everybody}}', ['placeholder']],
  ])('is told apart from everyone else by a template: %s', (template, codes) => {
    expect(codesOf(`people: {}\ntemplate: ${template}`)).toEqual(codes)
  })

  test('holds a placeholder in the template alone', () => {
    expect(codesOf('people: {alice: {iam_user: "{login}"}}')).toEqual(['iam-name'])
  })
})

describe('which entry counts', () => {
  test('the first that matches, and its account has to match too', () => {
    const rules = `buckets:
  - {account: china, bucket: customer-exports, max_duration: 5h}
  - {account: prod, bucket: customer-exports, max_duration: 6h, approvals: 2, merge: anyone}
  - {account: prod, bucket: "*", max_duration: 7h}
people: {alice: {iam_user: alice}}`
    expect(must(apply(rules))).toMatchObject({ longestWindow: 21_600, approvalsNeeded: 2, mergeBy: 'anyone' })
    expect(must(apply(rules, { path: 'prod/other' }))).toMatchObject({
      longestWindow: 25_200,
      approvalsNeeded: 1,
    })
    expect(apply(rules, { path: 'china/other' }).ok).toBe(false)
  })

  test.each([
    ['logs-*', 'logs-2026', true],
    ['logs-*', 'logs-', true],
    ['logs-*', 'xlogs-2026', false],
    ['*', 'anything', true],
    ['*-logs', 'eu-logs', true],
    ['*-logs', 'eu-logs2', false],
    ['a*a', 'a', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*b', 'ab', false],
    ['a.c', 'abc', false],
  ])('%s matches %s: %s', (pattern, bucket, matches) => {
    expect(bucketMatches(pattern, bucket)).toBe(matches)
  })

  test('patterns match as the equal regular expression does', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
    fc.assert(
      fc.property(text, name, (pattern, bucket) => {
        expect(bucketMatches(pattern, bucket)).toBe(
          new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(bucket),
        )
      }),
      { numRuns: 2000 },
    )
  })
})

test('a KMS key of the account and region of the bucket is part of the terms', () => {
  const key = 'arn:aws:kms:eu-central-1:111111111111:key/mrk-0123456789abcdef0123456789abcdef'
  const rules = `buckets: [{account: prod, bucket: customer-exports, max_duration: 12h, kms_key: "${key}"}]\npeople: {alice: {iam_user: alice}}`
  expect(must(apply(rules))).toMatchObject({ kmsKey: key })
})

test('paused rules are no mistake of the request: its terms are the same, and the pause is told apart', () => {
  const source = `paused: true\nbuckets: [${BUCKET}]\npeople: {alice: {iam_user: alice}}`
  expect(apply(source).ok).toBe(true)
  const location = must(parseLocation('access-requests/prod/customer-exports/example.yaml'))
  const located = must(
    parseRequest(location, 'requester: alice\nreason: a good enough reason\nduration: 4h', 0),
  )
  expect(pausedProblem(must(parseRules(source)), located, location)?.code).toBe('paused')
  const running = must(parseRules(source.replace('true', 'false')))
  expect(pausedProblem(running, located, location)).toBeUndefined()
})

test('no account that the operator did not give can be reached, whatever rules and path say', () => {
  const alias = fc.constantFrom('prod', 'china', 'staff', 'root')
  fc.assert(
    fc.property(alias, alias, fc.option(alias, { nil: undefined }), (folder, entry, home) => {
      const person = JSON.stringify({ iam_user: 'alice', ...(home && { account: home }) })
      const rules = `buckets: [{account: ${entry}, bucket: "*", max_duration: 12h}]\npeople: {alice: ${person}}`
      const terms = apply(rules, { path: `${folder}/customer-exports` })
      if (!terms.ok || terms.value.principal.kind !== 'iam-user') return
      expect(ACCOUNTS.has(folder)).toBe(true)
      expect(terms.value.principal.arn).toMatch(/::(?:111111111111|222222222222):user\/alice$/)
    }),
  )
})

test('whatever the rules say, reading them never throws', () => {
  const value = fc.jsonValue({ maxDepth: 4 })
  fc.assert(
    fc.property(
      fc.record({ paused: value, buckets: value, people: value, template: value }),
      fc.string(),
      (rules, noise) => {
        const parsed = parseRules(JSON.stringify(rules) + noise)
        expect(parsed.ok || parsed.problems.length > 0).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})

test.each([
  ['fields that there are not', Array.from({ length: 18_000 }, (_, index) => `field${index}: 1`).join('\n')],
  ['one field over and over', 'a:\n'.repeat(80_000)],
  ['people who are nobody', `people:\n${Array.from({ length: 18_000 }, (_, i) => ` p${i}: {}`).join('\n')}`],
])('of 240 KB of %s few problems are told, and how many more there are', (_, source) => {
  const parsed = parseRules(source)
  const problems = parsed.ok ? [] : parsed.problems
  expect(source.length).toBeGreaterThan(200_000)
  expect(problems).toHaveLength(50)
  expect(problems.at(-1)?.code).toBe('more-problems')
})
