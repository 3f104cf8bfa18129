import { expect, test } from 'vitest'
import { isWithin } from '../../src/core/boundary.ts'
import type { PolicyDocument } from '../../src/core/grant.ts'

const BUCKET = 'arn:aws:s3:::customer-exports'
const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/one'
const VARIABLE = ['$', '{aws:PrincipalTag/team}'].join('')
const reads = { Effect: 'Allow', Action: 's3:GetObject', Resource: [`${BUCKET}/exports/*`] }
const decrypts = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: KEY }
const grant = (...Statement: object[]) => ({ Version: '2012-10-17', Statement }) as unknown as PolicyDocument

const allow = { Effect: 'Allow', Action: 's3:Get*', Resource: [BUCKET, `${BUCKET}/*`] }
const noOther = { Effect: 'Deny', Action: 's3:*', NotResource: [BUCKET, `${BUCKET}/*`] }

test.each([
  ['its very bucket', [allow]],
  ['a pattern of buckets', [{ ...allow, Resource: 'arn:aws:s3:::customer-*' }]],
  ['one character of it as any', [{ ...allow, Resource: 'arn:aws:s3:::customer?exports/*' }]],
  ['the action in other letters', [{ ...allow, Action: 'S3:getobject' }]],
  ['all but something else', [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }]],
  ['a condition that may be met', [{ ...allow, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }]],
  ['a denial of every other bucket', [allow, noOther]],
  ['a bucket by a variable', [{ ...allow, Resource: `arn:aws:s3:::${VARIABLE}-exports/*` }]],
  [
    'a denial of other buckets than one by a variable',
    [allow, { ...noOther, NotResource: `arn:aws:s3:::${VARIABLE}` }],
  ],
  ['less than a folder of it', [allow, { ...reads, Effect: 'Deny', Resource: `${BUCKET}/exports/secret/*` }]],
  ['a denial that hangs on a condition', [allow, { ...reads, Effect: 'Deny', Condition: { Null: {} } }]],
])('a grant is within a boundary that names %s', (_, boundary) => {
  expect(isWithin(boundary, grant(reads))).toBe(true)
})

test.each([
  ['allows nothing', []],
  ['allows another bucket', [{ ...allow, Resource: 'arn:aws:s3:::other/*' }]],
  ['allows the bucket and not what is in it', [{ ...allow, Resource: BUCKET }]],
  ['allows another folder', [{ ...allow, Resource: `${BUCKET}/internal/*` }]],
  ['allows another action', [{ ...allow, Action: 's3:ListBucket' }]],
  ['takes a dot for itself', [{ ...allow, Resource: 'arn:aws:s3:::customer.exports/*' }]],
  ['denies it', [allow, { ...reads, Effect: 'Deny' }]],
  [
    'denies all other buckets',
    [
      { ...allow, Resource: '*' },
      { ...noOther, NotResource: 'arn:aws:s3:::other' },
    ],
  ],
])('a grant is not within a boundary that %s', (_, boundary) => {
  expect(isWithin(boundary, grant(reads))).toBe(false)
})

test('everything that a grant allows has to be in it, and nothing that it denies', () => {
  expect(isWithin([allow], grant(reads, decrypts))).toBe(false)
  expect(isWithin([allow, decrypts], grant(reads, decrypts))).toBe(true)
  expect(isWithin([allow], grant(reads, { ...decrypts, Effect: 'Deny' }))).toBe(true)
})
