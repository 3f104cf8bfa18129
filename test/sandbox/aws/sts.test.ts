/** STS over the wire: who may assume what, for how long, and what a session can't outgrow. */
import {
  CreateRoleCommand,
  GetRoleCommand,
  type IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ANALYTICS,
  allow,
  assume,
  BOB,
  type Fixture,
  iamOf,
  type Keys,
  keysOf,
  NOON,
  outcome,
  PROD,
  s3Of,
  start,
  stsOf,
  trust,
  userArn,
} from './fixture.ts'

let fixture: Fixture
let iam: IAMClient

beforeAll(async () => {
  fixture = await start()
  iam = iamOf(fixture, keysOf('admin'))
})
afterAll(() => fixture.close())

let made = 0

/** A role below /daypass/ with this trust, that may read everything. */
async function role(
  trustPolicy: object,
  more: { MaxSessionDuration?: number; document?: object } = {},
): Promise<string> {
  made += 1
  const { document = allow(['s3:GetObject', 'sts:*']), ...rest } = more
  const RoleName = `role-${made}`
  await iam.send(
    new CreateRoleCommand({
      RoleName,
      Path: '/daypass/',
      AssumeRolePolicyDocument: JSON.stringify(trustPolicy),
      ...rest,
    }),
  )
  await iam.send(
    new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: JSON.stringify(document) }),
  )
  return `arn:aws:iam::${PROD}:role/daypass/${RoleName}`
}

const salaries = (keys: Keys) =>
  outcome(
    s3Of(fixture, keys).send(
      new GetObjectCommand({ Bucket: 'customer-exports', Key: 'internal/salaries.csv' }),
    ),
  )

describe('who may assume a role', () => {
  it('a user that the trust names, without a policy of their own', async () => {
    const RoleArn = await role(trust({ AWS: userArn('alice') }))
    expect(await outcome(assume(fixture, keysOf('alice'), { RoleArn }))).toBe('ok')
    expect(await outcome(assume(fixture, keysOf('mallory'), { RoleArn }))).toBe('AccessDenied')
  })

  it('anyone of an account that the trust names, whose own policy allows it', async () => {
    const RoleArn = await role(trust({ AWS: PROD }))
    expect(await outcome(assume(fixture, keysOf('alice'), { RoleArn }))).toBe('AccessDenied')
    expect(await outcome(assume(fixture, BOB, { RoleArn }))).toBe('ok')
  })

  it('somebody of another account, named and with a policy of their own', async () => {
    const RoleArn = await role(trust({ AWS: userArn('ana', ANALYTICS) }))
    expect(await outcome(assume(fixture, keysOf('ana'), { RoleArn }))).toBe('ok')
    const other = await role(trust({ AWS: PROD }))
    expect(await outcome(assume(fixture, keysOf('ana'), { RoleArn: other }))).toBe('AccessDenied')
  })

  it('an Identity Center person, by permission set and name and by nobody else', async () => {
    const set = (name: string) =>
      `arn:aws:iam::${PROD}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_${name}_????????????????`
    const person = (name: string, user: string) =>
      role(
        trust(
          { AWS: PROD },
          { ArnLike: { 'aws:PrincipalArn': set(name) }, StringLike: { 'aws:userid': `*:${user}` } },
        ),
      )
    const may = async (RoleArn: Promise<string>) => outcome(assume(fixture, BOB, { RoleArn: await RoleArn }))
    expect(await may(person('Developers', 'bob@example.com'))).toBe('ok')
    expect(await may(person('Developers', 'alice@example.com'))).toBe('AccessDenied')
    expect(await may(person('Dev', 'bob@example.com'))).toBe('AccessDenied')
  })

  it('nobody, where the role does not exist or the trust is for another external id', async () => {
    const missing = `arn:aws:iam::${PROD}:role/daypass/missing`
    expect(await outcome(assume(fixture, keysOf('admin'), { RoleArn: missing }))).toBe('AccessDenied')
    const RoleArn = await role(
      trust({ AWS: userArn('alice') }, { StringEquals: { 'sts:ExternalId': 'daypass/1' } }),
    )
    expect(await outcome(assume(fixture, keysOf('alice'), { RoleArn }))).toBe('AccessDenied')
    expect(await outcome(assume(fixture, keysOf('alice'), { RoleArn, ExternalId: 'daypass/11' }))).toBe(
      'AccessDenied',
    )
    expect(await outcome(assume(fixture, keysOf('alice'), { RoleArn, ExternalId: 'daypass/1' }))).toBe('ok')
  })
})

describe('the last use of a role', () => {
  it('is that of a session of it, not the taking on, and forgotten after 400 days', async () => {
    fixture.clock.set(NOON)
    const RoleArn = await role(trust({ AWS: userArn('alice') }))
    const RoleName = RoleArn.slice(RoleArn.lastIndexOf('/') + 1)
    const lastUse = async () => (await iam.send(new GetRoleCommand({ RoleName }))).Role?.RoleLastUsed
    const session = await assume(fixture, keysOf('alice'), { RoleArn, DurationSeconds: 900 })
    expect(await lastUse()).toEqual({})
    fixture.clock.set(NOON + 60_000)
    expect(await salaries(session)).toBe('ok')
    fixture.clock.set(NOON + 120_000)
    expect(await lastUse()).toEqual({ LastUsedDate: new Date(NOON + 60_000), Region: 'eu-central-1' })
    fixture.clock.set(NOON + 401 * 86_400_000)
    expect(await lastUse()).toEqual({})
    fixture.clock.set(NOON)
  })
})

describe('how long a session lasts', () => {
  it('as long as asked for, by the clock of the sandbox', async () => {
    const RoleArn = await role(trust({ AWS: userArn('alice') }))
    fixture.clock.set(NOON)
    const session = await assume(fixture, keysOf('alice'), { RoleArn, DurationSeconds: 900 })
    expect(await salaries(session)).toBe('ok')
    fixture.clock.set(NOON + 899_000)
    expect(await salaries(session)).toBe('ok')
    fixture.clock.set(NOON + 901_000)
    expect(await salaries(session)).toBe('ExpiredToken')
    expect(await outcome(stsOf(fixture, session).send(new GetCallerIdentityCommand({})))).toBe('ExpiredToken')
  })

  it('no longer than the role allows, and no shorter than 15 minutes', async () => {
    const RoleArn = await role(trust({ AWS: userArn('alice') }), { MaxSessionDuration: 7200 })
    const lasting = (DurationSeconds: number) =>
      outcome(assume(fixture, keysOf('alice'), { RoleArn, DurationSeconds }))
    expect(await lasting(7200)).toBe('ok')
    expect(await lasting(7201)).toBe('ValidationError')
    expect(await lasting(899)).toBe('ValidationError')
  })

  it('an hour at most, when a session assumes it', async () => {
    const RoleArn = await role(trust({ AWS: PROD }), { MaxSessionDuration: 43_200 })
    expect(await outcome(assume(fixture, BOB, { RoleArn, DurationSeconds: 3601 }))).toBe('ValidationError')
    expect(await outcome(assume(fixture, BOB, { RoleArn, DurationSeconds: 3600 }))).toBe('ok')
  })
})

describe('what a session is', () => {
  it('is told by GetCallerIdentity, which needs no permission', async () => {
    const RoleArn = await role(trust({ AWS: userArn('alice') }), {
      document: { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] },
    })
    const sts = stsOf(fixture, await assume(fixture, keysOf('alice'), { RoleArn, RoleSessionName: 'work' }))
    const identity = await sts.send(new GetCallerIdentityCommand({}))
    expect(identity.Arn).toBe(`arn:aws:sts::${PROD}:assumed-role/role-${made}/work`)
    expect(identity.UserId).toMatch(/^AROA[A-Z2-7]{17}:work$/)
    expect(identity.Account).toBe(PROD)
  })

  it('is bounded by the session policy given with it', async () => {
    const RoleArn = await role(trust({ AWS: userArn('alice') }))
    const bounded = (document: object) =>
      assume(fixture, keysOf('alice'), { RoleArn, Policy: JSON.stringify(document) })
    expect(await salaries(await bounded(allow('s3:GetObject')))).toBe('ok')
    expect(await salaries(await bounded(allow('s3:ListBucket')))).toBe('AccessDenied')
    const malformed = assume(fixture, keysOf('alice'), { RoleArn, Policy: '{}' })
    expect(await outcome(malformed)).toBe('MalformedPolicyDocumentException')
  })

  it('dies by a Deny on tokens issued before an instant, while a new one lives', async () => {
    const RoleArn = await role(trust({ AWS: userArn('alice') }))
    const old = await assume(fixture, keysOf('alice'), { RoleArn })
    fixture.clock.set(fixture.clock.now() + 60_000)
    const now = new Date(fixture.clock.now()).toISOString().replace(/\.\d+/, '')
    const document = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { DateLessThan: { 'aws:TokenIssueTime': now } },
        },
      ],
    }
    const RoleName = `role-${made}`
    await iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'revoke', PolicyDocument: JSON.stringify(document) }),
    )
    expect(await salaries(old)).toBe('AccessDenied')
    expect(await salaries(await assume(fixture, keysOf('alice'), { RoleArn }))).toBe('ok')
  })

  it('keeps the source identity through a chain, where the trust lets one be set', async () => {
    const without = await role(trust({ AWS: userArn('alice') }))
    const named = { RoleArn: without, SourceIdentity: 'alice' }
    expect(await outcome(assume(fixture, keysOf('alice'), named))).toBe('AccessDenied')
    const both = (principal: object) => ({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: principal, Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'] },
      ],
    })
    const first = await role(both({ AWS: userArn('alice') }))
    const second = await role(both({ AWS: first }))
    const session = await assume(fixture, keysOf('alice'), { RoleArn: first, SourceIdentity: 'alice' })
    const chain = (SourceIdentity?: string) =>
      stsOf(fixture, session).send(
        new AssumeRoleCommand({ RoleArn: second, RoleSessionName: 'chain', SourceIdentity }),
      )
    expect((await chain()).SourceIdentity).toBe('alice')
    expect(await outcome(chain('root'))).toBe('AccessDenied')
  })

  it('keeps transitive tags through a chain, where each trust lets sessions be tagged', async () => {
    const Tags = [
      { Key: 'login', Value: 'alice' },
      { Key: 'team', Value: 'data' },
    ]
    const tagged = { Tags, TransitiveTagKeys: ['login'] }
    const without = await role(trust({ AWS: userArn('alice') }))
    expect(await outcome(assume(fixture, keysOf('alice'), { RoleArn: without, ...tagged }))).toBe(
      'AccessDenied',
    )
    const both = (principal: object, condition?: object) => {
      const [statement] = trust(principal, condition).Statement
      return {
        Version: '2012-10-17',
        Statement: [{ ...statement, Action: ['sts:AssumeRole', 'sts:TagSession'] }],
      }
    }
    const first = await role(both({ AWS: userArn('alice') }))
    const tag = (key: string, value: string) => ({ StringEquals: { [`aws:PrincipalTag/${key}`]: value } })
    const second = await role(both({ AWS: first }, tag('team', 'data')))
    const untaggable = await role(trust({ AWS: first }))
    const session = await assume(fixture, keysOf('alice'), { RoleArn: first, ...tagged })
    expect(await outcome(assume(fixture, session, { RoleArn: untaggable }))).toBe('AccessDenied')
    const next = await assume(fixture, session, { RoleArn: second })
    const inherited = await role(both({ AWS: second }, tag('login', 'alice')))
    const forgotten = await role(both({ AWS: second }, tag('team', 'data')))
    expect(await outcome(assume(fixture, next, { RoleArn: inherited }))).toBe('ok')
    expect(await outcome(assume(fixture, next, { RoleArn: forgotten }))).toBe('AccessDenied')
    const another = { RoleArn: inherited, Tags: [{ Key: 'LOGIN', Value: 'olivia' }] }
    expect(await outcome(assume(fixture, next, another))).toBe('AccessDenied')
    const missing = { RoleArn: first, Tags, TransitiveTagKeys: ['other'] }
    expect(await outcome(assume(fixture, keysOf('alice'), missing))).toBe('ValidationError')
  })

  it('lives on when the trust is taken away, as only assuming asks for it', async () => {
    const RoleArn = await role(trust({ AWS: userArn('alice') }))
    const session = await assume(fixture, keysOf('alice'), { RoleArn })
    const PolicyDocument = JSON.stringify(trust({ AWS: userArn('admin') }))
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: `role-${made}`, PolicyDocument }))
    expect(await salaries(session)).toBe('ok')
    expect(await outcome(assume(fixture, keysOf('alice'), { RoleArn }))).toBe('AccessDenied')
  })

  it.each(['a', 'with space', 'x'.repeat(65)])('is not made under the name "%s"', async (RoleSessionName) => {
    const RoleArn = await role(trust({ AWS: userArn('alice') }))
    expect(await outcome(assume(fixture, keysOf('alice'), { RoleArn, RoleSessionName }))).toBe(
      'ValidationError',
    )
  })

  it('counts in the call log for the person who began the chain', async () => {
    const RoleArn = await role(trust({ AWS: userArn('alice') }))
    await salaries(await assume(fixture, keysOf('alice'), { RoleArn }))
    const last = fixture.calls.list().at(-1)
    expect(last).toMatchObject({ caller: 'alice', target: 's3:GetObject', status: 200 })
  })
})
