/** Runs every case of the policy language, of refused policies and of policies combined. */
import { describe, expect, it } from 'vitest'
import { decide } from '../../../src/sandbox/aws/authorize.ts'
import type { Context } from '../../../src/sandbox/aws/conditions.ts'
import { readPolicy } from '../../../src/sandbox/aws/documents.ts'
import { evaluate } from '../../../src/sandbox/aws/policy.ts'
import { type Caller, newManagedPolicy, type World } from '../../../src/sandbox/aws/state.ts'
import { createWorld } from '../../../src/sandbox/aws/world.ts'
import { createClock } from '../../../src/sandbox/clock.ts'
import { COMBINATION_CASES, type CombinationCase } from './combination-cases.ts'
import { CONDITION_CASES } from './condition-cases.ts'
import { CONTEXT_CASES } from './context-cases.ts'
import { NOON } from './fixture.ts'
import { DOC, POLICY_CASES, REQUEST } from './policy-cases.ts'
import { PRINCIPAL_CASES } from './principal-cases.ts'
import { REFUSAL_CASES } from './refusal-cases.ts'

const SAME = '111111111111'
const OTHER = '222222222222'

function world(): World {
  const empty = { users: [], roles: [], managedPolicies: [], buckets: [], keys: [] }
  const keys = { accessKeyId: 'AKIAALICE00000000000', secretAccessKey: 'x' }
  const alice = { name: 'alice', ...keys, policies: {}, tags: { team: 'blue' } }
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: SAME }, Action: 'sts:AssumeRole' }],
  }
  const reader = { name: 'reader', path: '/', trust, policies: {}, sessions: [] }
  const accounts = [
    { ...empty, name: 'same', id: SAME, users: [alice], roles: [reader] },
    { ...empty, name: 'other', id: OTHER },
  ]
  return createWorld({ region: 'eu-central-1', accounts }, { ...createClock(), now: () => NOON })
}

function contextOf(keys: Readonly<Record<string, string | readonly string[]>> = {}): Context {
  return new Map(
    Object.entries(keys).map(([key, value]) => [
      key.toLowerCase(),
      typeof value === 'string' ? [value] : value,
    ]),
  )
}

function says(
  document: object,
  request: { action?: string | undefined; resource?: string | undefined },
  context: Context,
) {
  const policy = readPolicy(world(), 'identity', JSON.stringify(document))
  const { action = REQUEST.action, resource = REQUEST.resource } = request
  return evaluate([policy], { action, resource, context })
}

describe('one policy', () => {
  it.each(POLICY_CASES)('$says', ({ statement, document, action, resource, context, outcome }) => {
    const whole = document ?? { Version: '2012-10-17', Statement: statement }
    expect(says(whole, { action, resource }, contextOf(context))).toBe(outcome)
  })
})

describe('one condition', () => {
  it.each(CONDITION_CASES)('$says', ({ condition, context, holds }) => {
    const statement = { Effect: 'Allow', Action: '*', Resource: '*', Condition: condition }
    const document = { Version: '2012-10-17', Statement: statement }
    expect(says(document, {}, contextOf(context))).toBe(holds ? 'allowed' : 'silent')
  })
})

describe('a policy is refused for', () => {
  it.each(REFUSAL_CASES)('$says', ({ kind, policy, problem }) => {
    const text = typeof policy === 'string' ? policy : JSON.stringify(policy)
    expect(() => readPolicy(world(), kind, text)).toThrow(
      expect.objectContaining({ code: 'MalformedPolicyDocument', message: expect.stringContaining(problem) }),
    )
  })
})

describe('policies of several kinds', () => {
  it.each([...COMBINATION_CASES, ...PRINCIPAL_CASES])('$says', (example) => {
    const at = world()
    const caller = callerOf(at, example)
    const { resource, kind = 'bucket', owner = 'same' } = example
    const decision = decide(at, {
      ...REQUEST,
      caller,
      sourceIp: '203.0.113.7',
      region: 'eu-central-1',
      owner: owner === 'same' ? SAME : OTHER,
      resourcePolicy: resource && readPolicy(at, kind, JSON.stringify(resource)),
      needsResourcePolicy: kind === 'key',
    })
    expect(decision.allowed).toBe(example.allowed)
  })
})

describe('the condition keys of a request', () => {
  it.each(CONTEXT_CASES)('$says', ({ caller, condition, viaService, owner = 'same', holds }) => {
    const at = world()
    const statement = { Effect: 'Allow', Action: '*', Resource: '*', Condition: condition }
    const document = { Version: '2012-10-17', Statement: statement }
    const everyone = { ...document, Statement: { ...statement, Principal: '*', Condition: {} } }
    const decision = decide(at, {
      ...REQUEST,
      caller: callerOf(at, { caller, own: document }),
      sourceIp: viaService === true ? undefined : '203.0.113.7',
      region: 'eu-central-1',
      owner: owner === 'same' ? SAME : OTHER,
      resourcePolicy: owner === 'other' ? readPolicy(at, 'bucket', JSON.stringify(everyone)) : undefined,
    })
    expect(decision.allowed).toBe(holds)
  })
})

describe('the cases together', () => {
  const cases = [
    ...POLICY_CASES,
    ...CONDITION_CASES,
    ...REFUSAL_CASES,
    ...COMBINATION_CASES,
    ...PRINCIPAL_CASES,
    ...CONTEXT_CASES,
  ]

  it('are two hundred at least, and no two say the same', () => {
    expect(cases.length).toBeGreaterThanOrEqual(200)
    expect(new Set(cases.map(({ says }) => says)).size).toBe(cases.length)
  })

  it("each cite a page of AWS's documentation, and every page listed is cited", () => {
    const cited = new Set(cases.map(({ doc }) => doc))
    for (const doc of cited)
      expect(doc).toMatch(/^https:\/\/docs\.aws\.amazon\.com\/[\w/-]+\.html(#[\w-]+)?$/)
    expect(cited).toEqual(new Set(Object.values(DOC)))
  })
})

function callerOf(
  at: World,
  { caller, own, boundary, session }: Pick<CombinationCase, 'caller' | 'own' | 'boundary' | 'session'>,
): Caller {
  const account = at.accounts.get(SAME)
  const user = account?.users.get('alice')
  const role = account?.roles.get('reader')
  if (user === undefined || role === undefined) throw new Error('the world is incomplete')
  const identity = caller === 'user' ? user : role
  const read = (document: object) => readPolicy(at, 'identity', JSON.stringify(document))
  if (own !== undefined) identity.inline.set('own', read(own))
  if (boundary !== undefined)
    identity.boundary = newManagedPolicy(at, SAME, { name: 'boundary', path: '/', policy: read(boundary) })
  if (caller === 'user') return { kind: 'user', identity: user, label: 'alice' }
  const now = at.clock.now()
  const given = { name: 's', token: 't', issued: now, expires: now + 3_600_000, sourceIdentity: 'alice' }
  return {
    kind: 'session',
    identity: role,
    session: session === undefined ? given : { ...given, policies: [read(session)] },
    label: 'alice',
  }
}
