/** Policies that AWS refuses to store (or that the sandbox does, being stricter), as data. */
import { DOC } from './policy-cases.ts'

export interface RefusalCase {
  readonly says: string
  readonly doc: string
  readonly kind: 'identity' | 'trust' | 'bucket'
  /** A document, or text where the fault is in the JSON itself. */
  readonly policy: object | string
  /** A part of the message. */
  readonly problem: string
}

const READ = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }
const TRUST = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111111111111:user/alice' },
  Action: 'sts:AssumeRole',
}
const one = (statement: object) => ({ Version: '2012-10-17', Statement: [statement] })
const identity = (says: string, doc: string, statement: object, problem: string): RefusalCase => ({
  says,
  doc,
  kind: 'identity',
  policy: one(statement),
  problem,
})
const condition = (says: string, block: object, problem = ''): RefusalCase =>
  identity(says, DOC.operators, { ...READ, Condition: block }, problem)
const trust = (says: string, statement: object, problem: string, doc: string = DOC.trust): RefusalCase => ({
  says,
  doc,
  kind: 'trust',
  policy: one(statement),
  problem,
})

export const REFUSAL_CASES: readonly RefusalCase[] = [
  {
    says: 'Text that is no JSON',
    doc: DOC.grammar,
    kind: 'identity',
    policy: '{"Version": ',
    problem: 'invalid Json',
  },
  {
    says: 'A key named twice, of which a reader might see either',
    doc: DOC.grammar,
    kind: 'identity',
    policy: '{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Action":"*","Resource":"*"}]}',
    problem: 'invalid Json',
  },
  {
    says: 'A key named twice in two spellings',
    doc: DOC.grammar,
    kind: 'identity',
    policy: '{"Statement":[{"Effect":"Allow","Effec\\u0074":"Deny","Action":"*","Resource":"*"}]}',
    problem: 'invalid Json',
  },
  {
    says: 'Characters beyond Latin-1',
    doc: DOC.quotas,
    kind: 'identity',
    policy: one({ ...READ, Resource: 'arn:aws:s3:::b/報告/*' }),
    problem: 'U+00FF',
  },
  {
    says: 'A list in place of the document',
    doc: DOC.grammar,
    kind: 'identity',
    policy: [],
    problem: 'Syntax errors',
  },
  {
    says: 'No statement',
    doc: DOC.statement,
    kind: 'identity',
    policy: { Version: '2012-10-17', Statement: [] },
    problem: 'Syntax errors',
  },
  {
    says: 'A version that does not exist',
    doc: DOC.version,
    kind: 'identity',
    policy: { Version: '2026-01-01', Statement: READ },
    problem: 'version',
  },
  {
    says: 'An unknown element of the document',
    doc: DOC.grammar,
    kind: 'identity',
    policy: { Version: '2012-10-17', Statement: READ, Owner: 'x' },
    problem: 'Owner',
  },
  identity('An unknown element of a statement', DOC.grammar, { ...READ, Until: '2027' }, 'Until'),
  identity('An effect in lower case', DOC.effect, { ...READ, Effect: 'allow' }, 'Invalid effect'),
  identity(
    'A statement without an action',
    DOC.action,
    { Effect: 'Allow', Resource: '*' },
    'must contain actions',
  ),
  identity('An empty list of actions', DOC.action, { ...READ, Action: [] }, 'must contain actions'),
  identity(
    'An action without its service',
    DOC.action,
    { ...READ, Action: 'GetObject' },
    'prefaced by a vendor',
  ),
  identity(
    'A wildcard for the service',
    DOC.action,
    { ...READ, Action: '*:GetObject' },
    'prefaced by a vendor',
  ),
  identity(
    'Both Action and NotAction',
    DOC.notAction,
    { ...READ, NotAction: 's3:PutObject' },
    'Syntax errors',
  ),
  identity(
    'A permission policy without a resource',
    DOC.resource,
    { Effect: 'Allow', Action: '*' },
    'must contain resources',
  ),
  identity(
    'A resource that is no ARN',
    DOC.resource,
    { ...READ, Resource: 'customer-exports/*' },
    'ARN format',
  ),
  identity(
    'A principal in a permission policy',
    DOC.principal,
    { ...READ, Principal: '*' },
    'should not specify a principal',
  ),
  identity(
    'A statement id with other than letters and digits',
    DOC.sid,
    { ...READ, Sid: 'read-it' },
    'alpha-numeric',
  ),
  {
    says: 'A statement id used twice',
    doc: DOC.sid,
    kind: 'identity',
    policy: {
      Version: '2012-10-17',
      Statement: [
        { ...READ, Sid: 'A' },
        { ...READ, Sid: 'A' },
      ],
    },
    problem: 'unique',
  },
  identity(
    'A variable that is not closed',
    DOC.variables,
    { ...READ, Resource: `arn:aws:s3:::b/\${aws:username` },
    'policy variable',
  ),
  condition(
    'An operator that does not exist',
    { StringMatches: { 'aws:username': 'x' } },
    'Invalid Condition type',
  ),
  condition(
    'An operator in another case',
    { stringequals: { 'aws:username': 'x' } },
    'Invalid Condition type',
  ),
  condition(
    'A quantifier that does not exist',
    { 'ForSomeValues:StringEquals': { 'aws:TagKeys': 'x' } },
    'Invalid Condition type',
  ),
  condition('NullIfExists', { NullIfExists: { 'aws:username': 'true' } }, 'Invalid Condition type'),
  condition(
    'A condition key without its service',
    { StringEquals: { username: 'x' } },
    'prefaced by a vendor',
  ),
  condition('A date that is none', { DateLessThan: { 'aws:CurrentTime': 'tomorrow' } }, 'not valid'),
  condition(
    'A day that does not exist',
    { DateLessThan: { 'aws:CurrentTime': '2026-02-30T00:00:00Z' } },
    'not valid',
  ),
  condition(
    'A variable in a date',
    { DateLessThan: { 'aws:CurrentTime': `\${aws:TokenIssueTime}` } },
    'not valid',
  ),
  condition(
    'Four digits, which could be a year or an epoch',
    { DateLessThan: { 'aws:CurrentTime': '2027' } },
    'not valid',
  ),
  condition('A number that is none', { NumericLessThan: { 's3:max-keys': '1e3' } }, 'not valid'),
  condition('A network that is none', { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } }, 'not valid'),
  condition('A truth value that is none', { Bool: { 'aws:SecureTransport': 'yes' } }, 'not valid'),
  condition('An empty list of values', { StringEquals: { 'aws:username': [] } }, 'Syntax errors'),
  condition('An object for a value', { StringEquals: { 'aws:username': { is: 'x' } } }, 'Syntax errors'),
  trust('A resource in a trust policy', { ...TRUST, Resource: '*' }, 'prohibited field'),
  trust(
    'An action other than those of STS in a trust policy',
    { ...TRUST, Action: 's3:GetObject' },
    'STS AssumeRole actions',
  ),
  trust(
    'A trust policy without a principal',
    { Effect: 'Allow', Action: 'sts:AssumeRole' },
    'Missing required field Principal',
  ),
  trust(
    'A principal that does not exist',
    { ...TRUST, Principal: { AWS: 'arn:aws:iam::111111111111:user/nobody' } },
    'Invalid principal',
    DOC.principal,
  ),
  trust(
    'A principal of an account that does not exist',
    { ...TRUST, Principal: { AWS: '999999999999' } },
    'Invalid principal',
    DOC.principal,
  ),
  trust(
    'A wildcard within a principal',
    { ...TRUST, Principal: { AWS: 'arn:aws:iam::111111111111:user/*' } },
    'Invalid principal',
    DOC.principal,
  ),
  trust(
    'A principal with the wrong path',
    { ...TRUST, Principal: { AWS: 'arn:aws:iam::111111111111:user/team/alice' } },
    'Invalid principal',
    DOC.arns,
  ),
  trust(
    'A unique id written as a principal',
    { ...TRUST, Principal: { AWS: 'AIDAAAAAAAAAAAAAAAAAA' } },
    'Invalid principal',
    DOC.principal,
  ),
  trust(
    'A kind of principal that does not exist',
    { ...TRUST, Principal: { Human: 'alice' } },
    'Invalid principal',
    DOC.principal,
  ),
  {
    says: 'Allow with NotPrincipal, which lets in everybody else',
    doc: DOC.notPrincipal,
    kind: 'bucket',
    policy: one({ ...READ, NotPrincipal: { AWS: '111111111111' } }),
    problem: 'NotPrincipal',
  },
  {
    says: 'Both Principal and NotPrincipal',
    doc: DOC.notPrincipal,
    kind: 'bucket',
    policy: one({ ...READ, Principal: '*', NotPrincipal: '*' }),
    problem: 'Principal',
  },
]
