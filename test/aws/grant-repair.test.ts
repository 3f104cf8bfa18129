import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { GrantEnded, RoleGone } from '../../src/aws/failures.ts'
import { endedPolicy, endedTrust, type Grant, type PolicyDocument, policyText } from '../../src/core/grant.ts'
import { START } from '../core/grant-samples.ts'
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

test('takes back what others allowed within its own policies', async () => {
  await world.putPolicy(grant.roleName, 'daypass', more(grant.permissionPolicy, ...ANYTHING.Statement))
  const mallory = { AWS: `arn:aws:iam::${world.prod.id}:user/mallory` }
  await trust(more(grant.trustPolicy, { Effect: 'Allow', Principal: mallory, Action: 'sts:AssumeRole' }))
  expect(await repaired()).toEqual(whole)
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
