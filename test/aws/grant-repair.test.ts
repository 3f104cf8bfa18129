import {
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeleteAccessKeyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  DetachRolePolicyCommand,
  ListUserPoliciesCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GrantEnded, QuotaReached, RoleGone } from '../../src/aws/failures.ts'
import { closingBefore, readCut } from '../../src/core/earlier-sessions.ts'
import {
  endedPolicy,
  endedTrust,
  type Grant,
  type PolicyDocument,
  policyText,
  readEnd,
} from '../../src/core/grant.ts'
import { HOUR, START } from '../core/grant-samples.ts'
import {
  type AwsWorld,
  dyingWriter,
  grantIn,
  type RoleState,
  standingOf,
  startAwsWorld,
} from './aws-world.ts'
import { denied, GRANTED, get, policy } from './s3-reads.ts'

const ANYTHING = policy({ Sid: 'Anything', Effect: 'Allow', Action: '*', Resource: '*' })
/** What the console writes for "revoke active sessions". */
const REVOKED = policy({
  Effect: 'Deny',
  Action: '*',
  Resource: '*',
  Condition: { DateLessThan: { 'aws:TokenIssueTime': '2026-11-24T09:30:00Z' } },
})

let world: AwsWorld
let grant: Grant
let whole: RoleState | undefined

beforeEach(async () => {
  world = await startAwsWorld()
  grant = grantIn(world)
  await world.writer.write(world.prod, grant)
  whole = await world.roleState(grant.roleName)
})
afterEach(() => world.close())

function trust(document: object) {
  const PolicyDocument = JSON.stringify(document)
  return world.admin.send(new UpdateAssumeRolePolicyCommand({ RoleName: grant.roleName, PolicyDocument }))
}

function more({ Version, Statement }: PolicyDocument, ...statements: object[]) {
  return { Version, Statement: [...Statement, ...statements] }
}

/** A trust policy that lets mallory in beside, or instead of, whom it is for. */
const forMallory = () => ({
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${world.prod.id}:user/mallory` },
  Action: 'sts:AssumeRole',
})

/** Before when sessions are closed. */
const cutIn = (state: RoleState | undefined) => readCut(state?.policies['daypass-sessions']) ?? 0

/** Writes the grant again, twice, and expects it whole but for what closes the sessions taken until five minutes after `second`. */
async function closed(second: number): Promise<number> {
  const state = await repaired()
  const cut = cutIn(state)
  const policies = { ...whole?.policies, 'daypass-sessions': closingBefore(cut) }
  expect(state).toEqual({ ...whole, policies })
  // The time goes on during a test.
  expect(cut).toBeGreaterThanOrEqual(second + 300)
  expect(cut).toBeLessThan(second + 330)
  return cut
}

async function deleteAlice(): Promise<void> {
  const UserName = 'alice'
  const { PolicyNames: names = [] } = await world.admin.send(new ListUserPoliciesCommand({ UserName }))
  for (const PolicyName of names)
    await world.admin.send(new DeleteUserPolicyCommand({ UserName, PolicyName }))
  const AccessKeyId = world.secrets.keys.alice.accessKeyId
  await world.admin.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
  await world.admin.send(new DeleteUserCommand({ UserName }))
}

/** Writes the grant again, twice: the second time must find nothing to do. */
async function repaired(): Promise<RoleState | undefined> {
  await world.writer.write(world.prod, grant, [])
  const changes = world.changes()
  await world.writer.write(world.prod, grant, [])
  expect(world.changes()).toEqual(changes)
  return world.roleState(grant.roleName)
}

test('puts back the permissions of a grant half written', async () => {
  const policyName = { RoleName: grant.roleName, PolicyName: 'daypass' }
  await world.admin.send(new DeleteRolePolicyCommand(policyName))
  expect(await repaired()).toEqual(whole)
})

test('puts back a boundary that was taken off', async () => {
  await world.stripBoundary(grant.roleName)
  expect(await repaired()).toEqual(whole)
})

test.each<[string, (PolicyArn: string) => Promise<unknown>, string]>([
  ['a policy of AWS that denies everything', (arn) => world.attach(grant.roleName, arn), 'AWSDenyAll'],
  [
    'a policy of AWS that quarantines',
    (arn) => world.attach(grant.roleName, arn),
    'AWSCompromisedKeyQuarantineV2',
  ],
  ['another boundary', (arn) => world.setBoundary(grant.roleName, arn), 'AWSDenyAll'],
])('ends for good, and tells of it, what somebody closed by %s', async (_, close, name) => {
  const arn = `arn:aws:iam::aws:policy/${name}`
  const s3 = await world.s3For('alice', grant.roleArn)
  await close(arn)
  world.clock.set((START + 60) * 1000)
  const told: string[] = []
  const tell = async (found: readonly string[]) => void told.push(...found)
  await expect(world.writer.write(world.prod, grant, [], tell)).rejects.toBeInstanceOf(GrantEnded)

  expect(told).toEqual([expect.stringContaining(arn)])
  const ended = await world.roleState(grant.roleName)
  expect(ended).toMatchObject({
    trust: endedTrust(START + 60, 'role-altered'),
    policies: { 'daypass-ended': endedPolicy(START + 60, 'role-altered') },
  })
  for (const PolicyArn of ended?.attached ?? [])
    await world.admin.send(new DetachRolePolicyCommand({ RoleName: grant.roleName, PolicyArn }))
  await expect(get(s3, GRANTED)).rejects.toEqual(denied)
})

test.each([5, 7, 8, 9])(
  'ends for good what somebody closed although the process died at call %i',
  async (at) => {
    await world.setBoundary(grant.roleName, 'arn:aws:iam::aws:policy/AWSDenyAll')
    await expect(dyingWriter(world, at, 'after').write(world.prod, grant, [])).rejects.toThrow('killed')
    await expect(world.writer.write(world.prod, grant, [])).rejects.toBeInstanceOf(GrantEnded)
    expect(await world.roleState(grant.roleName)).toMatchObject({
      trust: endedTrust(START, 'role-altered'),
      policies: { 'daypass-ended': endedPolicy(START, 'role-altered') },
    })
  },
)

test('takes off policies that others attached, and inline policies that allow', async () => {
  await world.attach(grant.roleName)
  await world.putPolicy(grant.roleName, 'extra', ANYTHING)
  expect(await repaired()).toEqual(whole)
})

describe('a policy of somebody’s own that is attached', () => {
  const NO_EXPORTS = { Effect: 'Deny', Action: 's3:GetObject', Resource: '*' }
  const left = (arn: string, version = 'v1') =>
    `The policy ${arn} was attached to it; what it denies was left, since that may be meant to end the access (${version}).`
  const leftWhole = (arn: string, version = 'v1') =>
    `The policy ${arn} was attached to it; it was left, since what it denies may be meant to end the access, and what it allows opens nothing (${version}).`

  async function attachOwn(...statements: object[]): Promise<string> {
    const PolicyDocument = JSON.stringify(policy(...statements))
    const { Policy: made } = await world.admin.send(
      new CreatePolicyCommand({ PolicyName: 'Quarantine', PolicyDocument }),
    )
    const arn = made?.Arn ?? ''
    await world.attach(grant.roleName, arn)
    return arn
  }

  async function foundOnIt(): Promise<readonly string[]> {
    const told: string[] = []
    await world.writer.write(world.prod, grant, [], async (found) => void told.push(...found))
    return told
  }

  test.each([
    ['denies', [NO_EXPORTS], left],
    ['denies and allows', [NO_EXPORTS, ...ANYTHING.Statement], leftWhole],
  ])('stays where it %s: it is an early end, and opens nothing', async (_, statements, told) => {
    const s3 = await world.s3For('alice', grant.roleArn)
    const arn = await attachOwn(...statements)

    expect(await foundOnIt()).toEqual([told(arn)])
    expect(await repaired()).toEqual({ ...whole, attached: [arn] })
    await expect(get(s3, GRANTED)).rejects.toEqual(denied)
    await expect(get(s3, 'internal/salaries.csv')).rejects.toEqual(denied)
  })

  test('goes where it allows, until a later version of it denies', async () => {
    const arn = await attachOwn(...ANYTHING.Statement)
    expect(await foundOnIt()).toEqual([`The policy ${arn} was attached to it, and was taken off.`])

    const becomes = (...statements: object[]) =>
      world.admin.send(
        new CreatePolicyVersionCommand({
          PolicyArn: arn,
          PolicyDocument: JSON.stringify(policy(...statements)),
          SetAsDefault: true,
        }),
      )
    await becomes(NO_EXPORTS)
    await world.attach(grant.roleName, arn)
    expect(await foundOnIt()).toEqual([left(arn, 'v2')])
    // Whoever tells each finding once tells of each version.
    await becomes(NO_EXPORTS, ...ANYTHING.Statement)
    expect(await foundOnIt()).toEqual([leftWhole(arn, 'v3')])
  })

  test('keeps nothing else from being mended or ended while IAM does not tell what it says', async () => {
    const arn = await attachOwn(NO_EXPORTS)
    await trust(more(grant.trustPolicy, forMallory()))
    world.faults.order({
      service: 'aws',
      caller: 'app',
      action: 'iam:GetPolicy',
      fault: { kind: 'status', status: 500 },
    })

    await expect(foundOnIt()).rejects.toThrow()
    expect((await world.roleState(grant.roleName))?.trust).toEqual(grant.trustPolicy)
    await world.attach(grant.roleName, 'arn:aws:iam::aws:policy/AWSDenyAll')
    await expect(world.writer.write(world.prod, grant, [])).rejects.toBeInstanceOf(GrantEnded)
    world.faults.clear()
    expect((await world.roleState(grant.roleName))?.attached).toContain(arn)
  })

  test.each(['iam:GetPolicy', 'iam:GetPolicyVersion'])(
    'stays where the app may not read it, as for want of %s, and opens nothing',
    async (Action) => {
      const s3 = await world.s3For('alice', grant.roleArn)
      const arn = await attachOwn(...ANYTHING.Statement)
      await world.putPolicy(
        'DaypassAccountRole',
        'earlier',
        policy({ Effect: 'Deny', Action, Resource: '*' }),
      )

      expect(await foundOnIt()).toEqual([
        `The policy ${arn} was attached to it; it was left, since it may be meant to end the access, and the app may not read it (deploy/account.yaml says how it may).`,
      ])
      expect((await world.roleState(grant.roleName))?.attached).toEqual([arn])
      await get(s3, GRANTED)
      await expect(get(s3, 'internal/salaries.csv')).rejects.toEqual(denied)
    },
  )

  test('goes with the role', async () => {
    await attachOwn(NO_EXPORTS)
    await world.writer.remove(world.prod, standingOf(grant))

    expect(await world.roleState(grant.roleName)).toBeUndefined()
  })
})

test('takes back what others allowed within its own policies', async () => {
  await world.putPolicy(grant.roleName, 'daypass', more(grant.permissionPolicy, ...ANYTHING.Statement))
  await trust(more(grant.trustPolicy, forMallory()))
  await closed(START)
})

test('takes back a window that was stretched', async () => {
  const stretched = (document: PolicyDocument) => policyText(document).replaceAll('T13:00:00Z', 'T23:00:00Z')
  await world.putPolicy(grant.roleName, 'daypass', JSON.parse(stretched(grant.permissionPolicy)))
  await trust(JSON.parse(stretched(grant.trustPolicy)))
  const state = await repaired()
  for (const {
    Statement: [...own],
  } of [grant.trustPolicy, grant.permissionPolicy]) {
    const now = JSON.stringify([state?.trust, state?.policies])
    for (const statement of own) expect(now).toContain(JSON.stringify(statement))
  }
  world.clock.set((grant.window.end + 1) * 1000)
  await expect(world.s3For('alice', grant.roleArn)).rejects.toEqual(denied)
  expect(JSON.stringify(state)).not.toMatch(/"Allow"[^}]*?T23:00:00Z/)
})

test('leaves a role gone that an administrator deleted, though it was listed before: it is an early end', async () => {
  const { roleName: RoleName } = grant
  await world.admin.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'daypass' }))
  await world.admin.send(new DeleteRoleCommand({ RoleName }))
  await expect(world.writer.write(world.prod, grant, [])).rejects.toBeInstanceOf(RoleGone)
  expect(await world.roleState(RoleName)).toBeUndefined()
})

test('leaves a denial that others put on the role: it is an early end', async () => {
  await world.putPolicy(grant.roleName, 'AWSRevokeOlderSessions', REVOKED)
  expect(await repaired()).toEqual({
    ...whole,
    policies: { ...whole?.policies, AWSRevokeOlderSessions: REVOKED },
  })
})

test('of a policy that allows and denies it leaves the denials', async () => {
  await world.putPolicy(grant.roleName, 'mixed', more(ANYTHING as PolicyDocument, ...REVOKED.Statement))
  expect(await repaired()).toEqual({ ...whole, policies: { ...whole?.policies, mixed: REVOKED } })
})

test('leaves a denial that others wrote into its own policies', async () => {
  const [denial] = REVOKED.Statement
  const nobody = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }
  await world.putPolicy(grant.roleName, 'daypass', policy(...REVOKED.Statement))
  await trust(more(grant.trustPolicy, nobody))
  expect(await repaired()).toEqual({
    ...whole,
    trust: more(grant.trustPolicy, nobody),
    policies: { daypass: more(grant.permissionPolicy, { ...denial }) },
  })
})

test('ends in full what was ended, also where somebody took half of the end away', async () => {
  await world.writer.deny(world.prod, standingOf(grant), START + 60, 'given-back')
  const ended = await world.roleState(grant.roleName)
  const halves = [
    () => trust(grant.trustPolicy),
    () =>
      world.admin.send(
        new DeleteRolePolicyCommand({ RoleName: grant.roleName, PolicyName: 'daypass-ended' }),
      ),
  ]
  for (const takeAway of halves) {
    await takeAway()
    await expect(world.writer.write(world.prod, grant)).rejects.toBeInstanceOf(GrantEnded)
    expect(await world.roleState(grant.roleName)).toEqual(ended)
  }
  expect(ended?.trust).toEqual(endedTrust(START + 60, 'given-back'))
  expect(ended?.policies['daypass-ended']).toEqual(endedPolicy(START + 60, 'given-back'))
})

describe('what can not be written back ends the access for good', () => {
  const long = (length: number) => ({
    Effect: 'Deny',
    Action: 's3:DeleteBucket',
    Resource: `arn:aws:s3:::${'x'.repeat(length)}`,
  })
  const fill = async () => {
    await world.putPolicy(grant.roleName, 'daypass', ANYTHING)
    await world.putPolicy(grant.roleName, 'denials', policy(long(9600)))
  }

  const CASES: readonly [string, () => Promise<unknown>, string][] = [
    [
      'a trust policy that denies so much that its own does not fit',
      () => {
        const nobody = { StringEquals: { 'aws:userid': 'x'.repeat(1500) } }
        return trust(policy(forMallory(), { ...forMallory(), Effect: 'Deny', Condition: nobody }))
      },
      'Its trust policy was not as it was written.',
    ],
    [
      'permissions beside which others deny so much that its own do not fit',
      fill,
      'Its permission policy was not as it was written.',
    ],
    [
      'a trust policy whose sessions can not be closed, as others deny so much',
      async () => {
        await fill()
        await trust(policy(forMallory()))
      },
      'Its trust policy was not as it was written.',
    ],
    [
      'a trust policy for another, where whom it is for was deleted',
      async () => {
        await deleteAlice()
        await trust(policy(forMallory()))
      },
      'Its trust policy was not as it was written.',
    ],
    [
      'the same where others used up the tags',
      async () => {
        const Tags = Array.from({ length: 50 - Object.keys(grant.tags).length }, (_, each) => ({
          Key: `x${each}`,
          Value: '',
        }))
        await world.admin.send(new TagRoleCommand({ RoleName: grant.roleName, Tags }))
        await deleteAlice()
        await trust(policy(forMallory()))
      },
      'Its trust policy was not as it was written.',
    ],
  ]

  test.each(CASES)('%s', async (_, alter, sentence) => {
    const alices = await world.s3For('alice', grant.roleArn)
    await alter()
    const mallorys = await world.s3For('mallory', grant.roleArn).catch(() => undefined)
    const told: (readonly string[])[] = []
    const tell = async (found: readonly string[]) => void told.push(found)
    await expect(world.writer.write(world.prod, grant, [], tell)).rejects.toBeInstanceOf(GrantEnded)

    expect(told.at(-1)).toContain(sentence)
    expect(told.at(-1)?.at(-1)).toMatch(/could not be put back .* ended the access\.$/)
    const { trust: ended, policies } = (await world.roleState(grant.roleName)) ?? {}
    expect(readEnd(ended)?.because).toBe('role-altered')
    expect(readEnd(policies?.['daypass-ended'])).toEqual(readEnd(ended))
    for (const s3 of mallorys ? [alices, mallorys] : [alices])
      await expect(get(s3, GRANTED)).rejects.toEqual(denied)
    await expect(world.s3For('mallory', grant.roleArn)).rejects.toEqual(denied)
    await expect(world.s3For('alice', grant.roleArn)).rejects.toThrow()
    const changes = world.changes()
    await expect(world.writer.write(world.prod, grant, [], tell)).rejects.toBeInstanceOf(GrantEnded)
    expect(world.changes()).toEqual(changes)
  })

  test('but an extension that has no room beside what others denied leaves what stands', async () => {
    await world.putPolicy(grant.roleName, 'denials', policy(long(8000)))
    const prefixes = Array.from({ length: 40 }, (_, each) => `exports/2026/11/day-${each}/`)
    const longer = grantIn(world, { request: { prefixes } })
    await expect(world.writer.write(world.prod, longer, [grant])).rejects.toBeInstanceOf(QuotaReached)
    expect((await world.roleState(grant.roleName))?.trust).toEqual(grant.trustPolicy)
  })
})

describe('sessions that an altered trust policy gave', () => {
  const at = (second: number) => world.clock.set(second * 1000)
  const write = () => world.writer.write(world.prod, grant, [])
  const alter = () => trust(more(grant.trustPolicy, forMallory()))

  test('are closed with those of before, and whom it is for is let in with a later one', async () => {
    const before = await world.s3For('alice', grant.roleArn)
    await alter()
    const mallorys = await world.s3For('mallory', grant.roleArn)
    expect(await get(mallorys, GRANTED)).toContain('Initech')
    at(START + 60)
    const told: string[] = []
    await world.writer.write(world.prod, grant, [], async (found) => void told.push(...found))
    const cut = await closed(START + 60)
    const time = new Date(cut * 1000).toISOString().slice(11, 19)
    expect(told).toEqual([
      `Its trust policy was not as it was written, and was mended; every session taken before ${time} UTC is closed: sign in again after that, and empty ~/.aws/cli/cache.`,
    ])

    at(cut - 30)
    const early = await world.s3For('alice', grant.roleArn)
    at(cut)
    for (const s3 of [before, mallorys, early]) await expect(get(s3, GRANTED)).rejects.toEqual(denied)
    expect(await get(await world.s3For('alice', grant.roleArn), GRANTED)).toContain('Initech')
    await expect(world.s3For('mallory', grant.roleArn)).rejects.toEqual(denied)
  })

  test.each([
    [5, 'after'],
    [6, 'before'],
    [6, 'after'],
  ] as const)(
    'are closed although the process died at call %i, %s it, and somebody got in meanwhile',
    async (call, when) => {
      await alter()
      const first = await world.s3For('mallory', grant.roleArn)
      await expect(dyingWriter(world, call, when).write(world.prod, grant, [])).rejects.toThrow('killed')
      at(START + 400)
      // Later than what was closed before the process died.
      const second = await world.s3For('mallory', grant.roleArn).catch(() => undefined)
      expect(second === undefined).toBe(call === 6 && when === 'after')
      await write()
      for (const s3 of second ? [first, second] : [first])
        await expect(get(s3, GRANTED)).rejects.toEqual(denied)
      await expect(world.s3For('mallory', grant.roleArn)).rejects.toEqual(denied)
      at(START + 800)
      expect(await get(await world.s3For('alice', grant.roleArn), GRANTED)).toContain('Initech')
      await closed(second ? START + 400 : START)
    },
  )

  test('are closed anew each time, by the one statement, which never moves back', async () => {
    const cuts: number[] = []
    for (const second of [0, 600]) {
      at(START + second)
      await alter()
      cuts.push(await closed(START + second))
    }
    at(START)
    await alter()
    expect(cutIn(await repaired())).toBe(cuts[1])
  })

  test('are closed where the trust policy can not be told from one that lets others in', async () => {
    const [requester] = grant.trustPolicy.Statement
    await trust(policy({ ...requester, Condition: {} }))
    await closed(START)
  })

  test('are none where others only denied, or where the app itself extended it', async () => {
    const s3 = await world.s3For('alice', grant.roleArn)
    const longer = grantIn(world, { window: { start: START, end: START + 6 * HOUR } })
    await world.writer.write(world.prod, longer, [grant])
    expect(await get(s3, GRANTED)).toContain('Initech')
    expect((await world.roleState(grant.roleName))?.policies).toEqual({ daypass: longer.permissionPolicy })
  })

  test('stay closed with what others wrote beside: what they allowed goes, what they denied stays', async () => {
    await alter()
    const closing = closingBefore(await closed(START))
    const both = more(closing, ...ANYTHING.Statement, ...REVOKED.Statement)
    await world.putPolicy(grant.roleName, 'daypass-sessions', both)
    const told: [readonly string[], boolean][] = []
    const tell = async (...found: [readonly string[], boolean]) => void told.push(found)
    await world.writer.write(world.prod, grant, [], tell)
    await world.writer.write(world.prod, grant, [], tell)
    const left = '; what it denies was left, since that may be meant to end the access.'
    const altered = 'The inline policy daypass-sessions was altered'
    expect(told).toEqual([
      [[`${altered}, and was mended${left}`], true],
      [[`${altered}${left}`], false],
    ])
    const { policies } = (await repaired()) ?? {}
    expect(policies?.['daypass-sessions']).toEqual(more(closing, ...REVOKED.Statement))
  })

  test('under the name of the policy that closes them nothing else may stand', async () => {
    await world.putPolicy(grant.roleName, 'daypass-sessions', ANYTHING)
    expect(await repaired()).toEqual(whole)
    await world.putPolicy(grant.roleName, 'daypass-sessions', REVOKED)
    await alter()
    const { policies } = (await repaired()) ?? {}
    const [closing, denial] = (policies?.['daypass-sessions'] as PolicyDocument | undefined)?.Statement ?? []
    expect(readCut(policy(closing ?? {}))).toBeGreaterThanOrEqual(START + 300)
    expect(denial).toEqual(REVOKED.Statement[0])
  })

  test('stay closed by the end of the access, and go with the role', async () => {
    await alter()
    const mallorys = await world.s3For('mallory', grant.roleArn)
    await write()
    await world.writer.deny(world.prod, standingOf(grant), START + 60, 'given-back')
    await expect(get(mallorys, GRANTED)).rejects.toEqual(denied)
    await world.writer.remove(world.prod, standingOf(grant))
    expect(await world.roleState(grant.roleName)).toBeUndefined()
  })
})

test('tells that whom it is for was deleted in AWS, and leaves it at that', async () => {
  await deleteAlice()
  const told: [readonly string[], boolean][] = []
  const tell = async (...found: [readonly string[], boolean]) => void told.push(found)
  const changes = world.changes()
  await world.writer.write(world.prod, grant, [], tell)
  const sentence = 'Whom it is for was deleted in AWS, so nobody gets in; ask anew once it is there again.'
  expect(told).toEqual([[[sentence], false]])
  expect(world.changes()).toEqual(changes)
})
