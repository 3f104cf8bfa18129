/** S3: finds which operation a request means, and refuses whatever it would otherwise only half understand. */
import { bucketArn } from './arn.ts'
import { readPolicy, showPolicy } from './documents.ts'
import { AwsError } from './errors.ts'
import { asList, isObject, parsePolicyJson } from './policy-json.ts'
import {
  allow,
  type BucketCall,
  type ObjectCall,
  S3_NAMESPACE,
  type S3Answer,
  type S3Call,
} from './s3-call.ts'
import { listBuckets, listObjects, listObjectsV2 } from './s3-list.ts'
import { copyObject, deleteObject, getObject, putObject } from './s3-objects.ts'
import { getBucketVersioning, listObjectVersions } from './s3-versions.ts'
import { decode, isEncoded, parseQuery, type WireRequest } from './sigv4.ts'
import type { Bucket, Caller, World } from './state.ts'
import { leaf, XML_HEADER } from './xml.ts'

interface Operation<Call> {
  readonly name: string
  /** The query parameters it knows; any other makes it another operation, which the sandbox does not have. */
  readonly query: readonly string[]
  readonly run: (call: Call) => S3Answer
}

const LIST = ['prefix', 'delimiter', 'max-keys', 'encoding-type']
const LIST_VERSIONS = [...LIST, 'versions', 'key-marker', 'version-id-marker']
const LIST_V2 = [...LIST, 'list-type', 'continuation-token', 'start-after', 'fetch-owner']

const SERVICE_OPERATIONS: Readonly<Record<string, Operation<S3Call>>> = {
  GET: { name: 'ListBuckets', query: ['prefix', 'max-buckets', 'continuation-token'], run: listBuckets },
}

const BUCKET_OPERATIONS: Readonly<Record<string, Operation<BucketCall>>> = {
  HEAD: { name: 'HeadBucket', query: [], run: headBucket },
  GET: { name: 'ListObjects', query: [...LIST, 'marker'], run: listObjects },
  'GET list-type': { name: 'ListObjectsV2', query: LIST_V2, run: listObjectsV2 },
  'GET versions': { name: 'ListObjectVersions', query: LIST_VERSIONS, run: listObjectVersions },
  'GET versioning': { name: 'GetBucketVersioning', query: ['versioning'], run: getBucketVersioning },
  'GET location': { name: 'GetBucketLocation', query: ['location'], run: getBucketLocation },
  'GET policy': { name: 'GetBucketPolicy', query: ['policy'], run: getBucketPolicy },
  'PUT policy': { name: 'PutBucketPolicy', query: ['policy'], run: putBucketPolicy },
  'DELETE policy': { name: 'DeleteBucketPolicy', query: ['policy'], run: deleteBucketPolicy },
}

const OBJECT_OPERATIONS: Readonly<Record<string, Operation<ObjectCall>>> = {
  GET: { name: 'GetObject', query: ['versionId'], run: getObject },
  HEAD: { name: 'HeadObject', query: ['versionId'], run: getObject },
  PUT: { name: 'PutObject', query: [], run: putObject },
  COPY: { name: 'CopyObject', query: [], run: (call) => copyObject(call, sourceOf(call)) },
  DELETE: { name: 'DeleteObject', query: ['versionId'], run: deleteObject },
}

/** Parameters that say nothing of the operation. */
const IGNORED_PARAMETERS = /^(x-id|X-Amz-.*)$/
const LONGEST_KEY_BYTES = 1024
const LARGEST_POLICY = 20_480

export interface S3Target {
  /** For the call log. */
  readonly operation: string
  /** Throws AwsError. */
  answer(world: World, caller: Caller): S3Answer
}

export function s3Target(request: WireRequest): S3Target {
  const { bucket: name, key } = placeOf(request)
  const query = new Map(
    parseQuery(request.query).filter(([parameter]) => !IGNORED_PARAMETERS.test(parameter)),
  )
  if (name === '') {
    const operation = choose(SERVICE_OPERATIONS, request.method, query)
    return {
      operation: operation.name,
      answer: (world, caller) => operation.run({ world, caller, request, query }),
    }
  }
  if (key === '') {
    const operation = choose(BUCKET_OPERATIONS, request.method, query)
    return {
      operation: operation.name,
      answer: (world, caller) =>
        operation.run({ world, caller, request, query, bucket: findBucket(world, name, request) }),
    }
  }
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES)
    throw new AwsError(400, 'KeyTooLongError', 'Your key is too long')
  // A copy is a PUT that names its source.
  const isCopy = request.method === 'PUT' && request.headers['x-amz-copy-source'] !== undefined
  const operation = choose(OBJECT_OPERATIONS, isCopy ? 'COPY' : request.method, query)
  return {
    operation: operation.name,
    answer: (world, caller) =>
      operation.run({ world, caller, request, query, key, bucket: findBucket(world, name, request) }),
  }
}

/** Bucket and key: the bucket is the path's first segment, or comes before `.localhost` in the host's name. */
function placeOf({ path, headers }: WireRequest): { bucket: string; key: string } {
  const host = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  if (!isEncoded(path)) throw new AwsError(400, 'InvalidURI', "Couldn't parse the specified URI.")
  if (host.endsWith('.localhost'))
    return { bucket: host.slice(0, -'.localhost'.length), key: decode(path.slice(1)) }
  const [, bucket = '', ...rest] = path.split('/')
  return { bucket: decode(bucket), key: decode(rest.join('/')) }
}

function choose<Call>(
  operations: Readonly<Record<string, Operation<Call>>>,
  method: string,
  query: ReadonlyMap<string, string>,
): Operation<Call> {
  const special = [...query.keys()]
    .map((parameter) => operations[`${method} ${parameter}`])
    .find((found) => found)
  const operation = special ?? operations[method]
  if (operation === undefined || [...query.keys()].some((parameter) => !operation.query.includes(parameter)))
    throw new AwsError(
      501,
      'NotImplemented',
      `The sandbox has no operation ${method} ${[...query.keys()].join(' ')}`,
    )
  return operation
}

function findBucket(world: World, name: string, { headers }: WireRequest): Bucket {
  const bucket = world.buckets.get(name)
  if (bucket === undefined)
    throw new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: name })
  const expected = headers['x-amz-expected-bucket-owner']
  if (expected !== undefined && expected !== bucket.account)
    throw new AwsError(403, 'AccessDenied', 'Access Denied')
  return bucket
}

/** `bucket/key`, percent-encoded, with or without a slash before it and a version after it. */
function sourceOf(call: ObjectCall): ObjectCall {
  const { world, request } = call
  const [place = '', query = ''] = (request.headers['x-amz-copy-source'] ?? '').split('?')
  const [name = '', ...rest] = place.replace(/^\//, '').split('/')
  const key = decode(rest.join('/'))
  if (key === '')
    throw new AwsError(400, 'InvalidArgument', 'Copy Source must mention the source bucket and key')
  const bucket = world.buckets.get(decode(name))
  if (bucket === undefined) throw new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist')
  return { ...call, bucket, key, query: new Map(parseQuery(query)) }
}

function headBucket(call: BucketCall): S3Answer {
  allow(call, 's3:ListBucket')
  return { status: 200, headers: { 'x-amz-bucket-region': call.world.region } }
}

function getBucketLocation(call: BucketCall): S3Answer {
  allow(call, 's3:GetBucketLocation')
  const region = call.world.region === 'us-east-1' ? '' : call.world.region
  const body = `${XML_HEADER}<LocationConstraint xmlns="${S3_NAMESPACE}">${region}</LocationConstraint>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

function getBucketPolicy(call: BucketCall): S3Answer {
  allow(call, 's3:GetBucketPolicy')
  const { policy } = call.bucket
  if (policy === undefined) throw new AwsError(404, 'NoSuchBucketPolicy', 'The bucket policy does not exist')
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: showPolicy(call.world, policy),
  }
}

function putBucketPolicy(call: BucketCall): S3Answer {
  allow(call, 's3:PutBucketPolicy')
  const text = call.request.body.toString('utf8')
  if (text.length > LARGEST_POLICY) throw malformed('Policy is too large')
  call.bucket.policy = readBucketPolicy(call, text)
  return { status: 204 }
}

function deleteBucketPolicy(call: BucketCall): S3Answer {
  allow(call, 's3:DeleteBucketPolicy')
  delete call.bucket.policy
  return { status: 204 }
}

function readBucketPolicy({ world, bucket }: BucketCall, text: string) {
  try {
    const policy = readPolicy(world, 'bucket', text)
    const arn = bucketArn(world.partition, bucket.name)
    for (const resource of resourcesIn(text))
      if (resource !== arn && !resource.startsWith(`${arn}/`)) throw malformed('Policy has invalid resource')
    return policy
  } catch (error) {
    // S3 has a name of its own for what IAM calls MalformedPolicyDocument.
    if (error instanceof AwsError) throw malformed(error.message)
    throw error
  }
}

/** The resources of a policy that is known to be well formed. */
function resourcesIn(text: string): string[] {
  const document = parsePolicyJson(text)
  if (document === undefined || !isObject(document)) return []
  return asList(document.Statement).flatMap((statement) =>
    isObject(statement) ? asList(statement.Resource ?? statement.NotResource).map(String) : [],
  )
}

function malformed(problem: string): AwsError {
  return new AwsError(400, 'MalformedPolicy', problem)
}

export function s3ErrorXml(error: AwsError, path: string, requestId: string): string {
  const details = Object.entries(error.details).map(([name, value]) => leaf(name, value))
  const body = [
    leaf('Code', error.code),
    leaf('Message', error.message),
    ...details,
    leaf('Resource', path),
    leaf('RequestId', requestId),
  ]
  return `${XML_HEADER}<Error>${body.join('')}</Error>`
}
