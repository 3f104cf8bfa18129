/** S3's lists: of buckets, and of a bucket's keys in the newer and the older form. */
import { authorize } from './authorize.ts'
import { AwsError } from './errors.ts'
import { allow, type BucketCall, ownerId, type S3Answer, type S3Call, xmlAnswer } from './s3-call.ts'
import { encode } from './sigv4.ts'
import { currentObject, type ObjectVersion } from './state.ts'
import { leaf, tag } from './xml.ts'

const LONGEST_LIST = 1000

export function listBuckets({ world, caller, request, query }: S3Call): S3Answer {
  const { account } = caller.identity
  authorize(world, {
    caller,
    sourceIp: request.sourceIp,
    region: world.region,
    action: 's3:ListAllMyBuckets',
    resource: `arn:${world.partition}:s3:::*`,
    owner: account,
  })
  const prefix = query.get('prefix') ?? ''
  const after = query.get('continuation-token') ?? ''
  const rest = [...world.buckets.values()]
    .filter((bucket) => bucket.account === account && bucket.name.startsWith(prefix) && bucket.name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const buckets = rest.slice(0, wholeNumber(query.get('max-buckets'), 'max-buckets', 10_000))
  const members = buckets.map(({ name, created }) =>
    tag(
      'Bucket',
      leaf('Name', name),
      leaf('CreationDate', isoMilliseconds(created)),
      leaf('BucketRegion', world.region),
    ),
  )
  const next = buckets.length < rest.length ? buckets.at(-1)?.name : undefined
  return xmlAnswer(
    'ListAllMyBucketsResult',
    tag('Owner', leaf('ID', ownerId(account))),
    tag('Buckets', ...members),
    leaf('ContinuationToken', next),
  )
}

interface Listing {
  readonly prefix: string
  readonly delimiter: string | undefined
  readonly maxKeys: number
  readonly objects: readonly (readonly [string, ObjectVersion])[]
  readonly commonPrefixes: readonly string[]
  /** The last entry of this page, where more follow. */
  readonly next: string | undefined
}

export function listObjectsV2(call: BucketCall): S3Answer {
  const { query, bucket } = call
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const listing = list(call, token === undefined ? (startAfter ?? '') : readToken(token))
  const shown = encoder(query)
  return xmlAnswer(
    'ListBucketResult',
    leaf('Name', bucket.name),
    leaf('Prefix', shown(listing.prefix)),
    leaf('Delimiter', listing.delimiter && shown(listing.delimiter)),
    leaf('MaxKeys', listing.maxKeys),
    leaf('KeyCount', listing.objects.length + listing.commonPrefixes.length),
    leaf('EncodingType', query.get('encoding-type')),
    leaf('StartAfter', startAfter && shown(startAfter)),
    leaf('ContinuationToken', token),
    leaf('NextContinuationToken', listing.next && Buffer.from(listing.next).toString('base64url')),
    leaf('IsTruncated', listing.next !== undefined),
    ...entries(call, listing, query.get('fetch-owner') === 'true'),
  )
}

export function listObjects(call: BucketCall): S3Answer {
  const { query, bucket } = call
  const marker = query.get('marker') ?? ''
  const listing = list(call, marker)
  const shown = encoder(query)
  return xmlAnswer(
    'ListBucketResult',
    leaf('Name', bucket.name),
    leaf('Prefix', shown(listing.prefix)),
    leaf('Marker', shown(marker)),
    leaf('Delimiter', listing.delimiter && shown(listing.delimiter)),
    leaf('MaxKeys', listing.maxKeys),
    leaf('EncodingType', query.get('encoding-type')),
    leaf('IsTruncated', listing.next !== undefined),
    // The older form names it only where a delimiter groups keys; otherwise it is the last key.
    leaf('NextMarker', listing.delimiter && listing.next && shown(listing.next)),
    ...entries(call, listing, true),
  )
}

/** What conditions see of a list. */
export function prefixKeys(query: ReadonlyMap<string, string>): Record<string, string | undefined> {
  return {
    's3:prefix': query.get('prefix'),
    's3:delimiter': query.get('delimiter'),
    's3:max-keys': query.get('max-keys'),
  }
}

export function maxKeysOf(query: ReadonlyMap<string, string>): number {
  return Math.min(wholeNumber(query.get('max-keys'), 'max-keys', LONGEST_LIST), LONGEST_LIST)
}

function list(call: BucketCall, after: string): Listing {
  const { bucket, query } = call
  allow(call, 's3:ListBucket', undefined, prefixKeys(query))
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') || undefined
  const maxKeys = maxKeysOf(query)
  const objects: [string, ObjectVersion][] = []
  const commonPrefixes: string[] = []
  let last: string | undefined
  for (const key of sortedKeys(bucket.objects.keys())) {
    const version = currentObject(bucket, key)
    if (version === undefined || !key.startsWith(prefix)) continue
    const group = groupOf(key, prefix, delimiter)
    const entry = group ?? key
    if (!isAfter(entry, after) || entry === last) continue
    if (objects.length + commonPrefixes.length >= maxKeys)
      return { prefix, delimiter, maxKeys, objects, commonPrefixes, next: maxKeys === 0 ? undefined : last }
    last = entry
    if (group === undefined) objects.push([key, version])
    else commonPrefixes.push(group)
  }
  return { prefix, delimiter, maxKeys, objects, commonPrefixes, next: undefined }
}

export function groupOf(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined) return undefined
  const end = key.indexOf(delimiter, prefix.length)
  return end < 0 ? undefined : key.slice(0, end + delimiter.length)
}

/** S3 sorts by the bytes of UTF-8. */
export function sortedKeys(keys: Iterable<string>): string[] {
  return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

export function isAfter(entry: string, after: string): boolean {
  return after === '' || Buffer.compare(Buffer.from(entry), Buffer.from(after)) > 0
}

function readToken(token: string): string {
  const after = Buffer.from(token, 'base64url').toString('utf8')
  if (after === '' || Buffer.from(after).toString('base64url') !== token)
    throw new AwsError(400, 'InvalidArgument', 'The continuation token provided is incorrect')
  return after
}

function wholeNumber(text: string | undefined, name: string, missing: number): number {
  if (text === undefined) return missing
  if (!/^\d{1,9}$/.test(text))
    throw new AwsError(400, 'InvalidArgument', `Provided ${name} not an integer or within integer range`)
  return Number(text)
}

export function encoder(query: ReadonlyMap<string, string>): (text: string) => string {
  const type = query.get('encoding-type')
  if (type === undefined) return (text) => text
  if (type !== 'url')
    throw new AwsError(400, 'InvalidArgument', 'Invalid Encoding Method specified in Request')
  return (text) => encode(text).replaceAll('%2F', '/')
}

function entries(call: BucketCall, { objects, commonPrefixes }: Listing, showsOwner: boolean): string[] {
  const shown = encoder(call.query)
  return [
    ...objects.map(([key, version]) =>
      tag('Contents', leaf('Key', shown(key)), objectFields(call, version, { showsOwner })),
    ),
    ...commonPrefixes.map((prefix) => tag('CommonPrefixes', leaf('Prefix', shown(prefix)))),
  ]
}

export function objectFields(
  { bucket }: BucketCall,
  { modified, etag, body }: ObjectVersion,
  { isMarker = false, showsOwner = false }: { isMarker?: boolean; showsOwner?: boolean },
): string {
  const content = leaf('ETag', etag) + leaf('Size', body.length) + leaf('StorageClass', 'STANDARD')
  return [
    leaf('LastModified', isoMilliseconds(modified)),
    isMarker ? '' : content,
    showsOwner ? tag('Owner', leaf('ID', ownerId(bucket.account))) : '',
  ].join('')
}

function isoMilliseconds(instant: number): string {
  return new Date(instant).toISOString()
}
