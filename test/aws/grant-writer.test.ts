import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ActionRefused, PrincipalNotFound, QuotaReached, RoleNotOurs } from '../../src/aws/failures.ts'
import { createGrantWriter } from '../../src/aws/grant-writer.ts'
import { endedTrust, type Grant, policyText } from '../../src/core/grant.ts'
import { BILLING_KEY_ARN } from '../../src/sandbox/seed.ts'
import { START } from '../core/grant-samples.ts'
import {
  type AwsWorld,
  bobIn,
  dyingWriter,
  grantIn,
  secondsOf,
  standingOf,
  startAwsWorld,
} from './aws-world.ts'
import { denied, GRANTED, get, list, policy, put } from './s3-reads.ts'

const BUCKET = 'customer-exports'
let world: AwsWorld
let grant: Grant

beforeEach(async () => {
  world = await startAwsWorld()
  grant = grantIn(world)
})
afterEach(() => world.close())

describe('a written grant', () => {
  test('holds in IAM exactly what was shown', async () => {
    await world.writer.write(world.prod, grant)
    expect(await world.roleState(grant.roleName)).toEqual({
      arn: grant.roleArn,
      description: grant.description,
      trust: grant.trustPolicy,
      boundary: world.prod.boundary,
      maxSession: grant.maxSessionSeconds,
      policies: { daypass: grant.permissionPolicy },
      attached: [],
      tags: grant.tags,
    })
  })

  test('lets its requester read below the prefix and nowhere else', async () => {
    await world.writer.write(world.prod, grant)
    const s3 = await world.s3For('alice', grant.roleArn)
    expect(await get(s3, GRANTED)).toContain('Initech')
    expect(await list(s3, 'exports/2026/11/')).toEqual([GRANTED])
    await expect(get(s3, 'exports/2026/10/orders.csv')).rejects.toEqual(denied)
    await expect(get(s3, 'internal/salaries.csv')).rejects.toEqual(denied)
    await expect(list(s3)).rejects.toEqual(denied)
    await expect(list(s3, 'exports/2026/1')).rejects.toEqual(denied)
    await expect(put(s3, GRANTED)).rejects.toEqual(denied)
  })

  test('is not widened by a bucket policy that lets everybody do everything', async () => {
    const Resource = ['arn:aws:s3:::customer-exports', 'arn:aws:s3:::customer-exports/*']
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource }
    await world.close()
    world = await startAwsWorld({ bucketPolicies: { [BUCKET]: policy(statement) } })
    const short = grantIn(world, { window: { start: START, end: START + 600 } })
    await world.writer.write(world.prod, short)
    const s3 = await world.s3For('alice', short.roleArn)
    expect(await get(s3, GRANTED)).toContain('Initech')
    await expect(get(s3, 'internal/salaries.csv')).rejects.toEqual(denied)
    await expect(list(s3)).rejects.toEqual(denied)
    await expect(list(s3, 'internal/')).rejects.toEqual(denied)
    await expect(put(s3, GRANTED)).rejects.toEqual(denied)
    world.clock.set(short.window.end * 1000)
    await expect(get(s3, GRANTED)).rejects.toEqual(denied)
  })

  test('lets nobody else in', async () => {
    await world.writer.write(world.prod, grant)
    await expect(world.s3For('mallory', grant.roleArn)).rejects.toEqual(denied)
    await expect(world.s3For('bob', grant.roleArn)).rejects.toEqual(denied)
  })

  test('lets a person of Identity Center in, and no other user', async () => {
    const forBob = grantIn(world, { principal: bobIn(world.prod) })
    await world.writer.write(world.prod, forBob)
    expect(await get(await world.s3For('bob', forBob.roleArn), GRANTED)).toContain('Initech')
    await expect(world.s3For('alice', forBob.roleArn)).rejects.toEqual(denied)
    const forRob = grantIn(world, {
      identity: { pull: 13 },
      principal: { ...bobIn(world.prod), userName: 'rob@acme.example' },
    })
    await world.writer.write(world.prod, forRob)
    await expect(world.s3For('bob', forRob.roleArn)).rejects.toEqual(denied)
  })

  test('lets only names be read where only names were asked for', async () => {
    const names = grantIn(world, { request: { access: 'list' } })
    await world.writer.write(world.prod, names)
    const s3 = await world.s3For('alice', names.roleArn)
    expect(await list(s3, 'exports/2026/11/')).toEqual([GRANTED])
    await expect(get(s3, GRANTED)).rejects.toEqual(denied)
  })

  test('lets an encrypted bucket be read whole only where the key was granted too', async () => {
    const path = 'access-requests/prod/billing-archive/alice.yaml'
    const request = { prefixes: [] }
    const withKey = grantIn(world, { identity: { path, pull: 1 }, request, kmsKey: BILLING_KEY_ARN })
    const without = grantIn(world, { identity: { path, pull: 2 }, request })
    for (const each of [withKey, without]) await world.writer.write(world.prod, each)
    const key = 'invoices/2026/11.csv'
    expect(await get(await world.s3For('alice', withKey.roleArn), key, 'billing-archive')).toContain('881')
    await expect(get(await world.s3For('alice', without.roleArn), key, 'billing-archive')).rejects.toEqual(
      denied,
    )
  })

  test('opens and closes by itself, at the very second, for sessions in use too', async () => {
    const later = grantIn(world, { window: { start: START + 600, end: START + 1200 } })
    await world.writer.write(world.prod, later)
    const at = (second: number) => world.clock.set(second * 1000)
    at(START + 598)
    await expect(world.s3For('alice', later.roleArn)).rejects.toEqual(denied)
    at(START + 600)
    const s3 = await world.s3For('alice', later.roleArn)
    expect(await get(s3, GRANTED)).toContain('Initech')
    at(START + 1200)
    await expect(get(s3, GRANTED)).rejects.toEqual(denied)
    await expect(world.s3For('alice', later.roleArn)).rejects.toEqual(denied)
  })
})

test.each(['AccessDenied', 'NoSuchEntity'])(
  'a role that IAM has only just made, and answers by %s as yet, is written all the same',
  async (code) => {
    const fault = { kind: 'status', status: code === 'AccessDenied' ? 403 : 404, code } as const
    // Where its clock was set, the SDK takes each refusal for a wrong clock, and tries four times by itself.
    world.faults.order({ service: 'aws', action: 'iam:PutRolePolicy', caller: 'app', times: 4, fault })
    await world.writer.write(world.prod, grant)

    expect((await world.roleState(grant.roleName))?.policies).toEqual({ daypass: grant.permissionPolicy })
    expect(world.slept.length).toBeGreaterThan(0)
  },
)

describe('writing again', () => {
  test('changes nothing', async () => {
    await world.writer.write(world.prod, grant)
    const before = world.changes()
    await world.writer.write(world.prod, grant, [])
    expect(world.changes()).toEqual(before)
  })

  test('changes nothing either where the role was not known to stand', async () => {
    await world.writer.write(world.prod, grant)
    const before = await world.roleState(grant.roleName)
    const told: string[] = []
    await world.writer.write(world.prod, grant, undefined, async (found) => void told.push(...found))
    expect(told).toEqual([])
    expect(await world.roleState(grant.roleName)).toEqual(before)
  })

  test.each([1, 2])('after the process died at call %i ends the same', async (call) => {
    await world.writer.write(world.prod, grant)
    const whole = await world.roleState(grant.roleName)
    for (const when of ['before', 'after'] as const) {
      const pull = when === 'before' ? 50 : 51
      const other = grantIn(world, { identity: { pull } })
      await expect(dyingWriter(world, call, when).write(world.prod, other)).rejects.toThrow('killed')
      await world.writer.write(world.prod, other)
      expect(await world.roleState(other.roleName)).toEqual({
        ...whole,
        arn: other.roleArn,
        description: other.description,
        tags: other.tags,
      })
    }
  })

  test('by two replicas at once makes one grant', async () => {
    await Promise.all([world.writer.write(world.prod, grant), world.writer.write(world.prod, grant)])
    expect((await world.roleState(grant.roleName))?.policies).toEqual({ daypass: grant.permissionPolicy })
  })
})

describe('a principal that AWS does not know', () => {
  const newcomers = () => {
    const arn = `arn:aws:iam::${world.prod.id}:role/newcomers`
    return grantIn(world, { principal: { kind: 'iam-role', arn } })
  }
  const of = { RoleName: 'newcomers' }
  const make = () =>
    world.admin.send(
      new CreateRoleCommand({ ...of, AssumeRolePolicyDocument: policyText(grant.trustPolicy) }),
    )

  test('is reported after some patience', async () => {
    const refusal = world.writer.write(world.prod, newcomers())
    await expect(refusal).rejects.toBeInstanceOf(PrincipalNotFound)
    await expect(refusal).rejects.toThrow(/Create that user or role, or mend who the person is/)
    expect(world.slept.length).toBeGreaterThan(2)
    expect(await world.roleState(newcomers().roleName)).toBeUndefined()
  })

  test('is waited for where it was only just made', async () => {
    const writer = createGrantWriter({ clients: world.clients, sleep: make, now: secondsOf(world.clock) })
    await writer.write(world.prod, newcomers())
    expect((await world.roleState(newcomers().roleName))?.trust).toEqual(newcomers().trustPolicy)
  })

  test('is not let in again under the same name after it was deleted', async () => {
    await make()
    await world.writer.write(world.prod, newcomers())
    await world.admin.send(new DeleteRoleCommand(of))
    await make()
    const before = await world.roleState(newcomers().roleName)
    await world.writer.write(world.prod, newcomers())
    expect(await world.roleState(newcomers().roleName)).toEqual(before)
    expect(JSON.stringify(before?.trust)).not.toContain('newcomers')
  })
})

describe('a refusal says what to do about it', () => {
  test('where the account does not let the app write', async () => {
    const boundary = `arn:aws:iam::${world.prod.id}:policy/Another`
    const refusal = world.writer.write({ ...world.prod, boundary }, { ...grant, boundary })
    await expect(refusal).rejects.toBeInstanceOf(ActionRefused)
    await expect(refusal).rejects.toThrow(
      /account prod \(111122223333\).*iam:CreateRole.*deploy\/account\.yaml/,
    )
  })

  test('where a quota of the account is used up', async () => {
    const fault = { kind: 'status', status: 409, code: 'LimitExceeded' } as const
    world.faults.order({ service: 'aws', action: 'iam:CreateRole', caller: 'app', fault })
    const refusal = world.writer.write(world.prod, grant)
    await expect(refusal).rejects.toBeInstanceOf(QuotaReached)
    await expect(refusal).rejects.toThrow(/A quota of account prod .* is used up/)
    const asked = world.calls.list().filter(({ target }) => target === 'iam:CreateRole')
    expect(asked, 'no try again will find room').toHaveLength(1)
  })
})

describe('outside its path the app touches nothing', () => {
  const trust = JSON.stringify(endedTrust(1, 'expired'))

  test('not a role of the same name under another path', async () => {
    await world.admin.send(
      new CreateRoleCommand({ RoleName: grant.roleName, Path: '/team/', AssumeRolePolicyDocument: trust }),
    )
    const before = await world.roleState(grant.roleName)
    await expect(world.writer.write(world.prod, grant)).rejects.toBeInstanceOf(RoleNotOurs)
    await world.writer.deny(world.prod, standingOf(grant), START, 'file-removed')
    await world.writer.remove(world.prod, standingOf(grant))
    expect(await world.roleState(grant.roleName)).toEqual(before)
  })

  test.each([
    ['under another path', { rolePath: '/team/' }],
    ['of another name', { roleName: 'DaypassAccountRole' }],
    ['of another account', { roleArn: 'arn:aws:iam::444455556666:role/daypass/rt/x' }],
  ])('not a role %s, whatever it is told', async (_, change) => {
    const forged = { ...grant, ...change }
    await expect(world.writer.write(world.prod, forged)).rejects.toBeInstanceOf(RoleNotOurs)
    const standing = { ...standingOf(grant), ...change }
    await expect(world.writer.deny(world.prod, standing, START, 'expired')).rejects.toBeInstanceOf(
      RoleNotOurs,
    )
    await expect(world.writer.remove(world.prod, standing)).rejects.toBeInstanceOf(RoleNotOurs)
    expect(world.calls.list()).toEqual([])
  })

  test('not an account of another repository', async () => {
    await expect(world.writer.write(world.analytics, grant)).rejects.toBeInstanceOf(RoleNotOurs)
  })
})
