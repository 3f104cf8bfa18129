import { describe, expect, test } from 'vitest'
import type { Account, Principal } from '../../src/core/account.ts'
import { formatPolicy, type GrantTerms } from '../../src/core/grant.ts'
import { permissionPolicy, trustPolicy } from '../../src/core/grant-policies.ts'
import { evaluate } from '../../src/sandbox/aws/policy.ts'
import { PROD, sampleTerms } from './grant-samples.ts'

const ROLE = 'arn:aws:iam::111111111111:role/data-team'
const KEY = 'arn:aws:kms:eu-central-1:111111111111:key/0f0e0d0c-1111-2222-3333-444455556666'
const BOB: Principal = {
  kind: 'identity-center',
  accountId: PROD.id,
  partition: 'aws',
  permissionSet: 'DataReader',
  userName: 'bob@example.com',
}

function golden(name: string): string {
  return `../golden/policies/${name}.json`
}

describe('the trust policy is exactly the golden file', () => {
  test.each([
    ['iam-user', { kind: 'iam-user', arn: 'arn:aws:iam::111111111111:user/alice' }],
    ['iam-role', { kind: 'iam-role', arn: ROLE }],
    [
      'iam-role-tag',
      { kind: 'iam-role', arn: ROLE, person: { key: 'aws:PrincipalTag/login', value: 'alice' } },
    ],
    ['iam-role-session', { kind: 'iam-role', arn: ROLE, person: { key: 'aws:userid', value: '*:alice' } }],
    [
      'iam-role-source-identity',
      { kind: 'iam-role', arn: ROLE, person: { key: 'aws:SourceIdentity', value: 'alice' } },
    ],
    ['identity-center', BOB],
  ] satisfies [string, Principal][])('for %s', async (name, principal) => {
    const text = formatPolicy(trustPolicy(sampleTerms({ principal })))
    await expect(`${text}\n`).toMatchFileSnapshot(golden(`trust-${name}`))
  })
})

describe('the permission policy is exactly the golden file', () => {
  const shapes = { prefixes: ['exports/2026/11/', 'exports/2026/summary.csv'], whole: [] }
  for (const access of ['read', 'list'] as const)
    for (const [shape, prefixes] of Object.entries(shapes))
      for (const [key, kmsKey] of [
        ['plain', undefined],
        ['kms', KEY],
      ] as const)
        test(`for ${access}, ${shape}, ${key}`, async () => {
          const text = formatPolicy(permissionPolicy(sampleTerms({ request: { access, prefixes }, kmsKey })))
          await expect(`${text}\n`).toMatchFileSnapshot(golden(`${access}-${shape}-${key}`))
        })
})

test('the permission policy for one object lets nothing be listed, as the golden file says', async () => {
  const policy = permissionPolicy(sampleTerms({ request: { prefixes: ['exports/2026/summary.csv'] } }))
  await expect(`${formatPolicy(policy)}\n`).toMatchFileSnapshot(golden('read-object-plain'))
})

test('in China, S3 may call KMS under either name that services have there, and no other service may', () => {
  const account: Account = { ...PROD, partition: 'aws-cn', region: 'cn-north-1' }
  const kmsKey = KEY.replace('arn:aws:', 'arn:aws-cn:')
  const document = JSON.stringify(permissionPolicy(sampleTerms({ account, kmsKey })))
  const decrypt = (service: string) =>
    evaluate([{ kind: 'identity', text: document }], {
      action: 'kms:Decrypt',
      resource: kmsKey,
      context: new Map([
        ['aws:currenttime', ['2026-11-24T10:00:00Z']],
        ['aws:resourceaccount', [PROD.id]],
        ['kms:viaservice', [service]],
      ]),
    })
  expect(decrypt('s3.cn-north-1.amazonaws.com.cn')).toBe('allowed')
  expect(decrypt('s3.cn-north-1.amazonaws.com')).toBe('allowed')
  expect(decrypt('s3.cn-northwest-1.amazonaws.com.cn')).not.toBe('allowed')
  expect(decrypt('ebs.cn-north-1.amazonaws.com.cn')).not.toBe('allowed')
})

function text(
  build: (terms: GrantTerms) => Parameters<typeof formatPolicy>[0],
  sample: Parameters<typeof sampleTerms>[0],
) {
  return formatPolicy(build(sampleTerms(sample)))
}

describe('what a person wrote stands for itself', () => {
  test('in a prefix', () => {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the policy language's own escapes
    const policy = text(permissionPolicy, { request: { prefixes: ['a*b?c$d/'] } })
    expect(policy).toContain('"arn:aws:s3:::customer-exports/a${*}b${?}c${$}d/*"')
    expect(policy).not.toContain('a*b')
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above
  })

  test('in the name of an Identity Center user', () => {
    const policy = text(trustPolicy, { principal: { ...BOB, userName: '*' } })
    expect(policy).toContain(`"aws:userid": "*:\${*}"`)
  })

  test('in a session name, of which only the role id is left open', () => {
    const person = (value: string) => ({
      principal: { kind: 'iam-role', arn: ROLE, person: { key: 'aws:UserId', value } } as const,
    })
    expect(text(trustPolicy, person('*:a*'))).toContain(`"*:a\${*}"`)
    expect(text(trustPolicy, person('*'))).toContain(`"\${*}"`)
    expect(text(trustPolicy, person('AROAEXAMPLE:*'))).toContain(`"AROAEXAMPLE:\${*}"`)
  })

  test('in a tag, where only a variable would mean something else', () => {
    const person = { key: 'aws:PrincipalTag/login', value: `\${aws:username}*` }
    expect(text(trustPolicy, { principal: { kind: 'iam-role', arn: ROLE, person } })).toContain(
      `"\${$}{aws:username}*"`,
    )
  })
})

test('the same prefix twice is written once', () => {
  const twice = text(permissionPolicy, { request: { prefixes: ['a/', 'a/'] } })
  expect(twice).toBe(text(permissionPolicy, { request: { prefixes: ['a/'] } }))
})
