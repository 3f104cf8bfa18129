import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/core/account.ts'
import { closingBefore } from '../../src/core/earlier-sessions.ts'
import {
  checkGrantSize,
  END_REASONS,
  endedPolicy,
  endedTrust,
  type Grant,
  type PolicyDocument,
  parseAltered,
  parseStanding,
  policyText,
  type RoleFacts,
  readEnd,
  roleNameOf,
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

  test.each([
    ['alice-inc-4211.yaml', 'alice-inc-4211'],
    ['Größe__of (it).yaml', 'gr-e-of-it'],
    ['--alice--.yaml', 'alice'],
    ['alice.yaml-2.yaml', 'alice-yaml-2'],
    ['ß.yaml', 'request'],
    [`${'a'.repeat(63)}.yaml`, 'a'.repeat(27)],
    [`${'a'.repeat(26)}-${'b'.repeat(36)}.yaml`, 'a'.repeat(26)],
  ])('is readable as far as it fits: %s', (file, readable) => {
    const name = roleNameOf({ repositoryId: 812_345_678, path: `access-requests/prod/b/${file}`, pull: 12 })
    expect(name.slice(0, -'-0123456789abcdef0123'.length)).toBe(readable)
  })

  test('and its path are at most 64 characters long, which is what the console takes', () => {
    const path = `access-requests/prod/customer-exports/${'a'.repeat(63)}.yaml`
    for (const repositoryId of [1, 812_345_678, Number.MAX_SAFE_INTEGER]) {
      const { rolePath, roleName } = sampleGrant({ identity: { repositoryId, path } })
      expect(rolePath.length + roleName.length).toBe(64)
    }
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
        expect(parseStanding(listed(grant), PROD)).toEqual({
          kind: 'standing',
          standing: { ...standing, trust: expect.any(String) },
        })
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

  test('is put into no tag that would be empty, nor into one that is longer than IAM takes', () => {
    expect(Object.keys(sampleGrant({ request: { ticket: undefined } }).tags)).not.toContain('daypass:ticket')
    const path = `access-requests/prod/customer-exports/${'x'.repeat(300)}.yaml`
    expect(sampleGrant({ identity: { path } }).tags['daypass:file']).toBe(path.slice(0, 256))
  })
})

describe('a role under the path that the app did not write like this', () => {
  const grant = sampleGrant()

  test('is known by its trust policy where that is another than before', () => {
    const trustOf = (trustPolicy: unknown) => {
      const reading = parseStanding({ ...listed(grant), trustPolicy }, PROD)
      return reading.kind === 'standing' ? reading.standing.trust : undefined
    }
    const other = JSON.parse(JSON.stringify(grant.trustPolicy).replaceAll('user/alice', 'user/mallory'))
    expect(trustOf(other)).toMatch(/^[0-9a-f]{20}$/)
    expect(trustOf(other)).not.toBe(trustOf(grant.trustPolicy))
  })

  const ODD = 'its path and description are not what the app writes'
  const LENT = 'its name does not belong to the request that its description names'
  const end = (time: string) => ({ description: grant.description.replace('T13:00', time) })

  test.each([
    ['has no description', { description: undefined }, ODD],
    ['has a description of its own', { description: 'a role for the data team' }, ODD],
    ['says a little more than the app would', { description: `${grant.description}.` }, ODD],
    ['says something before it', { description: `No ${grant.description}` }, ODD],
    ['names another pull request', { description: grant.description.replace('#12', '#13') }, LENT],
    ['names another file', { description: grant.description.replace('inc-4211', 'inc-4212') }, LENT],
    ['names a file by a broken escape', { description: grant.description.replace('inc-', '%zz') }, LENT],
    ['has an end before its start', end('T08:00'), ODD],
    ['ends as it starts', end('T09:00'), ODD],
    ['names a time that does not exist', end('T25:00'), ODD],
    ['lies under the path of another repository', { path: '/daypass/dfndxr/' }, LENT],
    ['lies below the path', { path: `${grant.rolePath}more/` }, ODD],
    ['writes its repository in another way', { path: '/daypass/0dfndxq/' }, LENT],
    ['lies outside the path', { path: '/' }, ODD],
    ["lies under a path that only ends like the app's", { path: `/x${grant.rolePath}` }, ODD],
  ] satisfies [string, Partial<RoleFacts>, string][])('is foreign when it %s', (_, change, why) => {
    const role = listed(grant, change)
    const roleArn = role.arn.replace(grant.rolePath, role.path)
    const { roleName } = grant
    expect(parseStanding({ ...role, arn: roleArn }, PROD)).toEqual({
      kind: 'foreign',
      role: { roleName, roleArn, why, isEnded: false },
    })
  })

  test('is foreign when it took the description of another request', () => {
    const other = sampleGrant({ identity: { pull: 99 } })
    expect(kindOf(listed(grant, { description: other.description }))).toBe('foreign')
  })

  test('is foreign when its name was lent to another account', () => {
    expect(kindOf(listed(grant), ANALYTICS)).toBe('foreign')
  })
})

describe('a role of the app whose description somebody changed', () => {
  const grant = sampleGrant()
  const read = (tags: Readonly<Record<string, string>>, change: Partial<RoleFacts> = {}) =>
    parseAltered(listed(grant, { description: 'mine', ...change }), tags, PROD)

  test('is known again by its tags, but not what it was approved for', () => {
    const { identity, account, roleName, rolePath, roleArn, window } = grant
    const known = { identity, account, roleName, rolePath, roleArn, window, blob: '', altered: true }
    expect(read(grant.tags)).toEqual({ ...known, state: { kind: 'live' } })
    expect(read(grant.tags, { trustPolicy: endedTrust(START, 'expired') })).toMatchObject({
      state: { kind: 'ended', at: START, because: 'expired' },
    })
  })

  test.each(['daypass:file', 'daypass:pull', 'daypass:start', 'daypass:end'])(
    'is not known again without its tag %s',
    (tag) => {
      const others = Object.entries(grant.tags).filter(([key]) => key !== tag)
      expect(read(Object.fromEntries(others))).toBeUndefined()
    },
  )

  test.each([
    ['names another request', { 'daypass:pull': '13' }],
    ['ends before it starts', { 'daypass:end': '2026-11-24T08:00:00Z' }],
    ['ends at no time', { 'daypass:end': 'later' }],
  ])('is not known again when a tag %s', (_, tags) => {
    expect(read({ ...grant.tags, ...tags })).toBeUndefined()
  })

  test('is not known again anywhere but under its own path', () => {
    for (const path of ['/', '/daypass/dfndxr/', `/x${grant.rolePath}`, `${grant.rolePath}more/`]) {
      const arn = grant.roleArn.replace(grant.rolePath, path)
      expect(read(grant.tags, { path, arn })).toBeUndefined()
    }
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

  test('is one however IAM writes that it denies everyone', () => {
    const { Version, Statement } = endedTrust(at, 'expired')
    const document = { Version, Statement: Statement.map((denial) => ({ ...denial, Principal: '*' })) }
    expect(readEnd(document)).toEqual({ at, because: 'expired' })
  })

  test('counts as live as soon as its trust policy says anything else too', () => {
    const { Version, Statement } = endedTrust(at, 'expired')
    const more = { Version, Statement: [...Statement, ...sampleGrant().trustPolicy.Statement] }
    const limited = { Version, Statement: Statement.map((denial) => ({ ...denial, Condition: {} })) }
    const named = (Sid: string) => ({ Version, Statement: Statement.map((denial) => ({ ...denial, Sid })) })
    const unknown = ['Ended1Somehow', 'NeverEnded1Expired', 'Ended1Expired2'].map(named)
    for (const trustPolicy of [more, limited, ...unknown, undefined, 'Ended'])
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

  /** A policy that is written in so many characters. */
  const policyOf = (characters: number): PolicyDocument => {
    const padded = (Sid: string): PolicyDocument => ({
      Version: '2012-10-17',
      Statement: [{ Sid, Effect: 'Deny' }],
    })
    return padded('x'.repeat(characters - policyText(padded('')).length))
  }
  const refusal = (grant: Grant) => {
    const { code, message, fix } = checkGrantSize(grant) ?? {}
    return [code, message, fix]
  }

  test('may be all that IAM takes, beside what closes earlier sessions and the longest denial that can end it', () => {
    const denials = END_REASONS.map((because) => policyText(endedPolicy(START + 4 * HOUR, because)).length)
    const closing = policyText(closingBefore(START)).length
    const most = 10_240 - closing - Math.max(...denials)
    const grant = sampleGrant()
    expect(checkGrantSize({ ...grant, permissionPolicy: policyOf(most) })).toBeUndefined()
    expect(refusal({ ...grant, permissionPolicy: policyOf(most + 1) })).toEqual([
      'grant-too-large',
      'The policies would be 10241 characters long together; IAM takes 10240.',
      'Ask for fewer or shorter prefixes.',
    ])
  })

  test('may be all that IAM takes for a trust policy', () => {
    const grant = sampleGrant()
    expect(checkGrantSize({ ...grant, trustPolicy: policyOf(2048) })).toBeUndefined()
    expect(refusal({ ...grant, trustPolicy: policyOf(2049) })).toEqual([
      'grant-too-large',
      'The trust policy would be 2049 characters long; IAM takes 2048.',
      'Ask the owners of the rules to name you by something shorter.',
    ])
  })

  test('may be all that IAM takes for a description', () => {
    const called = (length: number) => {
      const short = 'access-requests/prod/customer-exports/.yaml'
      const path = short.replace('.yaml', `${'x'.repeat(length)}.yaml`)
      return sampleGrant({ identity: { path } })
    }
    const longest = 1000 - called(0).description.length
    expect(checkGrantSize(called(longest))).toBeUndefined()
    expect(refusal(called(longest + 1))).toEqual([
      'grant-too-large',
      "The role's description would be 1001 characters long; IAM takes 1000.",
      'Choose a shorter file name.',
    ])
  })

  test('is not the only limit: IAM can not write a prefix beyond Latin-1', () => {
    expect(refusal(sampleGrant({ request: { prefixes: ['отчёты/'] } }))).toEqual([
      'grant-too-large',
      'The policies would hold a character beyond Latin-1, which IAM does not take.',
      'Ask for a prefix without it.',
    ])
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
