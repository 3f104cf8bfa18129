/** Policies, patterns and parameters that nobody honest would write: refused or answered, never fallen over, never slow. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPolicy } from '../../../src/sandbox/aws/documents.ts'
import { AwsError } from '../../../src/sandbox/aws/errors.ts'
import { matchesPattern, parsePattern } from '../../../src/sandbox/aws/pattern.ts'
import { evaluate } from '../../../src/sandbox/aws/policy.ts'
import { readParameters } from '../../../src/sandbox/aws/query-protocol.ts'
import { readSignature, type WireRequest } from '../../../src/sandbox/aws/sigv4.ts'
import { createWorld } from '../../../src/sandbox/aws/world.ts'
import { createClock } from '../../../src/sandbox/clock.ts'

const world = createWorld({ region: 'eu-central-1', accounts: [] }, createClock())
const request = {
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
  context: new Map([['aws:username', ['a']]]),
}

/** The error is one that goes over the wire, and no other is thrown. */
function refusedOrRead(text: string): void {
  for (const kind of ['identity', 'trust', 'bucket', 'key'] as const) {
    try {
      evaluate([readPolicy(world, kind, text)], request)
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
    }
  }
}

const element = fc.constantFrom(
  'Version',
  'Statement',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
  'Sid',
  'Id',
  'AWS',
  'StringLike',
  'Null',
  'DateLessThan',
  'aws:username',
  '__proto__',
  'constructor',
)
const value = fc.constantFrom(
  'Allow',
  'Deny',
  '*',
  's3:*',
  '2012-10-17',
  'arn:aws:s3:::b/*',
  `\${aws:username}`,
  `\${`,
  '',
  'true',
  '999999999999',
)
const { policyLike } = fc.letrec((tie) => ({
  policyLike: fc.oneof(
    { maxDepth: 6 },
    value,
    fc.array(tie('policyLike'), { maxLength: 3 }),
    fc.dictionary(element, tie('policyLike'), { maxKeys: 6 }),
    fc.constantFrom(null, 0, false),
  ),
}))

describe('a policy', () => {
  it('of any text is read or refused', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), refusedOrRead), { numRuns: 300 })
  })

  it('of any shape is read or refused', () => {
    fc.assert(
      fc.property(policyLike, (shape) => refusedOrRead(JSON.stringify(shape))),
      { numRuns: 2000 },
    )
  })

  it('nested a hundred thousand deep is refused', () => {
    refusedOrRead('['.repeat(100_000) + ']'.repeat(100_000))
    refusedOrRead(`${'{"Statement":'.repeat(10_000)}1${'}'.repeat(10_000)}`)
  })

  it('that is large and hard to match takes no time to speak of', () => {
    const begun = performance.now()
    const pattern = parsePattern('*a'.repeat(2000), { wildcards: true, variables: true }) ?? []
    expect(matchesPattern(pattern, 'a'.repeat(1999), () => undefined)).toBe(false)
    expect(
      parsePattern(`\${aws:${' '.repeat(100_000)}`, { wildcards: true, variables: true }),
    ).toBeUndefined()
    expect(
      parsePattern(`\${aws:${' '.repeat(100_000)}, 'x' y}`, { wildcards: true, variables: true }),
    ).toBeUndefined()
    expect(performance.now() - begun).toBeLessThan(1000)
  })
})

describe('a request', () => {
  const wire = (change: Partial<WireRequest>): WireRequest => ({
    method: 'POST',
    path: '/',
    query: '',
    headers: {},
    body: Buffer.alloc(0),
    sourceIp: '127.0.0.1',
    ...change,
  })

  it('of any headers and query has its signature read or refused', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, text, (authorization, query, date) => {
        readSignature(
          wire({ headers: { authorization: `AWS4-HMAC-SHA256 ${authorization}`, 'x-amz-date': date } }),
        )
        readSignature(wire({ query: `X-Amz-Algorithm=AWS4-HMAC-SHA256&${query}` }))
      }),
      { numRuns: 500 },
    )
  })

  it('with a list that has no end, or a gap, gives the members before it', () => {
    const parameters = readParameters(wire({ body: Buffer.from('A.member.1=x&A.member.2=y&A.member.4=z') }))
    expect(parameters.texts('A')).toEqual(['x', 'y'])
    const endless = Array.from({ length: 900 }, (_, at) => `A.member.${at + 1}=x`).join('&')
    expect(() => readParameters(wire({ body: Buffer.from(endless) })).texts('A')).toThrow(AwsError)
  })

  it('that names a parameter twice is refused', () => {
    const twice = readParameters(wire({ body: Buffer.from('RoleName=a&RoleName=b') }))
    expect(() => twice.required('RoleName')).toThrow('more than once')
  })
})
