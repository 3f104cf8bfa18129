import { DeleteRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ActionRefused, GrantEnded } from '../../src/aws/failures.ts'
import { endedPolicy, endedTrust, type Grant, policyText } from '../../src/core/grant.ts'
import { HOUR, START } from '../core/grant-samples.ts'
import { type AwsWorld, dyingWriter, grantIn, standingOf, startAwsWorld } from './aws-world.ts'
import { denied, GRANTED, get, policy } from './s3-reads.ts'

let world: AwsWorld
let grant: Grant

beforeEach(async () => {
  world = await startAwsWorld()
  grant = grantIn(world)
})
afterEach(() => world.close())

describe('a denied grant', () => {
  const at = START + 60

  test('stops its sessions at once, lets nobody in, and tells why', async () => {
    await world.writer.write(world.prod, grant)
    const s3 = await world.s3For('alice', grant.roleArn)
    await world.writer.deny(world.prod, standingOf(grant), at, 'given-back')
    await expect(get(s3, GRANTED)).rejects.toEqual(denied)
    await expect(world.s3For('alice', grant.roleArn)).rejects.toEqual(denied)
    expect(await world.roleState(grant.roleName)).toMatchObject({
      trust: endedTrust(at, 'given-back'),
      policies: { 'daypass-ended': endedPolicy(at, 'given-back') },
    })
  })

  test('is denied although somebody took its boundary off', async () => {
    await world.writer.write(world.prod, grant)
    await world.stripBoundary(grant.roleName)
    await world.writer.deny(world.prod, standingOf(grant), at, 'file-removed')
    expect(await world.roleState(grant.roleName)).toMatchObject({
      boundary: world.prod.boundary,
      trust: endedTrust(at, 'file-removed'),
    })
  })

  test('is denied although others filled the role to the brim', async () => {
    await world.writer.write(world.prod, grant)
    const used = policyText(grant.permissionPolicy).length
    const filler = { Effect: 'Allow', Action: '*', Resource: '*', Condition: {} }
    const fill = (length: number) =>
      policy({ ...filler, Condition: { StringEquals: { 'aws:userid': 'x'.repeat(length) } } })
    const room = 10_240 - used - JSON.stringify(fill(0)).length
    await world.putPolicy(grant.roleName, 'filler', fill(room))
    await world.stripBoundary(grant.roleName)
    await world.writer.deny(world.prod, standingOf(grant), at, 'file-removed')
    expect(await world.roleState(grant.roleName)).toMatchObject({
      boundary: world.prod.boundary,
      trust: endedTrust(at, 'file-removed'),
      policies: { 'daypass-ended': endedPolicy(at, 'file-removed') },
    })
  })

  test('is at least emptied where it can not be denied', async () => {
    await world.writer.write(world.prod, grant)
    await world.attach(grant.roleName)
    const s3 = await world.s3For('alice', grant.roleArn)
    await world.stripBoundary(grant.roleName)
    const noBoundary = { ...world.prod, boundary: `arn:aws:iam::${world.prod.id}:policy/Deleted` }
    const refusal = world.writer.deny(noBoundary, standingOf(grant), at, 'file-removed')
    await expect(refusal).rejects.toBeInstanceOf(ActionRefused)
    expect(await world.roleState(grant.roleName)).toMatchObject({ policies: {}, attached: [] })
    await expect(get(s3, GRANTED)).rejects.toEqual(denied)
  })

  test('is never brought back by writing it again', async () => {
    await world.writer.write(world.prod, grant)
    await world.writer.deny(world.prod, standingOf(grant), at, 'given-back')
    const before = await world.roleState(grant.roleName)
    await expect(world.writer.write(world.prod, grant)).rejects.toBeInstanceOf(GrantEnded)
    expect(await world.roleState(grant.roleName)).toEqual(before)
  })

  test('is written to no more once it stands ended, unless somebody took its denial away', async () => {
    await world.writer.write(world.prod, grant)
    const end = { at, because: 'given-back' } as const
    await world.writer.deny(world.prod, standingOf(grant), end.at, end.because)
    const ended = await world.roleState(grant.roleName)
    const again = () =>
      world.writer.deny(world.prod, standingOf(grant, { kind: 'ended', ...end }), end.at, end.because)
    const changes = world.changes()
    await again()
    expect(world.changes()).toEqual(changes)
    const denial = { RoleName: grant.roleName, PolicyName: 'daypass-ended' }
    await world.admin.send(new DeleteRolePolicyCommand(denial))
    await again()
    expect(await world.roleState(grant.roleName)).toEqual(ended)
  })

  test.each([1, 2])('is ended in full although the process died at call %i of the denial', async (call) => {
    await world.writer.write(world.prod, grant)
    const denying = dyingWriter(world, call, 'after').deny(world.prod, standingOf(grant), at, 'given-back')
    await expect(denying).rejects.toThrow('killed')
    // The click that ended it is lost by now: what is left in IAM has to be enough.
    await expect(world.writer.write(world.prod, grant)).rejects.toBeInstanceOf(GrantEnded)
    expect(await world.roleState(grant.roleName)).toMatchObject({
      trust: endedTrust(at, 'given-back'),
      policies: { 'daypass-ended': endedPolicy(at, 'given-back') },
    })
  })

  test('need not exist any more', async () => {
    await world.writer.deny(world.prod, standingOf(grant), at, 'expired')
    expect(await world.roleState(grant.roleName)).toBeUndefined()
  })
})

describe('a removed grant', () => {
  test('is gone, with whatever others hung on it', async () => {
    await world.writer.write(world.prod, grant)
    await world.attach(grant.roleName)
    await world.putPolicy(grant.roleName, 'extra', grant.permissionPolicy)
    await world.stripBoundary(grant.roleName)
    await world.writer.remove(world.prod, standingOf(grant))
    expect(await world.roleState(grant.roleName)).toBeUndefined()
  })

  test('need not exist any more', async () => {
    await world.writer.remove(world.prod, standingOf(grant))
    expect(await world.roleState(grant.roleName)).toBeUndefined()
  })

  test.each([1, 2, 3, 4, 5, 6])('is gone although the process died at call %i', async (call) => {
    await world.writer.write(world.prod, grant)
    await world.writer.deny(world.prod, standingOf(grant), START + 4 * HOUR, 'expired')
    for (const when of ['before', 'after'] as const) {
      await dyingWriter(world, call, when)
        .remove(world.prod, standingOf(grant))
        .catch((error: Error) => expect(error.message).toBe('killed'))
    }
    await world.writer.remove(world.prod, standingOf(grant))
    expect(await world.roleState(grant.roleName)).toBeUndefined()
  })
})
