import { expect, test } from 'vitest'
import { closingBefore, readCut } from '../../src/core/earlier-sessions.ts'
import { START } from './grant-samples.ts'

const whole = closingBefore(START)
const altered = (change: object) => ({
  ...whole,
  Statement: whole.Statement.map((statement) => ({ ...statement, ...change })),
})
const before = (time: string) => altered({ Condition: { DateLessThan: { 'aws:TokenIssueTime': time } } })

test('what closes earlier sessions tells before when', () => {
  expect(readCut(JSON.parse(JSON.stringify(whole)))).toBe(START)
  expect(before('2026-11-24T09:00:00Z')).toEqual(whole)
})

test.each<[string, unknown]>([
  ['is none', undefined],
  ['says more', { ...whole, Statement: [...whole.Statement, ...whole.Statement] }],
  ['has a name of its own', altered({ Sid: 'Earlier' })],
  ['allows', altered({ Effect: 'Allow' })],
  ['is about some actions', altered({ Action: 's3:*' })],
  ['is about some resources', altered({ Resource: 'arn:aws:s3:::customer-exports/*' })],
  ['has no condition', altered({ Condition: undefined })],
  [
    'has another condition too',
    altered({ Condition: { ...whole.Statement[0]?.Condition, Bool: { 'aws:SecureTransport': 'true' } } }),
  ],
  ['names no time', before('later')],
  ['writes its time in another way', before('2026-11-24T10:00:00+01:00')],
])('is not what the app wrote where it %s', (_, document) => {
  expect(readCut(document)).toBeUndefined()
})
