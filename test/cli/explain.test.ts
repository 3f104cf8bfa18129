import { expect, test } from 'vitest'
import { explainGrant } from '../../src/cli/explain.ts'
import { asked, grantFor, identityCenter, roleWithPerson, sharedRole } from '../core/samples.ts'
import { expectGolden } from '../golden/expect-golden.ts'

const kmsKey = 'arn:aws:kms:eu-central-1:111122223333:key/0f2d3a64-5c1b-4e8f-9a70-6b1c2d3e4f50'

test.each([
  ['user', asked],
  ['whole-kms', { ...asked, request: { ...asked.request, prefixes: [] }, terms: { ...asked.terms, kmsKey } }],
  ['shared-role', { ...asked, terms: { ...asked.terms, principal: sharedRole } }],
  ['role', { ...asked, terms: { ...asked.terms, principal: roleWithPerson } }],
  [
    'sso-list',
    {
      ...asked,
      request: { ...asked.request, access: 'list' as const, prefixes: ['a/', 'b/', 'c.csv'] },
      terms: { ...asked.terms, principal: identityCenter, kmsKey },
    },
  ],
])('says in words what every statement of the documents does (%s)', (name, of) => {
  const grant = grantFor(of)
  const words = explainGrant(grant, of)

  for (const { Sid } of [...grant.trustPolicy.Statement, ...grant.permissionPolicy.Statement])
    expect(words.find((line) => line.includes(`  ${Sid}: `))).not.toMatch(/what the document says/)
  expectGolden(`cli-explain-${name}`, words.join('\n'))
})
