import { CreateUserCommand } from '@aws-sdk/client-iam'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PrincipalNotFound, RoleStillThere } from '../../src/aws/failures.ts'
import { createGrantWriter } from '../../src/aws/grant-writer.ts'
import type { Grant } from '../../src/core/grant.ts'
import type { GrantWriter } from '../../src/ports.ts'
import { START } from '../core/grant-samples.ts'
import { type AwsWorld, dyingWriter, grantIn, secondsOf, standingOf, startAwsWorld } from './aws-world.ts'
import { denied, GRANTED, get } from './s3-reads.ts'

const DELAY = 3000

let world: AwsWorld
let writer: GrantWriter
let grant: Grant

beforeEach(async () => {
  world = await startAwsWorld({ iamDelayMs: DELAY })
  grant = grantIn(world)
  // Waiting is what lets IAM follow.
  writer = createGrantWriter({
    clients: world.clients,
    sleep: async (pause) => wait(pause),
    now: secondsOf(world.clock),
  })
})
afterEach(() => world.close())

const wait = (milliseconds: number) => world.clock.set(world.clock.now() + milliseconds)
const whole = () => ({ trust: grant.trustPolicy, policies: { daypass: grant.permissionPolicy } })

describe('an IAM that is slow to follow', () => {
  test('takes a grant, which opens once it has followed', async () => {
    await writer.write(world.prod, grant)
    await expect(world.s3For('alice', grant.roleArn)).rejects.toEqual(denied)
    wait(DELAY)
    expect(await get(await world.s3For('alice', grant.roleArn), GRANTED)).toContain('Initech')
  })

  test.each([1, 2])('lets a grant be completed that was cut off after call %i', async (at) => {
    await expect(dyingWriter(world, at, 'after').write(world.prod, grant)).rejects.toThrow('killed')
    await writer.write(world.prod, grant)
    wait(DELAY)
    expect(await world.roleState(grant.roleName)).toMatchObject(whole())
  })

  test('lets two replicas write the same grant at once', async () => {
    await Promise.all([writer.write(world.prod, grant), writer.write(world.prod, grant)])
    wait(DELAY)
    expect(await world.roleState(grant.roleName)).toMatchObject(whole())
  })

  test('takes a principal that was only just made, and none that is not there', async () => {
    await world.admin.send(new CreateUserCommand({ UserName: 'nadia' }))
    const arn = `arn:aws:iam::${world.prod.id}:user/nadia`
    const forNadia = grantIn(world, { principal: { kind: 'iam-user', arn } })
    await writer.write(world.prod, forNadia)
    wait(DELAY)
    expect(await world.roleState(forNadia.roleName)).toMatchObject({ trust: forNadia.trustPolicy })
    const forNobody = grantIn(world, {
      identity: { pull: 99 },
      principal: { kind: 'iam-user', arn: `${arn}x` },
    })
    await expect(writer.write(world.prod, forNobody)).rejects.toBeInstanceOf(PrincipalNotFound)
  })

  test('closes a grant that was only just written, sessions in use too', async () => {
    await writer.write(world.prod, grant)
    wait(DELAY)
    const s3 = await world.s3For('alice', grant.roleArn)
    await writer.deny(world.prod, standingOf(grant), START, 'file-removed')
    expect(await get(s3, GRANTED)).toContain('Initech')
    wait(DELAY)
    await expect(get(s3, GRANTED)).rejects.toEqual(denied)
    await expect(world.s3For('alice', grant.roleArn)).rejects.toEqual(denied)
  })

  test('is waited for until a removed role is gone, and never believed before', async () => {
    await writer.write(world.prod, grant)
    wait(DELAY)
    const impatient = createGrantWriter({
      clients: world.clients,
      sleep: async () => {},
      now: secondsOf(world.clock),
    })
    await expect(impatient.remove(world.prod, standingOf(grant))).rejects.toBeInstanceOf(RoleStillThere)
    expect(await world.roleState(grant.roleName)).toBeDefined()
    wait(DELAY)
    await impatient.remove(world.prod, standingOf(grant))
    expect(await world.roleState(grant.roleName)).toBeUndefined()

    const again = grantIn(world, { identity: { pull: 98 } })
    await writer.write(world.prod, again)
    wait(DELAY)
    await writer.remove(world.prod, standingOf(again))
    expect(await world.roleState(again.roleName)).toBeUndefined()
  })
})
