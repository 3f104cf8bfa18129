/** Each line of what the installed policies forbid, tried over the wire: by the app, by the app made administrator, and by a lent role. */
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteUserCommand,
  DetachRolePolicyCommand,
  GetUserCommand,
  type IAMClient,
  ListPoliciesCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  SetDefaultPolicyVersionCommand,
  TagPolicyCommand,
  UntagPolicyCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  allow,
  appIn,
  assume,
  BOUNDARY,
  type Fixture,
  iamOf,
  keysOf,
  outcome,
  PROD,
  s3Of,
  start,
  trust,
  userArn,
} from './fixture.ts'

const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess'
const PolicyDocument = JSON.stringify(allow('*'))
const lent = { RoleName: 'lent' }
const lentArn = `arn:aws:iam::${PROD}:role/daypass/x/lent`

let fixture: Fixture
let admin: IAMClient

beforeAll(async () => {
  fixture = await start()
  admin = iamOf(fixture, keysOf('admin'))
  const app = iamOf(fixture, await appIn(fixture))
  await app.send(
    new CreateRoleCommand({
      ...lent,
      Path: '/daypass/x/',
      AssumeRolePolicyDocument: JSON.stringify(trust({ AWS: userArn('alice') })),
      PermissionsBoundary: BOUNDARY,
      Tags: [{ Key: 'a', Value: 'b' }],
    }),
  )
  await app.send(new PutRolePolicyCommand({ ...lent, PolicyName: 'all', PolicyDocument }))
})
afterAll(() => fixture.close())

type Attempt = readonly [string, (iam: IAMClient) => Promise<unknown>]

/** What its policy denies it in so many words. */
const DENIED_ALWAYS: readonly Attempt[] = [
  ['take a boundary off', (iam) => iam.send(new DeleteRolePermissionsBoundaryCommand(lent))],
  [
    'write a version of the boundary',
    (iam) => iam.send(new CreatePolicyVersionCommand({ PolicyArn: BOUNDARY, PolicyDocument })),
  ],
  [
    'put another version of the boundary in force',
    (iam) => iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn: BOUNDARY, VersionId: 'v1' })),
  ],
  [
    'delete a version of the boundary',
    (iam) => iam.send(new DeletePolicyVersionCommand({ PolicyArn: BOUNDARY, VersionId: 'v1' })),
  ],
  ['delete the boundary', (iam) => iam.send(new DeletePolicyCommand({ PolicyArn: BOUNDARY }))],
  [
    'tag the boundary',
    (iam) => iam.send(new TagPolicyCommand({ PolicyArn: BOUNDARY, Tags: [{ Key: 'a', Value: 'b' }] })),
  ],
  ['untag the boundary', (iam) => iam.send(new UntagPolicyCommand({ PolicyArn: BOUNDARY, TagKeys: ['a'] }))],
]

/** What nothing allows it. */
const NEVER_ALLOWED: readonly Attempt[] = [
  ['attach a policy', (iam) => iam.send(new AttachRolePolicyCommand({ ...lent, PolicyArn: ADMINISTRATOR }))],
  [
    'describe a role that is not its own',
    (iam) => iam.send(new UpdateRoleCommand({ RoleName: 'DaypassAccountRole', Description: 'x' })),
  ],
  ['take a tag off', (iam) => iam.send(new UntagRoleCommand({ ...lent, TagKeys: ['a'] }))],
  [
    'delete a role that is not its own',
    (iam) => iam.send(new DeleteRoleCommand({ RoleName: 'DaypassAccountRole' })),
  ],
  [
    'take a policy off a role that is not its own',
    (iam) =>
      iam.send(new DetachRolePolicyCommand({ RoleName: 'DaypassAccountRole', PolicyArn: ADMINISTRATOR })),
  ],
  [
    'change who may become itself',
    (iam) =>
      iam.send(
        new UpdateAssumeRolePolicyCommand({
          RoleName: 'DaypassAccountRole',
          PolicyDocument: JSON.stringify(trust({ AWS: userArn('mallory') })),
        }),
      ),
  ],
  ['make a policy', (iam) => iam.send(new CreatePolicyCommand({ PolicyName: 'x', PolicyDocument }))],
  ['list policies', (iam) => iam.send(new ListPoliciesCommand({}))],
  ['make a user', (iam) => iam.send(new CreateUserCommand({ UserName: 'x' }))],
  ['delete a user', (iam) => iam.send(new DeleteUserCommand({ UserName: 'alice' }))],
  ['make keys for a user', (iam) => iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }))],
  [
    'write a policy on a user',
    (iam) => iam.send(new PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'x', PolicyDocument })),
  ],
  ['read a user', (iam) => iam.send(new GetUserCommand({ UserName: 'alice' }))],
  ['list users', (iam) => iam.send(new ListUsersCommand({}))],
]

describe('the app may not', () => {
  it.each([...DENIED_ALWAYS, ...NEVER_ALLOWED])('%s', async (_, attempt) => {
    expect(await outcome(attempt(iamOf(fixture, await appIn(fixture))))).toBe('AccessDenied')
  })
})

describe('the app, made an administrator by mistake, still may not', () => {
  const account = { RoleName: 'DaypassAccountRole', PolicyArn: ADMINISTRATOR }
  beforeAll(() => admin.send(new AttachRolePolicyCommand(account)))
  afterAll(() => admin.send(new DetachRolePolicyCommand(account)))

  it.each(DENIED_ALWAYS)('%s', async (_, attempt) => {
    expect(await outcome(attempt(iamOf(fixture, await appIn(fixture))))).toBe('AccessDenied')
  })

  it('become what it lends', async () => {
    const keys = await appIn(fixture)
    expect(await outcome(iamOf(fixture, keys).send(new ListUsersCommand({})))).toBe('ok')
    const own = JSON.stringify(trust({ AWS: `arn:aws:iam::${PROD}:role/DaypassAccountRole` }))
    await admin.send(new UpdateAssumeRolePolicyCommand({ ...lent, PolicyDocument: own }))
    expect(await outcome(assume(fixture, keys, { RoleArn: lentArn }))).toBe('AccessDenied')
    const alice = JSON.stringify(trust({ AWS: userArn('alice') }))
    await admin.send(new UpdateAssumeRolePolicyCommand({ ...lent, PolicyDocument: alice }))
  })
})

const Bucket = 'customer-exports'
const Key = 'internal/salaries.csv'
const FORBIDDEN: readonly (readonly [string, (s3: S3Client) => Promise<unknown>])[] = [
  ['write an object', (s3) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))],
  ['delete an object', (s3) => s3.send(new DeleteObjectCommand({ Bucket, Key }))],
  [
    'copy an object',
    (s3) => s3.send(new CopyObjectCommand({ Bucket, Key: 'x', CopySource: `${Bucket}/${Key}` })),
  ],
  ['list versions', (s3) => s3.send(new ListObjectVersionsCommand({ Bucket }))],
  ['read a version by its id', (s3) => s3.send(new GetObjectCommand({ Bucket, Key, VersionId: 'x' }))],
  ['read a bucket policy', (s3) => s3.send(new GetBucketPolicyCommand({ Bucket }))],
  ['write a bucket policy', (s3) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy: '{}' }))],
  ['read how a bucket is set up', (s3) => s3.send(new GetBucketVersioningCommand({ Bucket }))],
  ['list the buckets', (s3) => s3.send(new ListBucketsCommand({}))],
  [
    'read a bucket that is not lent',
    (s3) => s3.send(new GetObjectCommand({ Bucket: 'clickstream', Key: 'clicks.csv' })),
  ],
]

describe('a lent role that allows everything may not', () => {
  it.each(FORBIDDEN)('%s', async (_, attempt) => {
    const s3 = s3Of(fixture, await assume(fixture, keysOf('alice'), { RoleArn: lentArn }))
    expect(await outcome(attempt(s3))).toBe('AccessDenied')
  })
})

describe('an app in the hands of a thief', () => {
  it('can let an outsider in, who reads what could be lent and does nothing else', async () => {
    const app = iamOf(fixture, await appIn(fixture))
    const outsider = JSON.stringify(trust({ AWS: userArn('ana', '222222222222') }))
    await app.send(new UpdateAssumeRolePolicyCommand({ ...lent, PolicyDocument: outsider }))
    const s3 = s3Of(fixture, await assume(fixture, keysOf('ana'), { RoleArn: lentArn }))
    expect(await outcome(s3.send(new GetObjectCommand({ Bucket, Key })))).toBe('ok')
    for (const [, attempt] of FORBIDDEN) expect(await outcome(attempt(s3))).toBe('AccessDenied')
  })
})
