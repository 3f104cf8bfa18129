/** The whole way of a grant over the wire: the app writes a role, a person assumes it and reads, and the window closes. */
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  allow,
  appIn,
  assume,
  BOUNDARY,
  type Fixture,
  iamOf,
  type Keys,
  keysOf,
  NOON,
  outcome,
  PROD,
  s3Of,
  start,
  trust,
  userArn,
} from './fixture.ts'

const HOUR = 3_600_000
const END = NOON + HOUR
const window = {
  DateGreaterThanEquals: { 'aws:CurrentTime': '2031-11-24T12:00:00Z' },
  DateLessThan: { 'aws:CurrentTime': '2031-11-24T13:00:00Z' },
}
const RoleName = 'alice-1'
const RoleArn = `arn:aws:iam::${PROD}:role/daypass/x/${RoleName}`

describe('a grant, from the app to the person and to its end', () => {
  let fixture: Fixture
  let session: Keys

  const read = (Key: string) =>
    outcome(s3Of(fixture, session).send(new GetObjectCommand({ Bucket: 'customer-exports', Key })))

  beforeAll(async () => {
    fixture = await start()
    const iam = iamOf(fixture, await appIn(fixture))
    await iam.send(
      new CreateRoleCommand({
        RoleName,
        Path: '/daypass/x/',
        AssumeRolePolicyDocument: JSON.stringify(trust({ AWS: userArn('alice') }, window)),
        PermissionsBoundary: BOUNDARY,
        Tags: [{ Key: 'daypass:repository', Value: '4711' }],
      }),
    )
    await iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'read',
        PolicyDocument: JSON.stringify(
          allow(
            ['s3:GetObject', 's3:ListBucket'],
            ['arn:aws:s3:::customer-exports', 'arn:aws:s3:::customer-exports/exports/2026/11/*'],
            window,
          ),
        ),
      }),
    )
    // Assumed late, so that the session outlives the window and only the window can end it.
    fixture.clock.set(NOON + HOUR / 2)
    session = await assume(fixture, keysOf('alice'), { RoleArn })
  })

  afterAll(() => fixture.close())

  it('lets the person read and list inside the window', async () => {
    const s3 = s3Of(fixture, session)
    const object = await s3.send(
      new GetObjectCommand({ Bucket: 'customer-exports', Key: 'exports/2026/11/orders.csv' }),
    )
    expect(await object.Body?.transformToString()).toBe('november')
    const list = await s3.send(new ListObjectsV2Command({ Bucket: 'customer-exports', Delimiter: '/' }))
    expect(list.CommonPrefixes).toEqual([{ Prefix: 'exports/' }, { Prefix: 'internal/' }])
  })

  it('refuses another prefix, writing, and anybody else', async () => {
    expect(await read('internal/salaries.csv')).toBe('AccessDenied')
    const put = new PutObjectCommand({
      Bucket: 'customer-exports',
      Key: 'exports/2026/11/orders.csv',
      Body: 'x',
    })
    expect(await outcome(s3Of(fixture, session).send(put))).toBe('AccessDenied')
    expect(await outcome(assume(fixture, keysOf('mallory'), { RoleArn }))).toBe('AccessDenied')
  })

  it('reads until the last second of the window and not a second longer', async () => {
    fixture.clock.set(END - 1000)
    expect(await read('exports/2026/11/orders.csv')).toBe('ok')
    fixture.clock.set(END)
    expect(await read('exports/2026/11/orders.csv')).toBe('AccessDenied')
    expect(await outcome(assume(fixture, keysOf('alice'), { RoleArn }))).toBe('AccessDenied')
  })

  it('refuses a session whose role was deleted', async () => {
    fixture.clock.set(END - HOUR / 4)
    expect(await read('exports/2026/11/orders.csv')).toBe('ok')
    const iam = iamOf(fixture, await appIn(fixture))
    expect(await outcome(iam.send(new DeleteRoleCommand({ RoleName })))).toBe('DeleteConflictException')
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'read' }))
    await iam.send(new DeleteRoleCommand({ RoleName }))
    expect(await read('exports/2026/11/orders.csv')).toBe('InvalidAccessKeyId')
  })
})
