import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layOut } from '../../src/core/policy-format.ts'

test('short lists and single conditions stand on one line, all else on several', () => {
  const policy = {
    Statement: [
      {
        Action: ['s3:GetObject', 's3:ListBucket'],
        Condition: { DateLessThan: { 'aws:CurrentTime': '2026' } },
      },
    ],
    Long: ['x'.repeat(60), 'y'.repeat(60)],
  }
  expect(layOut(policy)).toBe(`{
  "Statement": [
    {
      "Action": ["s3:GetObject", "s3:ListBucket"],
      "Condition": { "DateLessThan": { "aws:CurrentTime": "2026" } }
    }
  ],
  "Long": [
    "${'x'.repeat(60)}",
    "${'y'.repeat(60)}"
  ]
}`)
})

test('a text that is longer than a line stays one text', () => {
  const arn = `arn:aws:iam::111122223333:role/${'x'.repeat(120)}`
  expect(layOut({ Condition: { ArnLike: { 'aws:PrincipalArn': [arn, arn] } } })).toContain(`"${arn}",`)
})

test('no layout changes what is said', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      const value: unknown = JSON.parse(json)
      expect(JSON.parse(layOut(value))).toEqual(value)
    }),
  )
})
