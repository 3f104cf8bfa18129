/** Cases of condition operators, as data: an Allow with one condition, a context, and whether it holds. */
import { DOC } from './policy-cases.ts'

export interface ConditionCase {
  readonly says: string
  readonly doc: string
  readonly condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly context: Readonly<Record<string, string | readonly string[]>>
  readonly holds: boolean
}

const NOW = { 'aws:CurrentTime': '2026-11-24T12:00:00Z', 'aws:EpochTime': '1795521600' }
const ROLE =
  'arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Dev_0123456789abcdef'
const SSO = 'arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/*'
const tags = (...keys: string[]) => ({ 'aws:TagKeys': keys })

type Keys = ConditionCase['context']
const holds = (doc: string, says: string, condition: ConditionCase['condition'], context: Keys) => ({
  says,
  doc,
  condition,
  context,
  holds: true,
})
const fails = (...it: Parameters<typeof holds>) => ({ ...holds(...it), holds: false })

export const CONDITION_CASES: readonly ConditionCase[] = [
  // String
  fails(
    DOC.operators,
    'StringEquals compares with regard to case',
    { StringEquals: { 'aws:username': 'Alice' } },
    { 'aws:username': 'alice' },
  ),
  fails(
    DOC.operators,
    'StringEquals knows no wildcards',
    { StringEquals: { 'aws:username': 'al*' } },
    { 'aws:username': 'alice' },
  ),
  fails(
    DOC.operators,
    'StringEquals without the key does not hold',
    { StringEquals: { 'aws:username': 'alice' } },
    {},
  ),
  holds(
    DOC.operators,
    'StringNotEquals without the key holds',
    { StringNotEquals: { 'aws:username': 'alice' } },
    {},
  ),
  holds(
    DOC.operators,
    'StringEqualsIgnoreCase ignores case',
    { StringEqualsIgnoreCase: { 'aws:username': 'ALICE' } },
    { 'aws:username': 'alice' },
  ),
  fails(
    DOC.operators,
    'StringNotEqualsIgnoreCase ignores case too',
    { StringNotEqualsIgnoreCase: { 'aws:username': 'ALICE' } },
    { 'aws:username': 'alice' },
  ),
  holds(
    DOC.operators,
    'StringLike knows wildcards',
    { StringLike: { 's3:prefix': ['p/', 'p/*'] } },
    { 's3:prefix': 'p/2026/' },
  ),
  fails(
    DOC.operators,
    'StringLike compares with regard to case',
    { StringLike: { 's3:prefix': 'P/*' } },
    { 's3:prefix': 'p/x' },
  ),
  fails(
    DOC.operators,
    'StringNotLike fails where the pattern matches',
    { StringNotLike: { 's3:prefix': 'p/*' } },
    { 's3:prefix': 'p/x' },
  ),
  fails(
    DOC.s3Prefix,
    'An s3:prefix that the request leaves out matches no pattern',
    { StringLike: { 's3:prefix': '*' } },
    {},
  ),
  holds(
    DOC.s3Prefix,
    'An s3:prefix given empty matches the empty string',
    { StringEquals: { 's3:prefix': '' } },
    { 's3:prefix': '' },
  ),
  holds(
    DOC.global,
    "A session's name after any role id matches by StringLike on aws:userid",
    { StringLike: { 'aws:userid': '*:bob@example.com' } },
    { 'aws:userid': 'AROAX:bob@example.com' },
  ),
  fails(
    DOC.global,
    'A longer session name does not',
    { StringLike: { 'aws:userid': '*:bob@example.com' } },
    { 'aws:userid': 'AROAX:bob@example.com.evil' },
  ),
  // Numeric
  holds(
    DOC.operators,
    'NumericEquals compares numbers, not text',
    { NumericEquals: { 's3:max-keys': '10' } },
    { 's3:max-keys': '10.0' },
  ),
  holds(
    DOC.operators,
    'NumericLessThanEquals includes the bound',
    { NumericLessThanEquals: { 's3:max-keys': 10 } },
    { 's3:max-keys': '10' },
  ),
  fails(
    DOC.operators,
    'NumericLessThan excludes the bound',
    { NumericLessThan: { 's3:max-keys': '10' } },
    { 's3:max-keys': '10' },
  ),
  holds(
    DOC.operators,
    'NumericGreaterThan compares by value and not by digits',
    { NumericGreaterThan: { 's3:max-keys': '9' } },
    { 's3:max-keys': '10' },
  ),
  holds(
    DOC.operators,
    'NumericNotEquals without the key holds',
    { NumericNotEquals: { 's3:max-keys': '9' } },
    {},
  ),
  fails(
    DOC.operators,
    'A context value that is no number never compares',
    { NumericGreaterThanEquals: { 's3:max-keys': '0' } },
    { 's3:max-keys': 'many' },
  ),
  holds(
    DOC.global,
    'aws:EpochTime takes numeric operators',
    { NumericLessThan: { 'aws:EpochTime': '1795521601' } },
    NOW,
  ),
  // Date
  fails(
    DOC.operators,
    'DateLessThan is strict: the instant itself is outside',
    { DateLessThan: { 'aws:CurrentTime': '2026-11-24T12:00:00Z' } },
    NOW,
  ),
  holds(
    DOC.operators,
    'DateLessThan holds a second before',
    { DateLessThan: { 'aws:CurrentTime': '2026-11-24T12:00:01Z' } },
    NOW,
  ),
  holds(
    DOC.operators,
    'DateGreaterThanEquals includes the instant',
    { DateGreaterThanEquals: { 'aws:CurrentTime': '2026-11-24T12:00:00Z' } },
    NOW,
  ),
  fails(
    DOC.operators,
    'DateGreaterThan excludes the instant',
    { DateGreaterThan: { 'aws:CurrentTime': '2026-11-24T12:00:00Z' } },
    NOW,
  ),
  holds(
    DOC.operators,
    'A date may have another time zone',
    { DateEquals: { 'aws:CurrentTime': '2026-11-24T13:00:00+01:00' } },
    NOW,
  ),
  holds(
    DOC.operators,
    'A date may be written in epoch seconds',
    { DateEquals: { 'aws:CurrentTime': '1795521600' } },
    NOW,
  ),
  holds(
    DOC.global,
    'aws:EpochTime takes date operators',
    { DateLessThanEquals: { 'aws:EpochTime': '2026-11-24T12:00:00Z' } },
    NOW,
  ),
  holds(
    DOC.operators,
    'A day without a time is its first instant',
    { DateGreaterThan: { 'aws:CurrentTime': '2026-11-24' } },
    NOW,
  ),
  holds(
    DOC.revoke,
    'A session issued before the given time is caught by aws:TokenIssueTime',
    { DateLessThan: { 'aws:TokenIssueTime': '2026-11-24T12:00:00Z' } },
    { 'aws:TokenIssueTime': '2026-11-24T11:59:59Z' },
  ),
  fails(
    DOC.revoke,
    'Long-term keys have no aws:TokenIssueTime',
    { DateLessThan: { 'aws:TokenIssueTime': '2026-11-24T12:00:00Z' } },
    NOW,
  ),
  // Bool, binary, address
  holds(
    DOC.operators,
    'Bool compares without regard to case',
    { Bool: { 'aws:SecureTransport': 'TRUE' } },
    { 'aws:SecureTransport': 'true' },
  ),
  fails(
    DOC.operators,
    'Bool takes a JSON boolean',
    { Bool: { 'aws:SecureTransport': false } },
    { 'aws:SecureTransport': 'true' },
  ),
  holds(
    DOC.operators,
    'BoolIfExists holds without the key',
    { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'true' } },
    {},
  ),
  fails(
    DOC.operators,
    'Bool does not hold without the key',
    { Bool: { 'aws:MultiFactorAuthPresent': 'false' } },
    {},
  ),
  holds(
    DOC.operators,
    'BinaryEquals compares base64 byte for byte',
    { BinaryEquals: { 'x:key': 'QmluYXJ5' } },
    { 'x:key': 'QmluYXJ5' },
  ),
  holds(
    DOC.operators,
    'IpAddress takes a network',
    { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
    { 'aws:SourceIp': '203.0.113.77' },
  ),
  fails(
    DOC.operators,
    'IpAddress without a length is one address',
    { IpAddress: { 'aws:SourceIp': '203.0.113.7' } },
    { 'aws:SourceIp': '203.0.113.77' },
  ),
  holds(
    DOC.operators,
    'IpAddress takes IPv6',
    { IpAddress: { 'aws:SourceIp': '2001:db8::/32' } },
    { 'aws:SourceIp': '2001:db8:1::1' },
  ),
  fails(
    DOC.operators,
    'NotIpAddress fails inside the network',
    { NotIpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '10.0.0.0/8'] } },
    { 'aws:SourceIp': '10.1.1.1' },
  ),
  // ARN
  holds(
    DOC.operators,
    'ArnEquals and ArnLike are the same and know wildcards',
    { ArnEquals: { 'aws:PrincipalArn': `${SSO}/AWSReservedSSO_Dev_*` } },
    { 'aws:PrincipalArn': ROLE },
  ),
  holds(
    DOC.operators,
    'Sixteen question marks match the suffix of an Identity Center role',
    { ArnLike: { 'aws:PrincipalArn': `${SSO}/AWSReservedSSO_Dev_????????????????` } },
    { 'aws:PrincipalArn': ROLE },
  ),
  fails(
    DOC.operators,
    'They do not match a permission set whose name goes on',
    { ArnLike: { 'aws:PrincipalArn': `${SSO}/AWSReservedSSO_Dev_????????????????` } },
    { 'aws:PrincipalArn': ROLE.replace('Dev_', 'Dev_Admin_') },
  ),
  fails(
    DOC.operators,
    'No wildcard of an ARN reaches over a colon',
    { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam:*:role/x' } },
    { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/x' },
  ),
  holds(
    DOC.operators,
    'ArnNotLike holds where the account differs',
    { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::222222222222:*' } },
    { 'aws:PrincipalArn': ROLE },
  ),
  fails(
    DOC.operators,
    'ArnNotEquals fails where the ARN is the same',
    { ArnNotEquals: { 'aws:PrincipalArn': ROLE } },
    { 'aws:PrincipalArn': ROLE },
  ),
  // Null, IfExists
  holds(
    DOC.operators,
    'Null true asks for the key to be missing',
    { Null: { 'aws:TokenIssueTime': 'true' } },
    {},
  ),
  fails(
    DOC.operators,
    'Null false asks for the key to be there',
    { Null: { 'aws:TokenIssueTime': 'false' } },
    {},
  ),
  fails(
    DOC.operators,
    'Null true fails where the key is there',
    { Null: { 'aws:username': true } },
    { 'aws:username': 'alice' },
  ),
  fails(
    DOC.operators,
    'IfExists still compares a key that is there',
    { StringEqualsIfExists: { 'aws:username': 'bob' } },
    { 'aws:username': 'alice' },
  ),
  holds(
    DOC.operators,
    'IfExists holds for a key that is not',
    { ArnLikeIfExists: { 'iam:PermissionsBoundary': 'arn:aws:iam::1:policy/x' } },
    {},
  ),
  // Several values
  fails(
    DOC.multivalued,
    'ForAllValues asks that each value of the request is listed',
    { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } },
    tags('a', 'c'),
  ),
  holds(
    DOC.multivalued,
    'ForAllValues holds where each is listed',
    { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } },
    tags('a'),
  ),
  holds(
    DOC.multivalued,
    'ForAllValues holds without the key',
    { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } },
    {},
  ),
  holds(
    DOC.multivalued,
    'ForAnyValue asks for one value that is listed',
    { 'ForAnyValue:StringLike': { 'aws:TagKeys': ['x*'] } },
    tags('a', 'xy'),
  ),
  fails(
    DOC.multivalued,
    'ForAnyValue fails without the key',
    { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a'] } },
    {},
  ),
  holds(
    DOC.multivalued,
    'ForAnyValue with a negated operator asks for one value that is not listed',
    { 'ForAnyValue:StringNotEquals': { 'aws:TagKeys': ['a'] } },
    tags('a', 'b'),
  ),
]
