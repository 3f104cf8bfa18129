/** What every S3 operation is given and answers, and how it asks for permission. */
import { bucketArn } from './arn.ts'
import { type Attempt, authorize, decide } from './authorize.ts'
import { AwsError } from './errors.ts'
import { sha256, type WireRequest } from './sigv4.ts'
import type { Bucket, Caller, World } from './state.ts'
import { XML_HEADER } from './xml.ts'

export interface S3Call {
  readonly world: World
  readonly caller: Caller
  readonly request: WireRequest
  /** Without the parameters of a presigned URL. */
  readonly query: ReadonlyMap<string, string>
}

export interface BucketCall extends S3Call {
  readonly bucket: Bucket
}

export interface ObjectCall extends BucketCall {
  readonly key: string
}

export interface S3Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

export function xmlAnswer(root: string, ...children: readonly string[]): S3Answer {
  const body = `${XML_HEADER}<${root} xmlns="${S3_NAMESPACE}">${children.join('')}</${root}>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

/** S3 has ids of its own for accounts. */
export function ownerId(account: string): string {
  return sha256(`canonical user id of ${account}`)
}

/** `key` left out: the permission is on the bucket itself. */
function attemptOf(call: BucketCall, action: string, key?: string, keys: Attempt['keys'] = {}): Attempt {
  const { world, caller, request, bucket } = call
  const arn = bucketArn(world.partition, bucket.name)
  return {
    caller,
    sourceIp: request.sourceIp,
    region: world.region,
    action,
    resource: key === undefined ? arn : `${arn}/${key}`,
    owner: bucket.account,
    resourcePolicy: bucket.policy,
    keys: { 's3:ResourceAccount': bucket.account, 's3:signatureversion': 'AWS4-HMAC-SHA256', ...keys },
  }
}

export function allow(call: BucketCall, action: string, key?: string, keys?: Attempt['keys']): void {
  authorize(call.world, attemptOf(call, action, key, keys))
}

/** Only someone who may list the bucket is told that a key is missing. The request names no prefix, so neither do we. */
export function missingKey(call: ObjectCall): AwsError {
  const decision = decide(call.world, attemptOf(call, 's3:ListBucket'))
  if (!decision.allowed) return new AwsError(403, 'AccessDenied', 'Access Denied')
  const { bucket, key, query } = call
  const versionId = query.get('versionId')
  if (versionId !== undefined)
    return new AwsError(404, 'NoSuchVersion', 'The specified version does not exist.', {
      Key: key,
      VersionId: versionId,
    })
  const latest = bucket.objects.get(key)?.at(-1)
  const marker = latest && { 'x-amz-delete-marker': 'true', 'x-amz-version-id': latest.id }
  return new AwsError(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key }, marker)
}

/** An encrypted bucket needs the key too: S3 asks KMS in the caller's name, and the key's own policy has a say. */
export function allowKey(
  { world, caller, bucket, key }: ObjectCall,
  action: 'kms:Decrypt' | 'kms:GenerateDataKey',
): void {
  if (bucket.kmsKey === undefined) return
  const kmsKey = world.kmsKeys.get(bucket.kmsKey)
  if (kmsKey === undefined)
    throw new AwsError(400, 'KMS.NotFoundException', `Key ${bucket.kmsKey} does not exist.`)
  authorize(world, {
    caller,
    sourceIp: undefined,
    region: world.region,
    action,
    resource: kmsKey.arn,
    owner: kmsKey.account,
    resourcePolicy: kmsKey.policy,
    needsResourcePolicy: true,
    keys: {
      'kms:ViaService': `s3.${world.region}.amazonaws.com`,
      'kms:CallerAccount': caller.identity.account,
      'kms:EncryptionContext:aws:s3:arn': `${bucketArn(world.partition, bucket.name)}/${key}`,
      'kms:EncryptionContextKeys': ['aws:s3:arn'],
    },
  })
}
