/** IAM that is slow to follow, over the wire: what was changed is read, and decides, only when its delay is over. */
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  allow,
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

const DELAY = 10_000

let fixture: Fixture
let iam: IAMClient
let made = 0
let RoleName = ''

beforeAll(async () => {
  fixture = await start({}, DELAY)
  iam = iamOf(fixture, keysOf('admin'))
})
beforeEach(() => {
  fixture.clock.set(NOON)
  fixture.aws.iam.setDelay(0)
  fixture.aws.iam.setDelay(DELAY)
  made += 1
  RoleName = `late-${made}`
})
afterAll(() => fixture.close())

/** The clock goes on by itself: a test takes far less than a second. */
const wait = (milliseconds: number) => fixture.clock.set(fixture.clock.now() + milliseconds)
const almost = () => wait(DELAY - 1000)
const rest = () => wait(1000)
const arn = () => `arn:aws:iam::${PROD}:role/${RoleName}`

const create = (principal: string = userArn('alice')) =>
  iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify(trust({ AWS: principal })),
    }),
  )
const put = (document: object) =>
  iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: JSON.stringify(document) }))
const get = () => outcome(iam.send(new GetRoleCommand({ RoleName })))
const enter = () => outcome(assume(fixture, keysOf('alice'), { RoleArn: arn() }))
const read = (keys: Keys) =>
  outcome(
    s3Of(fixture, keys).send(
      new GetObjectCommand({ Bucket: 'customer-exports', Key: 'internal/salaries.csv' }),
    ),
  )
const isListed = async () =>
  ((await iam.send(new ListRolesCommand({}))).Roles ?? []).some((role) => role.RoleName === RoleName)

/** A role that may read, seen by all, and alice in it. */
async function session(): Promise<Keys> {
  await create()
  await put(allow('s3:GetObject'))
  wait(DELAY)
  return assume(fixture, keysOf('alice'), { RoleArn: arn() })
}

describe('a new role', () => {
  it('can be written to at once, but is read, listed and assumed only after the delay', async () => {
    await create()
    await put(allow('s3:GetObject'))
    almost()
    expect([await get(), await isListed(), await enter()]).toEqual([
      'NoSuchEntityException',
      false,
      'AccessDenied',
    ])
    expect(await outcome(create())).toBe('EntityAlreadyExistsException')
    rest()
    expect([await get(), await isListed(), await enter()]).toEqual(['ok', true, 'ok'])
  })

  it('is no principal that a trust policy could name before the delay is over', async () => {
    await create()
    const first = arn()
    RoleName = `${RoleName}-second`
    await expect(create(first)).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: expect.stringContaining('Invalid principal in policy'),
    })
    wait(DELAY)
    expect(await outcome(create(first))).toBe('ok')
  })
})

describe('a change', () => {
  it('of permissions reaches live sessions after the delay', async () => {
    const keys = await session()
    await put(allow('s3:ListBucket'))
    almost()
    expect(await read(keys)).toBe('ok')
    const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'p' }))
    expect(decodeURIComponent(PolicyDocument)).toContain('s3:GetObject')
    rest()
    expect(await read(keys)).toBe('AccessDenied')
  })

  it('of the trust lets the old principal in until then', async () => {
    await session()
    const PolicyDocument = JSON.stringify(trust({ AWS: userArn('mallory') }))
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
    almost()
    expect(await enter()).toBe('ok')
    rest()
    expect(await enter()).toBe('AccessDenied')
  })

  it('of the boundary bounds after the delay', async () => {
    await create()
    await put(allow(['s3:GetObject', 's3:ListAllMyBuckets', 'iam:*']))
    wait(DELAY)
    const keys = await assume(fixture, keysOf('alice'), { RoleArn: arn() })
    const mayList = () => outcome(iamOf(fixture, keys).send(new ListRolesCommand({})))
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: BOUNDARY }))
    almost()
    expect(await mayList()).toBe('ok')
    rest()
    expect(await mayList()).toBe('AccessDenied')
  })

  it('comes through in the order of the changes, each after its own delay', async () => {
    const keys = await session()
    await put(allow('s3:ListBucket'))
    wait(6000)
    await put(allow('s3:GetObject'))
    expect(await read(keys)).toBe('ok')
    wait(4000)
    expect(await read(keys)).toBe('AccessDenied')
    wait(6000)
    expect(await read(keys)).toBe('ok')
  })

  it('that is refused is never seen', async () => {
    const keys = await session()
    expect(await outcome(put({}))).toBe('MalformedPolicyDocumentException')
    wait(DELAY)
    expect(await read(keys)).toBe('ok')
  })
})

describe('a deleted role', () => {
  const remove = async () => {
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }))
    await iam.send(new DeleteRoleCommand({ RoleName }))
  }

  it('is still read, assumed and used by its sessions until the delay is over', async () => {
    const keys = await session()
    await remove()
    almost()
    expect([await get(), await isListed(), await enter(), await read(keys)]).toEqual(['ok', true, 'ok', 'ok'])
    expect(await outcome(iam.send(new DeleteRoleCommand({ RoleName })))).toBe('NoSuchEntityException')
    const late = await assume(fixture, keysOf('alice'), { RoleArn: arn() })
    rest()
    expect([await get(), await isListed(), await enter()]).toEqual([
      'NoSuchEntityException',
      false,
      'AccessDenied',
    ])
    expect([await read(keys), await read(late)]).toEqual(['InvalidAccessKeyId', 'InvalidAccessKeyId'])
  })

  it('can be made anew at once, and is somebody else', async () => {
    const keys = await session()
    await remove()
    await create()
    await put(allow('s3:GetObject'))
    wait(DELAY)
    expect(await read(keys)).toBe('InvalidAccessKeyId')
    expect(await read(await assume(fixture, keysOf('alice'), { RoleArn: arn() }))).toBe('ok')
  })
})

describe('the delay', () => {
  it('does not hold up the end that a policy has written into it', async () => {
    const until = new Date(NOON + 3_600_000).toISOString().replace('.000', '')
    await create()
    await put(allow('s3:GetObject', '*', { DateLessThan: { 'aws:CurrentTime': until } }))
    wait(DELAY)
    const keys = await assume(fixture, keysOf('alice'), { RoleArn: arn(), DurationSeconds: 3600 })
    fixture.clock.set(NOON + 3_599_000)
    expect(await read(keys)).toBe('ok')
    fixture.clock.set(NOON + 3_600_000)
    expect(await read(keys)).toBe('AccessDenied')
  })

  it('taken away lets every change be seen at once', async () => {
    await create()
    expect(await get()).toBe('NoSuchEntityException')
    fixture.aws.iam.setDelay(0)
    expect(await get()).toBe('ok')
    RoleName = `${RoleName}-more`
    await create()
    expect(await get()).toBe('ok')
  })
})
