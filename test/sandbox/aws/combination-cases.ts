/** Cases of how policies of several kinds combine, as data, and the AWS page that says so. */
import { DOC } from './policy-cases.ts'

export interface CombinationCase {
  readonly says: string
  readonly doc: string
  /** `user`: alice. `role`: a session named `s` of the role `reader`. Both of account 111111111111. */
  readonly caller: 'user' | 'role'
  readonly own?: object
  readonly boundary?: object
  readonly session?: object
  /** The resource's policy, and whether the kind of resource can't do without one. */
  readonly resource?: object
  readonly kind?: 'bucket' | 'key'
  /** The account that owns the resource. */
  readonly owner?: 'same' | 'other'
  readonly allowed: boolean
}

const ALICE = { AWS: 'arn:aws:iam::111111111111:user/alice' }
const READER = { AWS: 'arn:aws:iam::111111111111:role/reader' }
const SESSION = { AWS: 'arn:aws:sts::111111111111:assumed-role/reader/s' }
const ACCOUNT = { AWS: '111111111111' }
const statement = (Effect: string, more: object = {}) => ({
  Version: '2012-10-17',
  Statement: [{ Effect, Action: 's3:GetObject', Resource: '*', ...more }],
})
const yes = statement('Allow')
const no = statement('Deny')
const other = statement('Allow', { Action: 's3:PutObject' })
const grants = (Principal: object | string, more: object = {}) => statement('Allow', { Principal, ...more })
const forRole = { Condition: { ArnEquals: { 'aws:PrincipalArn': READER.AWS } } }

export const COMBINATION_CASES: readonly CombinationCase[] = [
  // Identity policies alone
  { says: 'Without any policy everything is denied', doc: DOC.evaluation, caller: 'user', allowed: false },
  {
    says: 'An own Allow is enough within the account',
    doc: DOC.evaluation,
    caller: 'user',
    own: yes,
    allowed: true,
  },
  {
    says: 'An own Deny ends it',
    doc: DOC.evaluation,
    caller: 'user',
    own: no,
    resource: grants(ALICE),
    allowed: false,
  },
  // Boundaries
  {
    says: 'A boundary grants nothing by itself',
    doc: DOC.boundaries,
    caller: 'user',
    boundary: yes,
    allowed: false,
  },
  {
    says: 'Own policies and boundary must both allow',
    doc: DOC.boundaries,
    caller: 'user',
    own: yes,
    boundary: yes,
    allowed: true,
  },
  {
    says: 'What the boundary leaves out is denied',
    doc: DOC.boundaries,
    caller: 'role',
    own: yes,
    boundary: other,
    allowed: false,
  },
  {
    says: 'A Deny in the boundary wins over everything',
    doc: DOC.boundaries,
    caller: 'role',
    own: yes,
    boundary: no,
    resource: grants(SESSION),
    allowed: false,
  },
  {
    says: "A bucket policy that names a user reaches past the user's boundary",
    doc: DOC.boundaries,
    caller: 'user',
    boundary: other,
    resource: grants(ALICE),
    allowed: true,
  },
  {
    says: "A bucket policy that names a role does not reach past the role's boundary",
    doc: DOC.boundaries,
    caller: 'role',
    boundary: other,
    resource: grants(READER),
    allowed: false,
  },
  {
    says: 'A bucket policy that names a role is enough where the boundary allows too',
    doc: DOC.boundaries,
    caller: 'role',
    boundary: yes,
    resource: grants(READER),
    allowed: true,
  },
  {
    says: "A bucket policy that names the session reaches past the role's boundary",
    doc: DOC.boundaries,
    caller: 'role',
    boundary: other,
    resource: grants(SESSION),
    allowed: true,
  },
  {
    says: 'Everyone, narrowed to the role by aws:PrincipalArn, counts as the role',
    doc: DOC.boundaries,
    caller: 'role',
    boundary: other,
    resource: grants('*', forRole),
    allowed: false,
  },
  // Session policies
  {
    says: 'A session policy grants nothing by itself',
    doc: DOC.session,
    caller: 'role',
    session: yes,
    allowed: false,
  },
  {
    says: 'Role and session policy must both allow',
    doc: DOC.session,
    caller: 'role',
    own: yes,
    session: yes,
    allowed: true,
  },
  {
    says: 'What the session policy leaves out is denied',
    doc: DOC.session,
    caller: 'role',
    own: yes,
    session: other,
    allowed: false,
  },
  {
    says: 'A Deny in the session policy wins',
    doc: DOC.session,
    caller: 'role',
    own: yes,
    session: no,
    resource: grants(SESSION),
    allowed: false,
  },
  {
    says: 'A bucket policy that names the role is bounded by the session policy',
    doc: DOC.session,
    caller: 'role',
    session: other,
    resource: grants(READER),
    allowed: false,
  },
  {
    says: 'A bucket policy that names the session is not',
    doc: DOC.session,
    caller: 'role',
    session: other,
    resource: grants(SESSION),
    allowed: true,
  },
  {
    says: 'Boundary and session policy both bound the role',
    doc: DOC.session,
    caller: 'role',
    own: yes,
    boundary: yes,
    session: other,
    allowed: false,
  },
  // Resource policies of the same account
  {
    says: 'A bucket policy that names the user is enough',
    doc: DOC.evaluation,
    caller: 'user',
    resource: grants(ALICE),
    allowed: true,
  },
  {
    says: 'A bucket policy that names somebody else is not',
    doc: DOC.evaluation,
    caller: 'user',
    resource: grants(READER),
    allowed: false,
  },
  {
    says: 'A bucket policy that names the account leaves it to own policies',
    doc: DOC.principal,
    caller: 'user',
    resource: grants(ACCOUNT),
    allowed: false,
  },
  {
    says: 'The account named and an own Allow together allow',
    doc: DOC.principal,
    caller: 'user',
    own: yes,
    resource: grants(ACCOUNT),
    allowed: true,
  },
  {
    says: 'A bucket policy for everyone lets everyone in',
    doc: DOC.principal,
    caller: 'user',
    resource: grants('*'),
    allowed: true,
  },
  {
    says: 'An own Deny keeps even a bucket policy for everyone out',
    doc: DOC.evaluation,
    caller: 'role',
    own: no,
    resource: grants('*'),
    allowed: false,
  },
  {
    says: 'A Deny in the bucket policy wins over own policies',
    doc: DOC.evaluation,
    caller: 'user',
    own: yes,
    resource: statement('Deny', { Principal: '*' }),
    allowed: false,
  },
  {
    says: "A Deny for the role catches the role's sessions",
    doc: DOC.principal,
    caller: 'role',
    own: yes,
    resource: statement('Deny', { Principal: READER }),
    allowed: false,
  },
  {
    says: 'A Deny for the account catches all of it',
    doc: DOC.principal,
    caller: 'role',
    own: yes,
    resource: statement('Deny', { Principal: ACCOUNT }),
    allowed: false,
  },
  {
    says: 'Deny with NotPrincipal catches whoever is not listed',
    doc: DOC.notPrincipal,
    caller: 'user',
    own: yes,
    resource: statement('Deny', { NotPrincipal: READER }),
    allowed: false,
  },
  {
    says: 'Deny with NotPrincipal spares a role only with its session and account listed too',
    doc: DOC.notPrincipal,
    caller: 'role',
    own: yes,
    resource: statement('Deny', { NotPrincipal: { AWS: [READER.AWS, SESSION.AWS, ACCOUNT.AWS] } }),
    allowed: true,
  },
  {
    says: 'The role alone in NotPrincipal does not spare its session',
    doc: DOC.notPrincipal,
    caller: 'role',
    own: yes,
    resource: statement('Deny', { NotPrincipal: READER }),
    allowed: false,
  },
  // Across accounts
  {
    says: "An own Allow is not enough for another account's bucket",
    doc: DOC.crossAccount,
    caller: 'user',
    own: yes,
    owner: 'other',
    allowed: false,
  },
  {
    says: "The other account's word is not enough without an own Allow",
    doc: DOC.crossAccount,
    caller: 'user',
    resource: grants(ALICE),
    owner: 'other',
    allowed: false,
  },
  {
    says: 'Both sides together allow',
    doc: DOC.crossAccount,
    caller: 'user',
    own: yes,
    resource: grants(ALICE),
    owner: 'other',
    allowed: true,
  },
  {
    says: 'The other side may name the account',
    doc: DOC.crossAccount,
    caller: 'role',
    own: yes,
    resource: grants(ACCOUNT),
    owner: 'other',
    allowed: true,
  },
  {
    says: 'Across accounts even a session named is held by its boundary',
    doc: DOC.crossAccount,
    caller: 'role',
    own: yes,
    boundary: other,
    resource: grants(SESSION),
    owner: 'other',
    allowed: false,
  },
  {
    says: 'Across accounts the session policy bounds too',
    doc: DOC.crossAccount,
    caller: 'role',
    own: yes,
    session: other,
    resource: grants(SESSION),
    owner: 'other',
    allowed: false,
  },
  // KMS keys
  {
    says: 'An own Allow does nothing for a key whose policy is silent',
    doc: DOC.keyPolicy,
    caller: 'user',
    own: yes,
    kind: 'key',
    resource: grants(READER),
    allowed: false,
  },
  {
    says: 'A key policy that names the account lets own policies decide',
    doc: DOC.keyPolicy,
    caller: 'user',
    own: yes,
    kind: 'key',
    resource: grants(ACCOUNT),
    allowed: true,
  },
  {
    says: 'A key policy that names the account gives nothing by itself',
    doc: DOC.keyPolicy,
    caller: 'user',
    kind: 'key',
    resource: grants(ACCOUNT),
    allowed: false,
  },
  {
    says: 'A key policy that names the user is enough',
    doc: DOC.keyPolicy,
    caller: 'user',
    kind: 'key',
    resource: grants(ALICE),
    allowed: true,
  },
]
