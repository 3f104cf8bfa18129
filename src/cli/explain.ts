/** What the documents of a grant allow, in words: one sentence for each of their statements. */
import type { Principal } from '../core/account.ts'
import type { Asked } from '../core/asked.ts'
import type { Grant, PolicyStatement } from '../core/grant.ts'
import { enumerate, lengthOf, utc } from '../core/report-words.ts'
import type { AccessRequest } from '../core/request.ts'
import { shown } from './output.ts'

/** Every statement is named, so that one that nobody explained can't pass unseen. */
export function explainGrant(grant: Grant, asked: Asked): readonly string[] {
  const { start, end } = grant.window
  const section = (title: string, statements: readonly PolicyStatement[]) => [
    title,
    ...statements.map((statement) => `  ${statement.Sid}: ${sentenceFor(statement, grant, asked)}`),
  ]
  return [
    `${shown(asked.request.requester)} could ${asked.request.access === 'read' ? 'read' : 'list the names in'} ${placesOf(asked)} for ${lengthOf(end - start)}, from ${utc(start)} until ${utc(end)}.`,
    '',
    ...section('Who is let in:', grant.trustPolicy.Statement),
    '',
    ...section('What they can do:', grant.permissionPolicy.Statement),
  ]
}

type Explain = (grant: Grant, asked: Asked) => string

const SENTENCES: Readonly<Record<string, Explain>> = {
  Requester: ({ window }, { terms }) =>
    `lets in ${whoOf(terms.principal)}, from ${utc(window.start)} until just before ${utc(window.end)}.`,
  BeforeStart: ({ window }) =>
    `denies everything before ${utc(window.start)}, also to a session that exists.`,
  FromEnd: ({ window }) => `denies everything from ${utc(window.end)} on, also to a session in use.`,
  ReadObjects: (_, asked) => `reads ${objectsOf(asked.request)} in ${asked.location.bucket}.`,
  ListNames: (_, asked) => `lists the names ${foldersOf(asked.request)} in ${asked.location.bucket}.`,
  FindBucket: (_, { location }) => `asks in which region ${location.bucket} is.`,
  Decrypt: (_, { terms }) => `decrypts with ${terms.kmsKey ?? 'the key'}, through S3 only.`,
  OtherActions: () => 'denies every other action, whatever a bucket policy allows.',
  OtherResources: () => 'denies everything that lies elsewhere, whatever its own policy allows.',
  ListNamesOtherwise: (_, { request }) => `denies listing other than ${foldersOf(request)}.`,
  DecryptOtherwise: () => 'denies decrypting other than through S3.',
}

function sentenceFor({ Sid, Effect }: PolicyStatement, grant: Grant, asked: Asked): string {
  const explain = SENTENCES[Sid]
  return explain
    ? explain(grant, asked)
    : `${Effect === 'Allow' ? 'allows' : 'denies'} what the document says.`
}

function whoOf(principal: Principal): string {
  switch (principal.kind) {
    case 'iam-user':
      return `the IAM user ${principal.arn} and nobody else`
    case 'iam-role':
      return principal.person === undefined
        ? `EVERYONE who can assume the role ${principal.arn}`
        : `users of the role ${principal.arn} whose ${principal.person.key} is ${principal.person.value} and nobody else`
    case 'identity-center':
      return `the Identity Center user ${principal.userName}, signed in to account ${principal.accountId} with the permission set ${principal.permissionSet}, and nobody else`
  }
}

function placesOf({ request: { prefixes }, location: { bucket } }: Asked): string {
  if (prefixes.length === 0) return `the whole bucket ${bucket}`
  return `${enumerate(prefixes.map(shown))} in ${bucket}`
}

function objectsOf({ prefixes }: AccessRequest): string {
  if (prefixes.length === 0) return 'every object'
  const places = prefixes.map((prefix) =>
    prefix.endsWith('/') ? `every object below ${shown(prefix)}` : `the one object ${shown(prefix)}`,
  )
  return enumerate(places)
}

function foldersOf({ prefixes }: AccessRequest): string {
  const folders = prefixes.filter((prefix) => prefix.endsWith('/'))
  return folders.length === 0 ? 'of all objects' : `below ${enumerate(folders.map(shown))}`
}
