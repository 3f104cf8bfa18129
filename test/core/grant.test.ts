import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/core/account.ts'
import {
  checkGrantSize,
  END_REASONS,
  endedPolicy,
  endedTrust,
  type Grant,
  parseStanding,
  policyText,
  type RoleFacts,
  readEnd,
} from '../../src/core/grant.ts'
import { ANALYTICS, HOUR, PROD, START, sampleGrant } from './grant-samples.ts'

const anyIdentity = fc.record({
  repositoryId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  path: fc
    .string({ minLength: 1, maxLength: 80 })
    .map((name) => `access-requests/prod/some-bucket/${name}.yaml`),
  pull: fc.integer({ min: 1, max: 1_000_000_000 }),
})
const anyWindow = fc
  .tuple(fc.integer({ min: 0, max: 4_000_000_000 }), fc.integer({ min: 1, max: 31 * 24 * HOUR }))
  .map(([start, length]) => ({ start, end: start + length }))

function listed(grant: Grant, change: Partial<RoleFacts> = {}): RoleFacts {
  return {
    path: grant.rolePath,
    roleName: grant.roleName,
    arn: grant.roleArn,
    description: grant.description,
    trustPolicy: JSON.parse(policyText(grant.trustPolicy)),
    ...change,
  }
}

function kindOf(role: RoleFacts, account: Account = PROD): string {
  return parseStanding(role, account).kind
}

describe('the name of a role', () => {
  test('is a readable part and a hash, under the path of the repository', () => {
    const grant = sampleGrant()
    expect(grant.rolePath).toBe('/daypass/dfndxq/')
    expect(grant.roleName).toMatch(/^alice-inc-4211-[0-9a-f]{20}$/)
    expect(grant.roleArn).toBe(`arn:aws:iam::111111111111:role/daypass/dfndxq/${grant.roleName}`)
  })

  test('is the same for the same request, whatever its bytes and window are', () => {
    const other = sampleGrant({ blob: 'b'.repeat(40), window: { start: 1, end: 2 } })
    expect(other.roleName).toBe(sampleGrant().roleName)
  })

  test('is another one for another repository, another file or another pull request', () => {
    const names = [
      sampleGrant(),
      sampleGrant({ identity: { repositoryId: 812_345_679 } }),
      sampleGrant({ identity: { path: 'access-requests/prod/billing-archive/alice-inc-4211.yaml' } }),
      sampleGrant({ identity: { pull: 13 } }),
    ].map(({ roleName }) => roleName)
    expect(new Set(names).size).toBe(4)
  })

  test('fits what IAM and its console take, whatever the file is called', () => {
    fc.assert(
      fc.property(anyIdentity, (identity) => {
        const { rolePath, roleName } = sampleGrant({ identity })
        expect(roleName).toMatch(/^[a-z0-9][a-z0-9-]*-[0-9a-f]{20}$/)
        expect((rolePath + roleName).length).toBeLessThanOrEqual(64)
      }),
    )
  })
})

describe('what a role says of itself', () => {
  test('is a sentence that a person can read', () => {
    expect(sampleGrant().description).toBe(
      `Daypass request of pull request #12, file access-requests/prod/customer-exports/alice-inc-4211.yaml, blob ${'a'.repeat(40)}, from 2026-11-24T09:00:00Z until 2026-11-24T13:00:00Z`,
    )
  })

  test('reads back as the request, the bytes and the window it was made from', () => {
    fc.assert(
      fc.property(anyIdentity, anyWindow, (identity, window) => {
        const grant = sampleGrant({ identity, window })
        const { roleName, rolePath, roleArn, account, blob } = grant
        const standing = {
          identity,
          account,
          roleName,
          rolePath,
          roleArn,
          blob,
          window,
          state: { kind: 'live' },
        }
        expect(parseStanding(listed(grant), PROD)).toEqual({ kind: 'standing', standing })
        expect(grant.description).toMatch(/^[\u0020-\u007e]*$/)
      }),
    )
  })

  test('is put into tags in characters that IAM takes', () => {
    const { tags } = sampleGrant({ request: { ticket: 'INC#42 <ü>' } })
    expect(tags).toEqual({
      'daypass:repository': '812345678',
      'daypass:pull': '12',
      'daypass:file': 'access-requests/prod/customer-exports/alice-inc-4211.yaml',
      'daypass:requester': 'alice',
      'daypass:start': '2026-11-24T09:00:00Z',
      'daypass:end': '2026-11-24T13:00:00Z',
      'daypass:ticket': 'INC_42 ___',
    })
  })
})

describe('a role under the path that the app did not write like this', () => {
  const grant = sampleGrant()

  test.each([
    ['has no description', { description: undefined }],
    ['has a description of its own', { description: 'a role for the data team' }],
    ['says a little more than the app would', { description: `${grant.description}.` }],
    ['names another pull request', { description: grant.description.replace('#12', '#13') }],
    ['names another file', { description: grant.description.replace('inc-4211', 'inc-4212') }],
    ['has an end before its start', { description: grant.description.replace('T13:', 'T08:') }],
    ['names a time that does not exist', { description: grant.description.replace('T13:', 'T25:') }],
    ['lies under the path of another repository', { path: '/daypass/dfndxr/' }],
    ['lies below the path', { path: `${grant.rolePath}more/` }],
    ['writes its repository in another way', { path: '/daypass/0dfndxq/' }],
    ['lies outside the path', { path: '/' }],
  ] satisfies [string, Partial<RoleFacts>][])('is foreign when it %s', (_, change) => {
    const role = listed(grant, change)
    const arn = role.arn.replace(grant.rolePath, role.path)
    expect(kindOf({ ...role, arn })).toBe('foreign')
  })

  test('is foreign when it took the description of another request', () => {
    const other = sampleGrant({ identity: { pull: 99 } })
    expect(kindOf(listed(grant, { description: other.description }))).toBe('foreign')
  })

  test('is foreign when its name was lent to another account', () => {
    expect(kindOf(listed(grant), ANALYTICS)).toBe('foreign')
  })
})

describe('a tombstone', () => {
  const at = 1_764_000_000

  test.each(END_REASONS)('tells from its trust policy alone that it ended as %s, and when', (because) => {
    const reading = parseStanding(listed(sampleGrant(), { trustPolicy: endedTrust(at, because) }), PROD)
    expect(reading).toMatchObject({ standing: { state: { kind: 'ended', at, because } } })
    expect(readEnd(endedPolicy(at, because))).toEqual({ at, because })
  })

  test('carries time and reason where IAM takes only letters and digits', () => {
    expect(endedTrust(at, 'file-removed').Statement[0]?.Sid).toBe('Ended1764000000FileRemoved')
  })

  test('counts as live as soon as its trust policy says anything else too', () => {
    const { Version, Statement } = endedTrust(at, 'expired')
    const more = { Version, Statement: [...Statement, ...sampleGrant().trustPolicy.Statement] }
    const limited = { Version, Statement: Statement.map((denial) => ({ ...denial, Condition: {} })) }
    const unknown = { Version, Statement: Statement.map((denial) => ({ ...denial, Sid: 'Ended1Somehow' })) }
    for (const trustPolicy of [more, limited, unknown, undefined, 'Ended'])
      expect(parseStanding(listed(sampleGrant(), { trustPolicy }), PROD)).toMatchObject({
        standing: { state: { kind: 'live' } },
      })
  })
})

describe('the size of a grant', () => {
  const prefixes = (count: number) =>
    Array.from({ length: count }, (_, each) => `exports/2026/11/day-${each}/`)

  test('is no problem for a few prefixes', () => {
    expect(checkGrantSize(sampleGrant({ request: { prefixes: prefixes(20) } }))).toBeUndefined()
  })

  test('is refused in a sentence where the policies would outgrow IAM', () => {
    expect(checkGrantSize(sampleGrant({ request: { prefixes: prefixes(100) } }))?.message).toMatch(
      /^The policies would be \d+ characters long together; IAM takes 10240\.$/,
    )
  })

  test('is refused in a sentence where the trust policy would outgrow IAM', () => {
    const principal = {
      kind: 'iam-role',
      arn: PROD.role,
      person: { key: 'aws:PrincipalTag/x', value: 'x'.repeat(2000) },
    } as const
    expect(checkGrantSize(sampleGrant({ principal }))?.message).toMatch(
      /^The trust policy would be \d+ characters long/,
    )
  })

  test('is refused in a sentence where the description would outgrow IAM', () => {
    const path = `access-requests/prod/customer-exports/${'x'.repeat(900)}.yaml`
    expect(checkGrantSize(sampleGrant({ identity: { path } }))?.fix).toMatch(/shorter file name/)
  })

  test('is not the only limit: IAM can not write a prefix beyond Latin-1', () => {
    expect(checkGrantSize(sampleGrant({ request: { prefixes: ['отчёты/'] } }))?.message).toMatch(
      /beyond Latin-1/,
    )
    expect(checkGrantSize(sampleGrant({ request: { prefixes: ['münchen/'] } }))).toBeUndefined()
  })
})

test('the longest session is the window, within what IAM takes', () => {
  const hours = [1 / 60, 1, 4, 12, 48].map((length) =>
    sampleGrant({ window: { start: START, end: START + length * HOUR } }),
  )
  expect(hours.map(({ maxSessionSeconds }) => maxSessionSeconds)).toEqual([
    3600, 3600, 14_400, 43_200, 43_200,
  ])
})
