import { describe, expect, it } from 'vitest'
import type { Principal } from '../../src/core/account.ts'
import { awsProfile, consoleBucketLink, consoleSwitchLink, listCommand } from '../../src/core/aws-access.ts'
import type { Lent } from '../../src/core/report-grant.ts'
import { iamUser, identityCenter, judged, lent, sharedRole } from './samples.ts'

function lentWith(change: {
  principal?: Principal
  seconds?: number
  prefixes?: string[]
  login?: string
}): Lent {
  const {
    principal = iamUser,
    seconds = 4 * 3600,
    prefixes = judged.request.prefixes,
    login = 'alice',
  } = change
  const window = { start: judged.window.start, end: judged.window.start + seconds }
  const author = { ...judged.author, login }
  return {
    ...lent,
    judged: { ...judged, principal, window, author, request: { ...judged.request, prefixes } },
  }
}

describe('the AWS profile', () => {
  it('is ready to paste', () => {
    expect(awsProfile(lent)).toBe(
      [
        '[profile daypass-alice-inc-4211]',
        `role_arn = ${lent.role.roleArn}`,
        'source_profile = default',
        'region = eu-central-1',
        'role_session_name = alice',
        'duration_seconds = 14400',
      ].join('\n'),
    )
  })

  it.each([
    ['as long as the window', { seconds: 7200 }, 7200],
    ['as long as AWS allows', { seconds: 3 * 86_400 }, 43_200],
    ['no shorter than AWS allows', { seconds: 90 }, 900],
    ['one hour at most from another role', { principal: sharedRole }, 3600],
    ['one hour at most from Identity Center', { principal: identityCenter }, 3600],
  ])('asks for a session %s', (_, change, seconds) => {
    expect(awsProfile(lentWith(change))).toContain(`duration_seconds = ${seconds}`)
  })

  it('names an SSO profile as `aws configure sso` suggests it', () => {
    expect(awsProfile(lentWith({ principal: identityCenter }))).toContain(
      'source_profile = DataReader-111122223333',
    )
  })

  it.each(['\n', '\r', '\u0085'])('is none where a value would end its line: %j', (end) => {
    const permissionSet = `Reader${end}credential_process = evil`
    const hostile = { ...identityCenter, permissionSet } as Principal
    expect(() => awsProfile(lentWith({ principal: hostile }))).toThrow("source_profile can't be `Reader")
    expect(() => awsProfile(lent, `mine${end}credential_process = evil`)).toThrow('source_profile')
  })

  it('names the session after the person, also where a login has one letter', () => {
    expect(awsProfile(lentWith({ login: 'a' }))).toContain('role_session_name = a-')
  })
})

describe('the first command', () => {
  it.each([
    [['exports/2026/11/'], 's3://customer-exports/exports/2026/11/'],
    [[], 's3://customer-exports/'],
    [["it's $HOME; rm -rf/"], "'s3://customer-exports/it'\\''s $HOME; rm -rf/'"],
  ])('lists %j in any shell', (prefixes, word) => {
    expect(listCommand(lentWith({ prefixes }))).toBe(`aws s3 ls ${word} --profile daypass-alice-inc-4211`)
  })
})

describe('the links into the console', () => {
  it('fill in role, account and name', () => {
    const link = new URL(consoleSwitchLink(lent))
    expect(link.origin + link.pathname).toBe('https://signin.aws.amazon.com/switchrole')
    expect(Object.fromEntries(link.searchParams)).toEqual({
      roleName: lent.role.roleArn.split(':role/')[1],
      account: '111122223333',
      displayName: 'daypass customer-exports',
    })
  })

  it.each([
    ['aws-cn', 'signin.amazonaws.cn', 'console.amazonaws.cn'],
    ['aws-us-gov', 'signin.amazonaws-us-gov.com', 'console.amazonaws-us-gov.com'],
  ] as const)('lead to the pages of %s', (partition, signin, home) => {
    const abroad = { ...lent, account: { ...lent.account, partition } }
    expect(new URL(consoleSwitchLink(abroad)).host).toBe(signin)
    expect(new URL(consoleBucketLink(abroad)).host).toBe(home)
  })

  it('open the folder that was lent', () => {
    expect(consoleBucketLink(lent)).toBe(
      'https://console.aws.amazon.com/s3/buckets/customer-exports?region=eu-central-1&prefix=exports%2F2026%2F11%2F',
    )
  })
})
