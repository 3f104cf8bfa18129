/** More cases of how policies of several kinds combine, as data: whom a resource's policy means by its principal. */
import type { CombinationCase } from './combination-cases.ts'
import { DOC } from './policy-cases.ts'

const READER = 'arn:aws:iam::111111111111:role/reader'
const SESSION = 'arn:aws:sts::111111111111:assumed-role/reader/s'
const allows = (Principal: unknown, more: object = {}) => statement('Allow', { Principal, ...more })
const denies = (more: object) => statement('Deny', more)

function statement(Effect: string, more: object) {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect, Action: 's3:GetObject', Resource: '*', ...more }],
  }
}

const YES = statement('Allow', {})
const user = (says: string, more: Omit<CombinationCase, 'says' | 'doc' | 'caller'>): CombinationCase => ({
  says,
  doc: DOC.principal,
  caller: 'user',
  ...more,
})
const role = (says: string, more: Omit<CombinationCase, 'says' | 'doc' | 'caller'>): CombinationCase => ({
  ...user(says, more),
  caller: 'role',
})

export const PRINCIPAL_CASES: readonly CombinationCase[] = [
  user('An account may be written by its id', {
    own: YES,
    resource: allows({ AWS: '111111111111' }),
    owner: 'other',
    allowed: true,
  }),
  user("An account may be written by its root's ARN", {
    own: YES,
    resource: allows({ AWS: 'arn:aws:iam::111111111111:root' }),
    owner: 'other',
    allowed: true,
  }),
  user("Another account's id means nobody of this one", {
    own: YES,
    resource: allows({ AWS: '222222222222' }),
    owner: 'other',
    allowed: false,
  }),
  user('One of several principals is enough', {
    resource: allows({ AWS: ['222222222222', READER, 'arn:aws:iam::111111111111:user/alice'] }),
    allowed: true,
  }),
  user('A list without the caller is not', {
    resource: allows({ AWS: ['222222222222', READER] }),
    allowed: false,
  }),
  user('A service is no person', { resource: allows({ Service: 'lambda.amazonaws.com' }), allowed: false }),
  user('An identity provider is no person of the account', {
    resource: allows({ Federated: 'arn:aws:iam::111111111111:saml-provider/sso' }),
    allowed: false,
  }),
  user('A Deny for a service does not catch a person', {
    own: YES,
    resource: denies({ Principal: { Service: 'lambda.amazonaws.com' } }),
    allowed: true,
  }),
  user('Everyone may be written as a star under AWS', { resource: allows({ AWS: '*' }), allowed: true }),
  user('Everyone includes the people of another account, whose own policies must allow it', {
    resource: allows('*'),
    owner: 'other',
    allowed: false,
  }),
  user('With an own Allow, everyone includes the people of another account', {
    own: YES,
    resource: allows('*'),
    owner: 'other',
    allowed: true,
  }),
  user('Everyone, but for a condition that does not hold, lets nobody in', {
    resource: allows('*', { Condition: { StringEquals: { 'aws:PrincipalAccount': '222222222222' } } }),
    allowed: false,
  }),
  role('A role named lets its sessions in', { resource: allows({ AWS: READER }), allowed: true }),
  role('Another session of the role is not the one named', {
    resource: allows({ AWS: SESSION.replace('/s', '/other') }),
    allowed: false,
  }),
  role('A Deny for one session leaves the others alone', {
    own: YES,
    resource: denies({ Principal: { AWS: SESSION.replace('reader/s', 'reader/other') } }),
    allowed: true,
  }),
  role('A Deny for the very session catches it', {
    own: YES,
    resource: denies({ Principal: { AWS: SESSION } }),
    allowed: false,
  }),
  role('A Deny for everyone with a condition on the role catches its sessions', {
    own: YES,
    resource: denies({ Principal: '*', Condition: { ArnEquals: { 'aws:PrincipalArn': READER } } }),
    allowed: false,
  }),
  role('A Deny for everyone but one role, by condition, spares that role', {
    own: YES,
    resource: denies({ Principal: '*', Condition: { ArnNotEquals: { 'aws:PrincipalArn': READER } } }),
    allowed: true,
  }),
  {
    ...role('A key that everyone may use is not enough for another account', {
      kind: 'key',
      resource: allows('*'),
      owner: 'other',
      allowed: false,
    }),
    doc: DOC.keyPolicy,
  },
  {
    ...role('A key policy that names the account is bounded by the role’s boundary', {
      own: YES,
      boundary: statement('Allow', { Action: 's3:PutObject' }),
      kind: 'key',
      resource: allows({ AWS: '111111111111' }),
      allowed: false,
    }),
    doc: DOC.keyPolicy,
  },
  {
    ...role('A Deny in a key policy wins over own policies', {
      own: YES,
      kind: 'key',
      resource: denies({ Principal: '*' }),
      allowed: false,
    }),
    doc: DOC.keyPolicy,
  },
]
