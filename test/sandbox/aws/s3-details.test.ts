/** S3's finer points over the wire: versions, copies, what is told to whom about what is missing, and whose bucket it is. */
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ANALYTICS,
  aliceWith as aliceIn,
  allow,
  type Fixture,
  KEY_ARN,
  keysOf,
  outcome,
  PROD,
  s3Of,
  start,
} from './fixture.ts'

let fixture: Fixture
let admin: S3Client

beforeAll(async () => {
  fixture = await start()
  admin = s3Of(fixture, keysOf('admin'))
})
afterAll(() => fixture.close())

const Bucket = 'customer-exports'
const aliceWith = async (document: object) => (await aliceIn(fixture, document)).s3

const put = async (Key: string, Body: string) =>
  (await admin.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId ?? ''
const status = async (call: Promise<unknown>) => {
  const error = await call.catch((refused: { $metadata?: { httpStatusCode?: number } }) => refused)
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}

describe('the versions of a bucket', () => {
  const versions = async (input: Partial<ListObjectVersionsCommandInput>) => {
    const page = await admin.send(new ListObjectVersionsCommand({ Bucket, ...input }))
    const shown = [
      ...(page.Versions ?? []).map(({ Key, VersionId, IsLatest }) => ({ Key, VersionId, IsLatest })),
      ...(page.DeleteMarkers ?? []).map((it) => ({ Key: it.Key, VersionId: it.VersionId, marker: true })),
    ]
    return { page, shown }
  }

  it('are listed by key, the newest first, with the markers of what was deleted', async () => {
    const [one, two] = [await put('v/a', '1'), await put('v/a', '2')]
    const only = await put('v/b', '3')
    const { VersionId: marker } = await admin.send(new DeleteObjectCommand({ Bucket, Key: 'v/b' }))
    const { page, shown } = await versions({ Prefix: 'v/' })
    expect(shown).toEqual([
      { Key: 'v/a', VersionId: two, IsLatest: true },
      { Key: 'v/a', VersionId: one, IsLatest: false },
      { Key: 'v/b', VersionId: only, IsLatest: false },
      { Key: 'v/b', VersionId: marker, marker: true },
    ])
    expect(page).toMatchObject({ IsTruncated: false, DeleteMarkers: [{ IsLatest: true }] })
    expect(page.Versions?.[0]).toMatchObject({
      Size: 1,
      Owner: { ID: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
  })

  it('come in pages, and folders count as one', async () => {
    for (const key of ['w/x/1', 'w/x/2', 'w/y', 'w/y', 'w/z']) await put(key, 'x')
    const seen: string[] = []
    let next: Partial<ListObjectVersionsCommandInput> = {}
    for (let pages = 1; ; pages += 1) {
      const { page } = await versions({ Prefix: 'w/', Delimiter: '/', MaxKeys: 2, ...next })
      seen.push(
        ...(page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix),
        ...(page.Versions ?? []).map(({ Key = '' }) => Key),
      )
      if (!page.IsTruncated) {
        expect(pages).toBe(2)
        break
      }
      next = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
    }
    expect(seen).toEqual(['w/x/', 'w/y', 'w/y', 'w/z'])
    expect(await outcome(versions({ VersionIdMarker: 'x' }))).toBe('InvalidArgument')
  })

  it('are a permission of their own, to list as to read', async () => {
    const VersionId = await put('v/c', 'old')
    await put('v/c', 'new')
    const lister = await aliceWith(allow(['s3:ListBucket', 's3:GetObject']))
    const list = (s3: S3Client) => outcome(s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'v/' })))
    const read = (s3: S3Client) => outcome(s3.send(new GetObjectCommand({ Bucket, Key: 'v/c', VersionId })))
    expect([await list(lister), await read(lister)]).toEqual(['AccessDenied', 'AccessDenied'])
    const reader = await aliceWith(allow(['s3:ListBucketVersions', 's3:GetObjectVersion']))
    expect([await list(reader), await read(reader)]).toEqual(['ok', 'ok'])
    expect(await outcome(reader.send(new GetObjectCommand({ Bucket, Key: 'v/c' })))).toBe('AccessDenied')
    const below = await aliceWith(
      allow('s3:ListBucketVersions', '*', { StringLike: { 's3:prefix': ['v/', 'v/*'] } }),
    )
    expect(await list(below)).toBe('ok')
    expect(await outcome(below.send(new ListObjectVersionsCommand({ Bucket })))).toBe('AccessDenied')
  })

  it('are kept, and say so', async () => {
    expect((await admin.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled')
  })
})

describe('what is not there', () => {
  const head = (s3: S3Client, Key: string) => status(s3.send(new HeadObjectCommand({ Bucket, Key })))

  it('is 404 to whoever may list, and 403 to everybody else, for HEAD as for GET', async () => {
    const blind = await aliceWith(allow('s3:GetObject'))
    const seeing = await aliceWith(allow(['s3:GetObject', 's3:ListBucket']))
    expect([await head(blind, 'gone'), await head(seeing, 'gone')]).toEqual([403, 404])
    const get = (s3: S3Client) => status(s3.send(new GetObjectCommand({ Bucket, Key: 'gone' })))
    expect([await get(blind), await get(seeing)]).toEqual([403, 404])
    const nothing = await aliceWith(allow('s3:ListAllMyBuckets'))
    expect([await head(nothing, 'gone'), await head(nothing, 'internal/salaries.csv')]).toEqual([403, 403])
  })

  it('is told apart: a key, a version, a marker, a bucket', async () => {
    const Key = 'short-lived'
    const first = await put(Key, 'x')
    const { VersionId: marker } = await admin.send(new DeleteObjectCommand({ Bucket, Key }))
    const get = (input: object) => outcome(admin.send(new GetObjectCommand({ Bucket, Key, ...input })))
    expect(await get({})).toBe('NoSuchKey')
    expect(await get({ VersionId: first })).toBe('ok')
    expect(await get({ VersionId: 'none' })).toBe('NoSuchVersion')
    expect(await get({ VersionId: marker })).toBe('MethodNotAllowed')
    expect(await get({ Bucket: 'nobodys' })).toBe('NoSuchBucket')
    expect(await status(admin.send(new HeadBucketCommand({ Bucket: 'nobodys' })))).toBe(404)
    const restored = await admin.send(new DeleteObjectCommand({ Bucket, Key, VersionId: marker }))
    expect(restored.VersionId).toBe(marker)
    expect(await get({})).toBe('ok')
  })
})

describe('a list', () => {
  it('of either kind names the owner where it is asked to', async () => {
    const Prefix = 'internal/'
    const old = await admin.send(new ListObjectsCommand({ Bucket, Prefix }))
    const plain = await admin.send(new ListObjectsV2Command({ Bucket, Prefix }))
    const asked = await admin.send(new ListObjectsV2Command({ Bucket, Prefix, FetchOwner: true }))
    expect(old.Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
    expect(plain.Contents?.[0]?.Owner).toBeUndefined()
    expect(asked.Contents?.[0]?.Owner).toEqual(old.Contents?.[0]?.Owner)
  })

  it('starts after a key, ends at a page, and goes on with its token only', async () => {
    for (const key of ['s/1', 's/2', 's/3']) await put(key, 'x')
    const from = { Bucket, Prefix: 's/', StartAfter: 's/1' }
    const first = await admin.send(new ListObjectsV2Command({ ...from, MaxKeys: 1 }))
    expect(first).toMatchObject({ KeyCount: 1, IsTruncated: true, Contents: [{ Key: 's/2' }] })
    const ContinuationToken = first.NextContinuationToken
    const second = await admin.send(new ListObjectsV2Command({ ...from, ContinuationToken }))
    expect(second).toMatchObject({ IsTruncated: false, Contents: [{ Key: 's/3' }] })
    const forged = new ListObjectsV2Command({ ...from, ContinuationToken: '!' })
    expect(await outcome(admin.send(forged))).toBe('InvalidArgument')
  })

  it('of the older kind goes on from the marker of a folder', async () => {
    for (const key of ['t/a/1', 't/a/2', 't/b']) await put(key, 'x')
    const from = { Bucket, Prefix: 't/', Delimiter: '/' }
    const first = await admin.send(new ListObjectsCommand({ ...from, MaxKeys: 1 }))
    expect(first).toMatchObject({ NextMarker: 't/a/', CommonPrefixes: [{ Prefix: 't/a/' }] })
    const second = await admin.send(new ListObjectsCommand({ ...from, Marker: first.NextMarker }))
    expect(second).toMatchObject({ IsTruncated: false, Contents: [{ Key: 't/b' }] })
    expect(second.CommonPrefixes).toBeUndefined()
  })
})

describe('a copy', () => {
  const copy = (s3: S3Client, source: string, Key: string) =>
    outcome(s3.send(new CopyObjectCommand({ Bucket, CopySource: source, Key })))

  it('needs the permission to read the one and to write the other', async () => {
    const source = `${Bucket}/internal/salaries.csv`
    expect(await copy(await aliceWith(allow('s3:PutObject')), source, 'copied')).toBe('AccessDenied')
    expect(await copy(await aliceWith(allow('s3:GetObject')), source, 'copied')).toBe('AccessDenied')
    expect(await copy(await aliceWith(allow(['s3:GetObject', 's3:PutObject'])), source, 'copied')).toBe('ok')
    const { Body: body } = await admin.send(new GetObjectCommand({ Bucket, Key: 'copied' }))
    expect(await body?.transformToString()).toBe('secret')
  })

  it('of an encrypted object needs its key', async () => {
    const both = ['s3:GetObject', 's3:PutObject']
    const source = 'billing-archive/invoices/1.pdf'
    expect(await copy(await aliceWith(allow(both)), source, 'invoice')).toBe('AccessDenied')
    expect(await copy(await aliceWith(allow([...both, 'kms:Decrypt'])), source, 'invoice')).toBe('ok')
  })
})

describe('whose bucket it is', () => {
  const read = (s3: S3Client, bucket: string, Key: string) =>
    outcome(s3.send(new GetObjectCommand({ Bucket: bucket, Key })))

  it('can be pinned by aws:ResourceAccount, also where another account opens its own to everybody', async () => {
    const Principal = { AWS: `arn:aws:iam::${PROD}:root` }
    const Resource = ['arn:aws:s3:::clickstream', 'arn:aws:s3:::clickstream/*']
    const Statement = [{ Effect: 'Allow', Principal, Action: 's3:*', Resource }]
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    await s3Of(fixture, keysOf('ana')).send(new PutBucketPolicyCommand({ Bucket: 'clickstream', Policy }))
    const anywhere = await aliceWith(allow('s3:GetObject'))
    expect(await read(anywhere, 'clickstream', 'clicks.csv')).toBe('ok')
    const pinned = (account: string) =>
      aliceWith(allow('s3:GetObject', '*', { StringEquals: { 'aws:ResourceAccount': account } }))
    const [here, there] = [await pinned(PROD), await pinned(ANALYTICS)]
    expect(await read(here, 'clickstream', 'clicks.csv')).toBe('AccessDenied')
    expect(await read(here, Bucket, 'internal/salaries.csv')).toBe('ok')
    expect(await read(there, 'clickstream', 'clicks.csv')).toBe('ok')
    expect(await read(there, Bucket, 'internal/salaries.csv')).toBe('AccessDenied')
  })

  it('is checked by x-amz-expected-bucket-owner', async () => {
    const head = (ExpectedBucketOwner: string) =>
      status(admin.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner })))
    expect([await head(PROD), await head(ANALYTICS)]).toEqual([200, 403])
  })
})

describe('an encrypted object', () => {
  it('tells its key, needs it for HEAD, ranges and old versions too, and is written with it', async () => {
    const object = { Bucket: 'billing-archive', Key: 'invoices/1.pdf' }
    const { VersionId, SSEKMSKeyId } = await admin.send(new HeadObjectCommand(object))
    expect(SSEKMSKeyId).toBe(KEY_ARN)
    const without = await aliceWith(allow(['s3:Get*', 's3:PutObject']))
    const key = await aliceWith(allow(['s3:Get*', 's3:PutObject', 'kms:Decrypt', 'kms:GenerateDataKey']))
    const tries = (s3: S3Client) =>
      Promise.all([
        status(s3.send(new HeadObjectCommand(object))),
        status(s3.send(new GetObjectCommand({ ...object, Range: 'bytes=0-1' }))),
        status(s3.send(new GetObjectCommand({ ...object, VersionId }))),
        status(s3.send(new PutObjectCommand({ ...object, Key: 'new', Body: 'x' }))),
      ])
    expect(await tries(without)).toEqual([403, 403, 403, 403])
    expect(await tries(key)).toEqual([200, 206, 200, 200])
  })
})

it('a request signed for another region is told the right one', async () => {
  const lost = new S3Client({
    endpoint: fixture.aws.endpoint,
    region: 'us-east-1',
    credentials: keysOf('admin'),
    forcePathStyle: true,
    maxAttempts: 1,
  })
  await expect(lost.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 400 },
    $response: { headers: { 'x-amz-bucket-region': 'eu-central-1' } },
  })
})
