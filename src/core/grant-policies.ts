/** The two policies of a grant: who may assume its role and when, and the least that lets them read. */
import type { Principal } from './account.ts'
import type { GrantTerms, PolicyDocument, PolicyStatement } from './grant.ts'
import { formatInstant, type Window } from './window.ts'

type Condition = NonNullable<PolicyStatement['Condition']>

const NOW = 'aws:CurrentTime'
const ASSUME = 'sts:AssumeRole'
/** A session passes on its source identity and its transitive tags, and the role it goes to has to allow that. */
const ASSUME_FROM_SESSION = [ASSUME, 'sts:SetSourceIdentity', 'sts:TagSession']
/** Its own only: where it has none the variable has no value, and whoever sets one is not let in. */
const OWN_SOURCE_IDENTITY = `\${aws:SourceIdentity}`

/** Lets the requester's principal in, and nobody outside the window. */
export function trustPolicy({ principal, window }: GrantTerms): PolicyDocument {
  const Action = principal.kind === 'iam-user' ? ASSUME : ASSUME_FROM_SESSION
  const everyone = { Principal: { AWS: '*' }, Action }
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Requester',
        Effect: 'Allow',
        Principal: { AWS: trustedArn(principal) },
        Action,
        Condition: { ...inside(window), ...onlyPerson(principal), ...keepingSourceIdentity(principal) },
      },
      { Sid: 'BeforeStart', Effect: 'Deny', ...everyone, Condition: before(window) },
      { Sid: 'FromEnd', Effect: 'Deny', ...everyone, Condition: fromEnd(window) },
    ],
  }
}

function keepingSourceIdentity({ kind }: Principal): Condition {
  if (kind === 'iam-user') return {}
  return { StringEqualsIfExists: { 'sts:SourceIdentity': OWN_SOURCE_IDENTITY } }
}

function trustedArn(principal: Principal): string {
  // Identity Center's roles come and go under new suffixes, so the account is named and conditions do the rest.
  if (principal.kind === 'identity-center')
    return `arn:${principal.partition}:iam::${principal.accountId}:root`
  return principal.arn
}

function onlyPerson(principal: Principal): Condition {
  switch (principal.kind) {
    case 'iam-user':
      return {}
    case 'iam-role':
      return principal.person ? personCondition(principal.person) : {}
    case 'identity-center': {
      const roles = `arn:${principal.partition}:iam::${principal.accountId}:role/aws-reserved/sso.amazonaws.com`
      // Sixteen `?` and no `*`: a star would also let the permission set `<name>_Admin` in.
      const role = `AWSReservedSSO_${literal(principal.permissionSet)}_${'?'.repeat(16)}`
      return {
        // us-east-1 has no segment for the region. A `*` runs across `/`, but nobody can create roles below this path.
        ArnLike: { 'aws:PrincipalArn': [`${roles}/${role}`, `${roles}/*/${role}`] },
        StringLike: { 'aws:userid': `*:${literal(principal.userName)}` },
      }
    }
  }
}

function personCondition({ key, value }: { key: string; value: string }): Condition {
  if (key.toLowerCase() !== 'aws:userid') return { StringEquals: { [key]: value.replaceAll('$', escaped) } }
  // `<role id>:<session name>`: only the id may be left open, so a star anywhere else is an asterisk.
  const open = value.startsWith('*:') ? '*:' : ''
  return { StringLike: { [key]: `${open}${literal(value.slice(open.length))}` } }
}

/** Allows the least that reads, then denies all else, so that no bucket's or key's policy can widen it. */
export function permissionPolicy(terms: GrantTerms): PolicyDocument {
  const { window } = terms
  const allowed = allowances(terms)
  return {
    Version: '2012-10-17',
    Statement: [
      ...allowed.map(({ Sid, Action, Resource, only }) => ({
        Sid,
        Effect: 'Allow' as const,
        Action,
        Resource,
        Condition: { ...inside(window), ...withAccount(only, terms) },
      })),
      { Sid: 'BeforeStart', Effect: 'Deny', Action: '*', Resource: '*', Condition: before(window) },
      { Sid: 'FromEnd', Effect: 'Deny', Action: '*', Resource: '*', Condition: fromEnd(window) },
      { Sid: 'OtherActions', Effect: 'Deny', NotAction: allowed.map(({ Action }) => Action), Resource: '*' },
      {
        Sid: 'OtherResources',
        Effect: 'Deny',
        Action: '*',
        NotResource: [...new Set(allowed.flatMap(({ Resource }) => Resource))],
      },
      ...otherwiseDenied(allowed),
    ],
  }
}

interface Allowance {
  readonly Sid: string
  readonly Action: string
  readonly Resource: string | readonly string[]
  /** What the request must be like, besides its time and the owner of what it reads. */
  readonly only?: {
    readonly operator: 'StringLike' | 'StringEquals'
    readonly key: string
    readonly values: string | readonly string[]
  }
}

function allowances({ account, location, request, kmsKey }: GrantTerms): readonly Allowance[] {
  const bucket = `arn:${account.partition}:s3:::${location.bucket}`
  const prefixes = [...new Set(request.prefixes)].map(literal)
  const list = listing(bucket, prefixes)
  const locate: Allowance = { Sid: 'FindBucket', Action: 's3:GetBucketLocation', Resource: bucket }
  if (request.access === 'list') return [...list, locate]
  const objects = prefixes.length > 0 ? prefixes.map(objectsBelow) : ['*']
  const read: Allowance = {
    Sid: 'ReadObjects',
    Action: 's3:GetObject',
    Resource: objects.map((key) => `${bucket}/${key}`),
  }
  if (kmsKey === undefined) return [read, ...list, locate]
  // Which of its names S3 gives KMS in China is not documented.
  const service = `s3.${account.region}.amazonaws.com`
  const decrypt: Allowance = {
    Sid: 'Decrypt',
    Action: 'kms:Decrypt',
    Resource: kmsKey,
    only: {
      operator: 'StringEquals',
      key: 'kms:ViaService',
      values: account.partition === 'aws-cn' ? [`${service}.cn`, service] : service,
    },
  }
  return [read, ...list, locate, decrypt]
}

/** A prefix is a folder when it ends in `/`, else one object's key. */
function objectsBelow(prefix: string): string {
  return prefix.endsWith('/') ? `${prefix}*` : prefix
}

/** Only folders can be listed: S3 would list everything whose key begins with that of a single object. */
function listing(bucket: string, prefixes: readonly string[]): readonly Allowance[] {
  const list = { Sid: 'ListNames', Action: 's3:ListBucket', Resource: bucket }
  if (prefixes.length === 0) return [list]
  const folders = prefixes.filter((prefix) => prefix.endsWith('/'))
  if (folders.length === 0) return []
  const values = folders.flatMap((folder) => [folder, `${folder}*`])
  return [{ ...list, only: { operator: 'StringLike', key: 's3:prefix', values } }]
}

function withAccount(only: Allowance['only'], { account }: GrantTerms): Condition {
  const owner = { 'aws:ResourceAccount': account.id }
  if (!only) return { StringEquals: owner }
  const asked = { [only.key]: only.values }
  return only.operator === 'StringEquals'
    ? { StringEquals: { ...owner, ...asked } }
    : { StringEquals: owner, StringLike: asked }
}

/** NotAction and NotResource can't see conditions: what an allowance asks of the request is denied otherwise. A missing key is denied too. */
function otherwiseDenied(allowed: readonly Allowance[]): PolicyStatement[] {
  return allowed.flatMap(({ Sid, Action, only }) => {
    if (!only) return []
    const operator = only.operator === 'StringLike' ? 'StringNotLike' : 'StringNotEquals'
    return {
      Sid: `${Sid}Otherwise`,
      Effect: 'Deny',
      Action,
      Resource: '*',
      Condition: { [operator]: { [only.key]: only.values } },
    }
  })
}

function inside({ start, end }: Window): Condition {
  return {
    DateGreaterThanEquals: { [NOW]: formatInstant(start) },
    DateLessThan: { [NOW]: formatInstant(end) },
  }
}

function before({ start }: Window): Condition {
  return { DateLessThan: { [NOW]: formatInstant(start) } }
}

function fromEnd({ end }: Window): Condition {
  return { DateGreaterThanEquals: { [NOW]: formatInstant(end) } }
}

/** What the policy language would take for a wildcard or a variable is written so that it stands for itself. */
function literal(text: string): string {
  return text.replaceAll(/[*?$]/g, escaped)
}

function escaped(character: string): string {
  return `\${${character}}`
}
