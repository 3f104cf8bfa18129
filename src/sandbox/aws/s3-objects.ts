/** S3's operations on one object. */
import { AwsError } from './errors.ts'
import { allow, allowKey, missingKey, type ObjectCall, type S3Answer, xmlAnswer } from './s3-call.ts'
import { currentObject, newObject, type ObjectVersion } from './state.ts'
import { leaf } from './xml.ts'

const KEPT_HEADERS =
  /^(content-type|content-disposition|content-encoding|content-language|cache-control|expires|x-amz-meta-.+)$/

const COPY_CHANGES = /^x-amz-(copy-source-.+|metadata-directive|tagging-directive)$/

export function getObject(call: ObjectCall): S3Answer {
  const version = readableVersion(call)
  const headers = headersOf(call, version)
  const { headers: asked } = call.request
  if (asked['if-match'] !== undefined && asked['if-match'] !== version.etag)
    throw new AwsError(
      412,
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
    )
  if (asked['if-none-match'] === version.etag) return { status: 304, headers }
  const range = parseRange(asked.range, version.body.length)
  if (range === undefined) return { status: 200, headers, body: version.body }
  if (range === 'outside') throw new AwsError(416, 'InvalidRange', 'The requested range is not satisfiable')
  const [start, end] = range
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${version.body.length}` },
    body: version.body.subarray(start, end + 1),
  }
}

/** A version by its id is a permission of its own. Reading the attributes of an encrypted object is held to need its key too. */
function readableVersion(call: ObjectCall): ObjectVersion {
  const { bucket, key, query } = call
  const versionId = query.get('versionId')
  if (versionId === undefined) allow(call, 's3:GetObject', key)
  else allow(call, 's3:GetObjectVersion', key, { 's3:VersionId': versionId })
  const version =
    versionId === undefined
      ? currentObject(bucket, key)
      : bucket.objects.get(key)?.find(({ id }) => id === versionId)
  if (version === undefined) throw missingKey(call)
  if (version.deleted)
    throw new AwsError(
      405,
      'MethodNotAllowed',
      'The specified method is not allowed against this resource.',
      {},
      { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.id },
    )
  allowKey(call, 'kms:Decrypt')
  return version
}

function headersOf({ bucket }: ObjectCall, version: ObjectVersion): Record<string, string> {
  return {
    'content-type': 'binary/octet-stream',
    ...version.headers,
    etag: version.etag,
    'last-modified': new Date(version.modified).toUTCString(),
    'accept-ranges': 'bytes',
    'x-amz-version-id': version.id,
    ...(bucket.kmsKey === undefined
      ? { 'x-amz-server-side-encryption': 'AES256' }
      : {
          'x-amz-server-side-encryption': 'aws:kms',
          'x-amz-server-side-encryption-aws-kms-key-id': bucket.kmsKey,
        }),
  }
}

/** First and last byte; undefined where the whole is meant, as for any range S3 does not understand. */
function parseRange(
  text: string | undefined,
  size: number,
): readonly [number, number] | 'outside' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text ?? '')
  if (match === null) return undefined
  const [, from = '', to = ''] = match
  if (from === '' && to === '') return undefined
  if (from === '') return to === '0' || size === 0 ? 'outside' : [Math.max(0, size - Number(to)), size - 1]
  if (to !== '' && Number(to) < Number(from)) return undefined
  if (Number(from) >= size) return 'outside'
  return [Number(from), to === '' ? size - 1 : Math.min(Number(to), size - 1)]
}

export function putObject(call: ObjectCall): S3Answer {
  const { world, bucket, key, request } = call
  allow(call, 's3:PutObject', key)
  allowKey(call, 'kms:GenerateDataKey')
  if (request.headers['content-encoding']?.includes('aws-chunked') === true)
    throw new AwsError(501, 'NotImplemented', 'The sandbox takes no chunked uploads.')
  if (request.headers['if-none-match'] === '*' && currentObject(bucket, key) !== undefined)
    throw new AwsError(
      412,
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
    )
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => KEPT_HEADERS.test(name)),
  )
  const version = newObject(world, request.body, { headers })
  addVersion(call, version)
  const { etag, 'x-amz-version-id': id = '' } = headersOf(call, version)
  return { status: 200, headers: { etag: etag ?? '', 'x-amz-version-id': id } }
}

/** The permission to read one and the permission to write the other, of the same caller. */
export function copyObject(call: ObjectCall, source: ObjectCall): S3Answer {
  allow(call, 's3:PutObject', call.key)
  allowKey(call, 'kms:GenerateDataKey')
  if (Object.keys(call.request.headers).some((name) => COPY_CHANGES.test(name)))
    throw new AwsError(501, 'NotImplemented', 'The sandbox copies objects as they are, without conditions.')
  const { body, headers } = readableVersion(source)
  const copy = newObject(call.world, body, { headers })
  addVersion(call, copy)
  const { etag, modified } = copy
  const answer = xmlAnswer(
    'CopyObjectResult',
    leaf('LastModified', new Date(modified).toISOString()),
    leaf('ETag', etag),
  )
  return { ...answer, headers: { ...answer.headers, 'x-amz-version-id': copy.id } }
}

/** Every bucket of the sandbox keeps versions: a plain delete only puts a marker on top. */
export function deleteObject(call: ObjectCall): S3Answer {
  const { world, bucket, key, query } = call
  const versionId = query.get('versionId')
  if (versionId === undefined) {
    allow(call, 's3:DeleteObject', key)
    const marker = newObject(world, Buffer.alloc(0), { deleted: true })
    addVersion(call, marker)
    return { status: 204, headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.id } }
  }
  allow(call, 's3:DeleteObjectVersion', key, { 's3:VersionId': versionId })
  const left = bucket.objects.get(key)?.filter(({ id }) => id !== versionId) ?? []
  if (left.length === 0) bucket.objects.delete(key)
  else bucket.objects.set(key, left)
  return { status: 204, headers: { 'x-amz-version-id': versionId } }
}

function addVersion({ bucket, key }: ObjectCall, version: ObjectVersion): void {
  bucket.objects.set(key, [...(bucket.objects.get(key) ?? []), version])
}
