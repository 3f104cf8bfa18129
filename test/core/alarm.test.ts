import { expect, test } from 'vitest'
import { alarmText } from '../../src/core/alarm.ts'
import type { StandingGrant } from '../../src/core/grant.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { grantFor, identity } from './samples.ts'

const { window, roleName, rolePath, roleArn, account, blob } = grantFor()
const open: StandingGrant = {
  ...{ identity, account, blob, roleName, rolePath, roleArn, window },
  state: { kind: 'live' },
}
const denied: StandingGrant = {
  ...open,
  identity: { ...identity, pull: 7, path: 'access-requests/prod/customer-exports/a|b`c.yaml' },
  roleArn: `${roleArn}-other`,
  state: { kind: 'ended', at: window.end, because: 'expired' },
}

test('tells what is over since when, and whether it is denied, the oldest request first', () => {
  expectGolden('alarm', alarmText([open, denied]))
})

test('is the same in whatever order IAM lists the roles', () => {
  expect(alarmText([denied, open])).toBe(alarmText([open, denied]))
})

test('fits into an issue, however many there are', () => {
  const path = `access-requests/prod/customer-exports/${'a'.repeat(200)}.yaml`
  const many = Array.from({ length: 1000 }, (_, pull) => ({
    ...denied,
    identity: { ...identity, pull, path },
  }))
  const text = alarmText(many)
  expect(text.length).toBeLessThan(65_536)
  expect(text).toContain('- and 950 more')
})
