/** S3 over the wire: reading, listing, versions, ranges, encrypted buckets and bucket policies. */
import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ANALYTICS,
  aliceWith,
  allow,
  type Fixture,
  KEY_ARN,
  keysOf,
  outcome,
  PROD,
  REGION,
  s3Of,
  start,
  userArn,
} from './fixture.ts'

let fixture: Fixture
let admin: S3Client

beforeAll(async () => {
  fixture = await start()
  admin = s3Of(fixture, keysOf('admin'))
})
afterAll(() => fixture.close())

const Bucket = 'customer-exports'
const body = async (
  client: S3Client,
  input: { Bucket: string; Key: string; Range?: string; VersionId?: string },
) => (await client.send(new GetObjectCommand(input))).Body?.transformToString()

describe('objects', () => {
  it('are read whole, in part, and by their attributes', async () => {
    const Key = 'exports/2026/11/orders.csv'
    expect(await body(admin, { Bucket, Key })).toBe('november')
    expect(await body(admin, { Bucket, Key, Range: 'bytes=2-4' })).toBe('vem')
    expect(await body(admin, { Bucket, Key, Range: 'bytes=-3' })).toBe('ber')
    expect(await body(admin, { Bucket, Key, Range: 'bytes=5-' })).toBe('ber')
    expect(await outcome(body(admin, { Bucket, Key, Range: 'bytes=8-' }))).toBe('InvalidRange')
    const head = await admin.send(new HeadObjectCommand({ Bucket, Key }))
    expect(head).toMatchObject({ ContentLength: 8, ServerSideEncryption: 'AES256' })
  })

  it.each(['plain', 'a b+c', 'ü/€/😀', 'x%2Fy', "q'(!*)~", 'dots/../x', 'a//b', '?x=1#y'])(
    'are kept under the key "%s"',
    async (Key) => {
      await admin.send(new PutObjectCommand({ Bucket: 'billing-archive', Key, Body: Key }))
      expect(await body(admin, { Bucket: 'billing-archive', Key })).toBe(Key)
      const list = await admin.send(new ListObjectsV2Command({ Bucket: 'billing-archive', Prefix: Key }))
      expect(list.Contents?.map((entry) => entry.Key)).toEqual([Key])
      await admin.send(new DeleteObjectCommand({ Bucket: 'billing-archive', Key }))
      expect(await outcome(body(admin, { Bucket: 'billing-archive', Key }))).toBe('NoSuchKey')
    },
  )

  it('that are missing are reported only to those who may list', async () => {
    const { s3 } = await aliceWith(fixture, allow('s3:GetObject'))
    expect(await outcome(body(s3, { Bucket, Key: 'missing' }))).toBe('AccessDenied')
    const lister = await aliceWith(fixture, allow(['s3:GetObject', 's3:ListBucket']))
    expect(await outcome(body(lister.s3, { Bucket, Key: 'missing' }))).toBe('NoSuchKey')
    const below = await aliceWith(
      fixture,
      allow(['s3:GetObject', 's3:ListBucket'], '*', { StringLike: { 's3:prefix': '*' } }),
    )
    expect(await outcome(body(below.s3, { Bucket, Key: 'missing' }))).toBe('AccessDenied')
  })

  it('need another permission for a version by its id', async () => {
    const Key = 'versioned'
    const { VersionId } = await admin.send(new PutObjectCommand({ Bucket, Key, Body: 'one' }))
    await admin.send(new PutObjectCommand({ Bucket, Key, Body: 'two' }))
    expect(await body(admin, { Bucket, Key })).toBe('two')
    expect(await body(admin, { Bucket, Key, VersionId: VersionId ?? '' })).toBe('one')
    const { s3 } = await aliceWith(fixture, allow('s3:GetObject'))
    expect(await body(s3, { Bucket, Key })).toBe('two')
    expect(await outcome(body(s3, { Bucket, Key, VersionId: VersionId ?? '' }))).toBe('AccessDenied')
  })

  it('are not read by an operation that the sandbox does not have', async () => {
    const acl = admin.send(new GetObjectAclCommand({ Bucket, Key: 'internal/salaries.csv' }))
    expect(await outcome(acl)).toBe('NotImplemented')
  })
})

describe('lists', () => {
  it('show the buckets of the account only', async () => {
    const { Buckets } = await admin.send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['billing-archive', 'customer-exports'])
    expect(await outcome(s3Of(fixture, keysOf('alice')).send(new ListBucketsCommand({})))).toBe(
      'AccessDenied',
    )
  })

  it('come in pages, folders counted as one', async () => {
    const keys = ['l/1', 'l/2', 'l/a/1', 'l/a/2', 'l/b/1', 'l/c']
    for (const Key of keys) await admin.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
    const seen: (string | undefined)[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await admin.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/', MaxKeys: 2, ContinuationToken }),
      )
      expect(page.KeyCount).toBeLessThanOrEqual(2)
      seen.push(
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      )
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    expect(seen.sort()).toEqual(['l/1', 'l/2', 'l/a/', 'l/b/', 'l/c'])
  })

  it('have an older form with markers', async () => {
    const first = await admin.send(new ListObjectsCommand({ Bucket, Prefix: 'exports/', MaxKeys: 1 }))
    expect(first.Contents?.map(({ Key }) => Key)).toEqual(['exports/2026/10/orders.csv'])
    expect(first.IsTruncated).toBe(true)
    const Marker = first.Contents?.[0]?.Key
    const second = await admin.send(new ListObjectsCommand({ Bucket, Prefix: 'exports/', Marker }))
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['exports/2026/11/orders.csv'])
    expect(second.IsTruncated).toBe(false)
  })

  it('are judged by the prefix asked for', async () => {
    const { s3 } = await aliceWith(
      fixture,
      allow('s3:ListBucket', '*', { StringLike: { 's3:prefix': ['exports/2026/11/', 'exports/2026/11/*'] } }),
    )
    const list = (Prefix?: string) => outcome(s3.send(new ListObjectsV2Command({ Bucket, Prefix })))
    expect(await list('exports/2026/11/')).toBe('ok')
    expect(await list('exports/2026/11/o')).toBe('ok')
    expect(await list('exports/2026/')).toBe('AccessDenied')
    expect(await list()).toBe('AccessDenied')
    expect(await outcome(s3.send(new HeadBucketCommand({ Bucket })))).not.toBe('ok')
  })

  it('know where a bucket is', async () => {
    expect((await admin.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBe(REGION)
    expect((await admin.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe(REGION)
    expect(await outcome(admin.send(new ListObjectsV2Command({ Bucket: 'nobodys' })))).toBe('NoSuchBucket')
  })
})

describe('an encrypted bucket', () => {
  const invoice = { Bucket: 'billing-archive', Key: 'invoices/1.pdf' }
  const decrypt = (key: string, service: string) => ({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: key,
        Condition: { StringEquals: { 'kms:ViaService': service } },
      },
    ],
  })

  it.each([
    ['the key through S3', decrypt(KEY_ARN, `s3.${REGION}.amazonaws.com`), 'ok'],
    ['the key through another service', decrypt(KEY_ARN, `ebs.${REGION}.amazonaws.com`), 'AccessDenied'],
    ['another key', decrypt(`${KEY_ARN}x`, `s3.${REGION}.amazonaws.com`), 'AccessDenied'],
    ['no key at all', allow('s3:GetObject'), 'AccessDenied'],
  ])('is read with a permission for %s: %s', async (_, document, expected) => {
    const { s3 } = await aliceWith(fixture, document)
    expect(await outcome(body(s3, invoice))).toBe(expected)
  })
})

describe('a bucket policy', () => {
  const Key = 'internal/salaries.csv'
  const put = (Principal: object | string, more: object = {}) =>
    admin.send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal,
              Action: 's3:GetObject',
              Resource: `arn:aws:s3:::${Bucket}/*`,
              ...more,
            },
          ],
        }),
      }),
    )
  beforeEach(() => admin.send(new DeleteBucketPolicyCommand({ Bucket })))

  it('lets in a role that has no permission of its own', async () => {
    const { s3, roleArn } = await aliceWith(fixture, allow('s3:ListBucket'))
    await put({ AWS: roleArn })
    expect(await body(s3, { Bucket, Key })).toBe('secret')
  })

  it('can not let in whom an own Deny keeps out', async () => {
    const deny = { Effect: 'Deny', NotAction: 's3:ListBucket', Resource: '*' }
    const { s3, roleArn } = await aliceWith(fixture, { Version: '2012-10-17', Statement: [deny] })
    await put({
      AWS: [roleArn, roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/').concat('/alice')],
    })
    expect(await outcome(body(s3, { Bucket, Key }))).toBe('AccessDenied')
    await put('*')
    expect(await outcome(body(s3, { Bucket, Key }))).toBe('AccessDenied')
  })

  it('opens a bucket to another account, whose own policies must allow it too', async () => {
    const ana = s3Of(fixture, keysOf('ana'))
    expect(await outcome(body(ana, { Bucket, Key }))).toBe('AccessDenied')
    await put({ AWS: ANALYTICS })
    expect(await body(ana, { Bucket, Key })).toBe('secret')
  })

  it('denies even an administrator', async () => {
    await put('*', { Effect: 'Deny' })
    expect(await outcome(body(admin, { Bucket, Key }))).toBe('AccessDenied')
  })

  it('is read back, and refused where it names what is not its own', async () => {
    expect(await outcome(admin.send(new GetBucketPolicyCommand({ Bucket })))).toBe('NoSuchBucketPolicy')
    await put({ AWS: PROD })
    const { Policy } = await admin.send(new GetBucketPolicyCommand({ Bucket }))
    expect(JSON.parse(Policy ?? '').Statement[0].Principal).toEqual({ AWS: `arn:aws:iam::${PROD}:root` })
    expect(await outcome(put('*', { Resource: 'arn:aws:s3:::clickstream/*' }))).toBe('MalformedPolicy')
    expect(await outcome(put({ AWS: userArn('nobody') }))).toBe('MalformedPolicy')
  })

  it('is written by nobody without permission', async () => {
    const attempt = s3Of(fixture, keysOf('mallory')).send(
      new PutBucketPolicyCommand({ Bucket, Policy: '{}' }),
    )
    expect(await outcome(attempt)).toBe('AccessDenied')
  })
})
