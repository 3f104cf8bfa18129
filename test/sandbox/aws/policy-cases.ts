/** Cases of the policy language, as data: what one policy says of one request, and the AWS page that says so. */
const GUIDE = 'https://docs.aws.amazon.com/IAM/latest/UserGuide'
export const DOC = {
  action: `${GUIDE}/reference_policies_elements_action.html`,
  arns: `${GUIDE}/reference_identifiers.html`,
  boundaries: `${GUIDE}/access_policies_boundaries.html`,
  condition: `${GUIDE}/reference_policies_elements_condition.html`,
  crossAccount: `${GUIDE}/reference_policies_evaluation-logic-cross-account.html`,
  effect: `${GUIDE}/reference_policies_elements_effect.html`,
  evaluation: `${GUIDE}/reference_policies_evaluation-logic_policy-eval-denyallow.html`,
  basics: `${GUIDE}/reference_policies_evaluation-logic_policy-eval-basics.html`,
  global: `${GUIDE}/reference_policies_condition-keys.html`,
  grammar: `${GUIDE}/reference_policies_grammar.html`,
  keyPolicy: 'https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html',
  multivalued: `${GUIDE}/reference_policies_condition-single-vs-multi-valued-context-keys.html`,
  notAction: `${GUIDE}/reference_policies_elements_notaction.html`,
  notPrincipal: `${GUIDE}/reference_policies_elements_notprincipal.html`,
  notResource: `${GUIDE}/reference_policies_elements_notresource.html`,
  operators: `${GUIDE}/reference_policies_elements_condition_operators.html`,
  principal: `${GUIDE}/reference_policies_elements_principal.html`,
  quotas: `${GUIDE}/reference_iam-quotas.html`,
  resource: `${GUIDE}/reference_policies_elements_resource.html`,
  revoke: `${GUIDE}/id_roles_use_revoke-sessions.html`,
  s3Prefix: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html',
  session: `${GUIDE}/access_policies.html#policies_session`,
  sid: `${GUIDE}/reference_policies_elements_sid.html`,
  statement: `${GUIDE}/reference_policies_elements_statement.html`,
  trust: `${GUIDE}/id_roles_update-role-trust-policy.html`,
  variables: `${GUIDE}/reference_policies_variables.html`,
  version: `${GUIDE}/reference_policies_elements_version.html`,
} as const

export interface PolicyCase {
  readonly says: string
  readonly doc: string
  /** One statement, or the whole document where the version matters. */
  readonly statement?: object
  readonly document?: object
  readonly action?: string
  readonly resource?: string
  /** Condition keys of the request. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>
  readonly outcome: 'allowed' | 'denied' | 'silent'
}

const OBJECT = 'arn:aws:s3:::exports/2026/orders.csv'
const READ = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }

/** Unless a case says otherwise: s3:GetObject on `exports/2026/orders.csv`. */
export const REQUEST = { action: 's3:GetObject', resource: OBJECT }

export const POLICY_CASES: readonly PolicyCase[] = [
  // Effect, Action, NotAction
  {
    says: 'What no statement speaks of is not allowed',
    doc: DOC.basics,
    statement: { ...READ, Action: 's3:PutObject' },
    outcome: 'silent',
  },
  {
    says: 'An Allow that names action and resource allows',
    doc: DOC.effect,
    statement: { ...READ, Resource: OBJECT },
    outcome: 'allowed',
  },
  {
    says: 'A Deny wins over an Allow in the same policy',
    doc: DOC.basics,
    document: { Version: '2012-10-17', Statement: [READ, { ...READ, Effect: 'Deny' }] },
    outcome: 'denied',
  },
  {
    says: 'A Deny wins whatever comes first',
    doc: DOC.basics,
    document: { Version: '2012-10-17', Statement: [{ ...READ, Effect: 'Deny' }, READ] },
    outcome: 'denied',
  },
  {
    says: 'Actions are compared without regard to case',
    doc: DOC.action,
    statement: { ...READ, Action: 'S3:getOBJECT' },
    outcome: 'allowed',
  },
  {
    says: 'A star in an action stands for any run of characters',
    doc: DOC.action,
    statement: { ...READ, Action: 's3:Get*' },
    outcome: 'allowed',
  },
  {
    says: 'A question mark in an action stands for exactly one character',
    doc: DOC.action,
    statement: { ...READ, Action: 's3:GetObjec?' },
    outcome: 'allowed',
  },
  {
    says: 'A question mark does not stand for none',
    doc: DOC.action,
    statement: { ...READ, Action: 's3:GetObject?' },
    outcome: 'silent',
  },
  {
    says: 'An action is matched whole, so GetObject is not GetObjectVersion',
    doc: DOC.action,
    statement: READ,
    action: 's3:GetObjectVersion',
    outcome: 'silent',
  },
  {
    says: 'A lone star stands for every action of every service',
    doc: DOC.action,
    statement: { ...READ, Action: '*' },
    action: 'kms:Decrypt',
    outcome: 'allowed',
  },
  {
    says: 'One of several actions is enough',
    doc: DOC.action,
    statement: { ...READ, Action: ['s3:ListBucket', 's3:GetObject'] },
    outcome: 'allowed',
  },
  {
    says: 'NotAction with Deny denies every action but those listed',
    doc: DOC.notAction,
    statement: { Effect: 'Deny', NotAction: 's3:ListBucket', Resource: '*' },
    outcome: 'denied',
  },
  {
    says: 'NotAction with Deny is silent of the actions listed',
    doc: DOC.notAction,
    statement: { Effect: 'Deny', NotAction: ['s3:ListBucket', 's3:GetObject'], Resource: '*' },
    outcome: 'silent',
  },
  {
    says: 'NotAction with Allow allows what is not listed',
    doc: DOC.notAction,
    statement: { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' },
    outcome: 'allowed',
  },
  // Resource, NotResource
  {
    says: 'Resources are compared with regard to case',
    doc: DOC.resource,
    statement: { ...READ, Resource: 'arn:aws:s3:::exports/2026/Orders.csv' },
    outcome: 'silent',
  },
  {
    says: 'A star in a resource runs across slashes',
    doc: DOC.resource,
    statement: { ...READ, Resource: 'arn:aws:s3:::exports/*' },
    outcome: 'allowed',
  },
  {
    says: 'A prefix without its slash also matches the longer folder',
    doc: DOC.s3Prefix,
    statement: { ...READ, Resource: 'arn:aws:s3:::exports/2026*' },
    resource: 'arn:aws:s3:::exports/2026-private/x',
    outcome: 'allowed',
  },
  {
    says: 'A folder with its slash does not match the longer folder',
    doc: DOC.s3Prefix,
    statement: { ...READ, Resource: 'arn:aws:s3:::exports/2026/*' },
    resource: 'arn:aws:s3:::exports/2026-private/x',
    outcome: 'silent',
  },
  {
    says: 'A bucket is not the objects in it',
    doc: DOC.resource,
    statement: { ...READ, Resource: 'arn:aws:s3:::exports' },
    outcome: 'silent',
  },
  {
    says: 'NotResource with Deny denies everything else',
    doc: DOC.notResource,
    statement: { Effect: 'Deny', Action: '*', NotResource: 'arn:aws:s3:::other/*' },
    outcome: 'denied',
  },
  {
    says: 'NotResource with Deny is silent of the resources listed',
    doc: DOC.notResource,
    statement: {
      Effect: 'Deny',
      Action: '*',
      NotResource: ['arn:aws:s3:::exports/*', 'arn:aws:s3:::other/*'],
    },
    outcome: 'silent',
  },
  {
    says: 'The escape for a star is an asterisk',
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${*}` },
    outcome: 'silent',
  },
  {
    says: 'The escape for a star matches the asterisk itself',
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${*}` },
    resource: 'arn:aws:s3:::exports/*',
    outcome: 'allowed',
  },
  {
    says: 'The escape for a question mark matches the question mark only',
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${?}` },
    resource: 'arn:aws:s3:::exports/a',
    outcome: 'silent',
  },
  {
    says: 'The escape for a dollar sign keeps a variable from being one',
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${$}{aws:username}` },
    resource: `arn:aws:s3:::exports/\${aws:username}`,
    context: { 'aws:username': 'alice' },
    outcome: 'allowed',
  },
  // Policy variables and versions
  {
    says: 'A variable in a resource is replaced by the value of its key',
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${aws:username}/*` },
    resource: 'arn:aws:s3:::exports/alice/x',
    context: { 'aws:username': 'alice' },
    outcome: 'allowed',
  },
  {
    says: "Another's value does not match",
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${aws:username}/*` },
    resource: 'arn:aws:s3:::exports/bob/x',
    context: { 'aws:username': 'alice' },
    outcome: 'silent',
  },
  {
    says: 'A variable without a value matches nothing',
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${aws:username}*` },
    outcome: 'silent',
  },
  {
    says: 'A variable may have a default value',
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${aws:username, '2026'}/*` },
    outcome: 'allowed',
  },
  {
    says: "A wildcard inside a variable's value is an ordinary character",
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${aws:username}` },
    context: { 'aws:username': '*' },
    outcome: 'silent',
  },
  {
    says: 'A variable works in a condition value',
    doc: DOC.variables,
    statement: { ...READ, Condition: { StringLike: { 's3:prefix': `home/\${aws:username}/*` } } },
    context: { 'aws:username': 'alice', 's3:prefix': 'home/alice/x' },
    outcome: 'allowed',
  },
  {
    says: 'Policy 2008-10-17 takes a variable for plain text',
    doc: DOC.version,
    document: {
      Version: '2008-10-17',
      Statement: { ...READ, Resource: `arn:aws:s3:::exports/\${aws:username}` },
    },
    resource: 'arn:aws:s3:::exports/alice',
    context: { 'aws:username': 'alice' },
    outcome: 'silent',
  },
  {
    says: 'A policy without a version is a 2008-10-17 one',
    doc: DOC.version,
    document: { Statement: { ...READ, Resource: `arn:aws:s3:::exports/\${aws:username}` } },
    resource: `arn:aws:s3:::exports/\${aws:username}`,
    context: { 'aws:username': 'alice' },
    outcome: 'allowed',
  },
  {
    says: 'A key with several values is no variable',
    doc: DOC.variables,
    statement: { ...READ, Resource: `arn:aws:s3:::exports/\${aws:TagKeys}` },
    resource: 'arn:aws:s3:::exports/a',
    context: { 'aws:TagKeys': ['a', 'b'] },
    outcome: 'silent',
  },
  // How conditions combine
  {
    says: 'All operators of a block must hold',
    doc: DOC.condition,
    statement: {
      ...READ,
      Condition: { StringEquals: { 'aws:username': 'alice' }, Bool: { 'aws:SecureTransport': 'true' } },
    },
    context: { 'aws:username': 'alice', 'aws:SecureTransport': 'false' },
    outcome: 'silent',
  },
  {
    says: 'All keys of an operator must hold',
    doc: DOC.condition,
    statement: { ...READ, Condition: { StringEquals: { 'aws:username': 'alice', 'aws:userid': 'X' } } },
    context: { 'aws:username': 'alice', 'aws:userid': 'Y' },
    outcome: 'silent',
  },
  {
    says: 'One of several values is enough',
    doc: DOC.condition,
    statement: { ...READ, Condition: { StringEquals: { 'aws:username': ['bob', 'alice'] } } },
    context: { 'aws:username': 'alice' },
    outcome: 'allowed',
  },
  {
    says: 'A negated operator holds only where no value matches',
    doc: DOC.condition,
    statement: { ...READ, Condition: { StringNotEquals: { 'aws:username': ['bob', 'alice'] } } },
    context: { 'aws:username': 'alice' },
    outcome: 'silent',
  },
  {
    says: 'Condition keys are compared without regard to case',
    doc: DOC.condition,
    statement: { ...READ, Condition: { StringEquals: { 'AWS:UserName': 'alice' } } },
    context: { 'aws:username': 'alice' },
    outcome: 'allowed',
  },
  {
    says: 'A condition on a Deny that does not hold lets the Allow stand',
    doc: DOC.evaluation,
    document: {
      Version: '2012-10-17',
      Statement: [
        READ,
        { ...READ, Effect: 'Deny', Condition: { StringNotEquals: { 'aws:username': 'alice' } } },
      ],
    },
    context: { 'aws:username': 'alice' },
    outcome: 'allowed',
  },
]
