import { describe, expect, test } from 'vitest'
import type { Account, Principal } from '../../src/core/account.ts'
import { formatRecord, parseRecord } from '../../src/core/record.ts'
import { type Person, principalOf } from '../../src/core/requester.ts'
import { identityCenter, judged, roleWithPerson, sharedRole } from './samples.ts'

const read = (principal: Principal) => parseRecord(formatRecord({ ...judged, principal }))
const PARTITIONS: readonly Account['partition'][] = ['aws', 'aws-cn', 'aws-us-gov']

describe('whom a record names', () => {
  test.each<[string, Person]>([
    ['an IAM user', { iam_user: 'team/a_b+c=d,e.f@g-h' }],
    ['a role that everybody in it shares', { iam_role: 'analysts', everyone_in_role: true }],
    ['a session', { iam_role: 'team/analysts', person: { session_name: 'alice@example.com' } }],
    ['a source identity', { iam_role: 'analysts', person: { source_identity: 'al' } }],
    ['a tag', { iam_role: 'analysts', person: { principal_tag: { key: 'team:login', value: 'Alice A' } } }],
    ['a person of Identity Center', { permission_set: 'Data=Reader', user_name: 'alice@example.com' }],
  ])('is read again as the rules have it: %s', (_, person) => {
    for (const partition of PARTITIONS) {
      const account = { id: '111122223333', partition } as Account
      const principal = principalOf(person, account)
      expect(read(principal)?.principal).toEqual(principal)
    }
  })

  test.each<[string, Principal]>([
    ['a permission set with a line end', { ...identityCenter, permissionSet: 'Reader\n' } as Principal],
    ['a user name with a wildcard', { ...identityCenter, userName: 'a*' } as Principal],
    ['an account that is none', { ...identityCenter, accountId: '1111222233334' } as Principal],
    ['a partition that is none', { ...identityCenter, partition: 'aws-eu' } as Principal],
    ['every user', { kind: 'iam-user', arn: 'arn:aws:iam::111122223333:user/*' }],
    ['the ARN of a role for a user', { kind: 'iam-user', arn: 'arn:aws:iam::111122223333:role/a' }],
    ['a whole account', { kind: 'iam-role', arn: 'arn:aws:iam::111122223333:root' }],
    ['every session', { ...roleWithPerson, person: { key: 'aws:userid', value: '*' } } as Principal],
    ['another condition', { ...sharedRole, person: { key: 'aws:username', value: 'alice' } } as Principal],
    ['every tag', { ...sharedRole, person: { key: 'aws:PrincipalTag/a', value: '*' } } as Principal],
  ])('makes it no record where nobody could be named so: %s', (_, principal) => {
    expect(read(principal)).toBeUndefined()
  })
})
