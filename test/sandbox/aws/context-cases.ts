/** Cases of the condition keys that a request brings with it, as data: what is in them for a user and for a role's session. */
import { DOC } from './policy-cases.ts'

export interface ContextCase {
  readonly says: string
  readonly doc: string
  /** `user`: alice, with the tag `team`. `role`: a session named `s` of the role `reader`, with a source identity. */
  readonly caller: 'user' | 'role'
  readonly condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** A service that calls for the caller, as S3 does for a key. */
  readonly viaService?: boolean
  readonly owner?: 'same' | 'other'
  readonly holds: boolean
}

const READER = 'arn:aws:iam::111111111111:role/reader'
const ALICE = 'arn:aws:iam::111111111111:user/alice'

type Block = ContextCase['condition']
const holds = (caller: 'user' | 'role', says: string, condition: Block, doc: string = DOC.global) => ({
  says,
  doc,
  caller,
  condition,
  holds: true,
})
const fails = (...it: Parameters<typeof holds>) => ({ ...holds(...it), holds: false })

export const CONTEXT_CASES: readonly ContextCase[] = [
  // Who
  holds('user', 'aws:PrincipalArn of a user is the ARN', { ArnEquals: { 'aws:PrincipalArn': ALICE } }),
  holds('role', "aws:PrincipalArn of a session is the role's ARN", {
    ArnEquals: { 'aws:PrincipalArn': READER },
  }),
  fails('role', "aws:PrincipalArn of a session is not the session's ARN", {
    ArnLike: { 'aws:PrincipalArn': 'arn:aws:sts::111111111111:assumed-role/*' },
  }),
  holds('user', 'aws:PrincipalAccount is the account of the caller', {
    StringEquals: { 'aws:PrincipalAccount': '111111111111' },
  }),
  {
    ...holds('user', "aws:PrincipalAccount stays the caller's at another account's resource", {
      StringEquals: { 'aws:PrincipalAccount': '111111111111' },
    }),
    owner: 'other',
  },
  holds('user', 'aws:PrincipalType of a user is User', { StringEquals: { 'aws:PrincipalType': 'User' } }),
  holds('role', 'aws:PrincipalType of a session is AssumedRole', {
    StringEquals: { 'aws:PrincipalType': 'AssumedRole' },
  }),
  holds(
    'user',
    'aws:username is the name of a user',
    { StringEquals: { 'aws:username': 'alice' } },
    DOC.variables,
  ),
  holds('role', 'aws:username is missing of a session', { Null: { 'aws:username': 'true' } }, DOC.variables),
  holds(
    'user',
    'aws:userid of a user is the unique id',
    { StringLike: { 'aws:userid': 'AIDA*' } },
    DOC.variables,
  ),
  fails(
    'user',
    'aws:userid of a user names no session',
    { StringLike: { 'aws:userid': '*:*' } },
    DOC.variables,
  ),
  holds(
    'role',
    "aws:userid of a session is the role's unique id and the session's name",
    { StringLike: { 'aws:userid': 'AROA*:s' } },
    DOC.variables,
  ),
  holds('user', 'aws:PrincipalTag is a tag on the caller', {
    StringEquals: { 'aws:PrincipalTag/team': 'blue' },
  }),
  holds('user', "A tag's key is compared without regard to case", {
    StringEquals: { 'aws:PrincipalTag/TEAM': 'blue' },
  }),
  fails('user', "A tag's value is compared with regard to case", {
    StringEquals: { 'aws:PrincipalTag/team': 'Blue' },
  }),
  fails('role', 'aws:PrincipalTag is missing where there is no such tag', {
    StringLike: { 'aws:PrincipalTag/team': '*' },
  }),
  holds('role', 'aws:SourceIdentity is the one the session was given', {
    StringEquals: { 'aws:SourceIdentity': 'alice' },
  }),
  fails('user', 'aws:SourceIdentity is missing of a user', { StringLike: { 'aws:SourceIdentity': '*' } }),
  // When
  holds('user', 'aws:CurrentTime is in every request', { Null: { 'aws:CurrentTime': 'false' } }),
  holds('role', 'aws:EpochTime is in every request', { Null: { 'aws:EpochTime': 'false' } }),
  fails('user', 'aws:CurrentTime at an instant is not before it', {
    DateLessThan: { 'aws:CurrentTime': '2031-11-24T12:00:00Z' },
  }),
  holds('user', 'aws:CurrentTime at an instant is not after it', {
    DateLessThanEquals: { 'aws:CurrentTime': '2031-11-24T12:00:00Z' },
  }),
  holds('user', 'aws:EpochTime is the same instant in seconds', {
    NumericEquals: { 'aws:EpochTime': '1953288000' },
  }),
  holds(
    'role',
    'aws:TokenIssueTime is when the session began',
    { DateEquals: { 'aws:TokenIssueTime': '2031-11-24T12:00:00Z' } },
    DOC.revoke,
  ),
  holds(
    'user',
    'aws:TokenIssueTime is missing of long-term keys',
    { Null: { 'aws:TokenIssueTime': 'true' } },
    DOC.revoke,
  ),
  // How
  holds('user', 'aws:MultiFactorAuthPresent is missing of long-term keys', {
    Null: { 'aws:MultiFactorAuthPresent': 'true' },
  }),
  holds('role', 'aws:MultiFactorAuthPresent is false of a session without it', {
    Bool: { 'aws:MultiFactorAuthPresent': 'false' },
  }),
  holds('user', 'aws:SourceIp is the address of the caller', {
    IpAddress: { 'aws:SourceIp': '203.0.113.7' },
  }),
  {
    ...fails('user', 'aws:SourceIp is missing where a service calls', {
      IpAddress: { 'aws:SourceIp': '0.0.0.0/0' },
    }),
    viaService: true,
  },
  holds('user', 'aws:ViaAWSService is false of a direct call', { Bool: { 'aws:ViaAWSService': 'false' } }),
  {
    ...holds('user', 'aws:ViaAWSService is true where a service calls for the caller', {
      Bool: { 'aws:ViaAWSService': 'true' },
    }),
    viaService: true,
  },
  holds('user', 'aws:RequestedRegion is the region that was called', {
    StringEquals: { 'aws:RequestedRegion': 'eu-central-1' },
  }),
  // What
  holds('user', 'aws:ResourceAccount is the account of the resource', {
    StringEquals: { 'aws:ResourceAccount': '111111111111' },
  }),
  {
    ...fails('user', "aws:ResourceAccount is the other's at another account's resource", {
      StringEquals: { 'aws:ResourceAccount': '111111111111' },
    }),
    owner: 'other',
  },
  fails(
    'user',
    'A key that AWS does not know is missing',
    { StringLike: { 'aws:NoSuchKey': '*' } },
    DOC.condition,
  ),
]
