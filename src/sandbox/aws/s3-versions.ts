/** S3's versions: the list of all there are of a bucket's keys, and the word that they are kept. */
import { AwsError } from './errors.ts'
import { allow, type BucketCall, type S3Answer, xmlAnswer } from './s3-call.ts'
import { encoder, groupOf, isAfter, maxKeysOf, objectFields, prefixKeys, sortedKeys } from './s3-list.ts'
import type { ObjectVersion } from './state.ts'
import { leaf, tag } from './xml.ts'

/** Every bucket of the sandbox keeps versions. */
export function getBucketVersioning(call: BucketCall): S3Answer {
  allow(call, 's3:GetBucketVersioning')
  return xmlAnswer('VersioningConfiguration', leaf('Status', 'Enabled'))
}

/** One line of the list: a version, or a folder that stands for all below it. */
interface Entry {
  readonly key: string
  /** Missing of a folder. */
  readonly version?: ObjectVersion
  readonly isLatest: boolean
}

export function listObjectVersions(call: BucketCall): S3Answer {
  const { bucket, query } = call
  allow(call, 's3:ListBucketVersions', undefined, prefixKeys(query))
  const shown = encoder(query)
  const [prefix, maxKeys] = [query.get('prefix') ?? '', maxKeysOf(query)]
  const [keyMarker, versionMarker] = [query.get('key-marker') ?? '', query.get('version-id-marker')]
  if (versionMarker !== undefined && keyMarker === '')
    throw new AwsError(
      400,
      'InvalidArgument',
      'A version-id marker cannot be specified without a key marker.',
    )
  const rest = after(entriesOf(call), keyMarker, versionMarker)
  const entries = rest.slice(0, maxKeys)
  const last = entries.length < rest.length ? entries.at(-1) : undefined
  return xmlAnswer(
    'ListVersionsResult',
    leaf('Name', bucket.name),
    leaf('Prefix', shown(prefix)),
    leaf('KeyMarker', shown(keyMarker)),
    leaf('VersionIdMarker', versionMarker ?? ''),
    leaf('NextKeyMarker', last && shown(last.key)),
    leaf('NextVersionIdMarker', last?.version?.id),
    leaf('MaxKeys', maxKeys),
    leaf('Delimiter', query.get('delimiter')),
    leaf('EncodingType', query.get('encoding-type')),
    leaf('IsTruncated', last !== undefined),
    ...entries.map((entry) => shownEntry(call, entry, shown)),
  )
}

/** By key, the newest version of each first. */
function entriesOf({ bucket, query }: BucketCall): Entry[] {
  const prefix = query.get('prefix') ?? ''
  const entries: Entry[] = []
  for (const key of sortedKeys(bucket.objects.keys())) {
    if (!key.startsWith(prefix)) continue
    const group = groupOf(key, prefix, query.get('delimiter') || undefined)
    const versions = (bucket.objects.get(key) ?? []).toReversed()
    if (group === undefined)
      entries.push(...versions.map((version, at) => ({ key, version, isLatest: at === 0 })))
    else if (entries.at(-1)?.key !== group) entries.push({ key: group, isLatest: false })
  }
  return entries
}

/** Without a version, everything of the marked key is behind us; with one, it and whatever is newer. */
function after(entries: Entry[], key: string, version: string | undefined): Entry[] {
  if (version === undefined) return entries.filter((entry) => isAfter(entry.key, key))
  const at = entries.findIndex((entry) => entry.key === key && entry.version?.id === version)
  if (at < 0) throw new AwsError(400, 'InvalidArgument', 'Invalid version id specified')
  return entries.slice(at + 1)
}

function shownEntry(call: BucketCall, { key, version, isLatest }: Entry, shown: (text: string) => string) {
  if (version === undefined) return tag('CommonPrefixes', leaf('Prefix', shown(key)))
  const place = leaf('Key', shown(key)) + leaf('VersionId', version.id) + leaf('IsLatest', isLatest)
  const fields = objectFields(call, version, { isMarker: version.deleted, showsOwner: true })
  return tag(version.deleted ? 'DeleteMarker' : 'Version', place, fields)
}
