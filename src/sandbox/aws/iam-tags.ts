/** Tags of IAM: read from a call, kept unique without regard to case, shown, and given to conditions. */
import { AwsError, limitExceeded, validationError } from './errors.ts'
import type { Keys } from './iam-call.ts'
import type { Parameters } from './query-protocol.ts'
import { leaf, tag } from './xml.ts'

const TAGS_QUOTA = 50
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
export const TAG_KEY = { min: 1, max: 128 }

type Tags = ReadonlyMap<string, string>

export function readTags(parameters: Parameters): Map<string, string> {
  const tags = new Map<string, string>()
  for (const member of parameters.members('Tags')) {
    const key = member.required('Key', { pattern: CHARACTERS, ...TAG_KEY })
    const value = member.required('Value', { pattern: CHARACTERS, max: 256 })
    if (/^aws:/i.test(key))
      throw new AwsError(400, 'InvalidInput', 'Tag keys that begin with aws: are reserved.')
    if (existingKey(tags, key) !== undefined)
      throw new AwsError(
        400,
        'InvalidInput',
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      )
    tags.set(key, value)
  }
  if (tags.size > TAGS_QUOTA) throw validationError(`There are at most ${TAGS_QUOTA} tags.`)
  return tags
}

/** `kind` as the quota names it. */
export function addTags(kind: 'Role' | 'Policy', to: Map<string, string>, tags: Tags): void {
  const added = [...tags.keys()].filter((key) => existingKey(to, key) === undefined)
  if (to.size + added.length > TAGS_QUOTA)
    throw limitExceeded(`Cannot exceed quota for TagsPer${kind}: ${TAGS_QUOTA}`)
  for (const [key, value] of tags) to.set(existingKey(to, key) ?? key, value)
}

export function removeTags(from: Map<string, string>, keys: readonly string[]): void {
  for (const key of keys) from.delete(existingKey(from, key) ?? key)
}

/** A key keeps the case it was first written in. */
export function existingKey(tags: Tags, key: string): string | undefined {
  return [...tags.keys()].find((other) => other.toLowerCase() === key.toLowerCase())
}

/** What conditions see of the tags that a call brings. */
export function requestTags(tags: Tags): Keys {
  return {
    ...Object.fromEntries([...tags].map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': tags.size > 0 ? [...tags.keys()] : undefined,
  }
}

export function sortedTags(tags: Tags): [string, string][] {
  return [...tags].sort(([a], [b]) => (a < b ? -1 : 1))
}

export function tagMembers(tags: Iterable<readonly [string, string]>): string {
  return tag(
    'Tags',
    ...[...tags].map(([key, value]) => tag('member', leaf('Key', key), leaf('Value', value))),
  )
}
