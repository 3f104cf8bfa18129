import { CreateRoleCommand, UpdateRoleCommand } from '@aws-sdk/client-iam'
import { afterEach, expect, test } from 'vitest'
import { endedTrust } from '../../src/core/grant.ts'
import { Unreadable } from '../../src/ports.ts'
import { type AwsWorld, grantIn, REPOSITORY, standingOf, startAwsWorld } from './aws-world.ts'

let world: AwsWorld
afterEach(() => world.close())

test('reads every grant of the repository, however short the pages are', async () => {
  world = await startAwsWorld({ longestPage: 2 })
  const grants = [1, 2, 3, 4, 5].map((pull) => grantIn(world, { identity: { pull } }))
  for (const grant of grants) await world.writer.write(world.prod, grant)
  await world.writer.write(world.prod, grantIn(world, { identity: { repositoryId: REPOSITORY + 1 } }))

  const standing = await world.reader.list(world.prod, REPOSITORY)
  const byName = (a: { roleName: string }, b: { roleName: string }) => (a.roleName < b.roleName ? -1 : 1)
  expect([...standing].sort(byName)).toEqual(grants.map((grant) => standingOf(grant)).sort(byName))
})

test('reads when and why a grant ended', async () => {
  world = await startAwsWorld()
  const grant = grantIn(world)
  await world.writer.write(world.prod, grant)
  await world.writer.deny(world.prod, standingOf(grant), 1_795_512_000, 'file-removed')

  const ended = standingOf(grant, { kind: 'ended', at: 1_795_512_000, because: 'file-removed' })
  expect(await world.reader.list(world.prod, REPOSITORY)).toEqual([ended])
})

test('tells of roles under the path that the app did not write like this, and leaves them out', async () => {
  world = await startAwsWorld()
  const grant = grantIn(world)
  await world.writer.write(world.prod, grant)
  await world.admin.send(new UpdateRoleCommand({ RoleName: grant.roleName, Description: 'mine now' }))
  const trust = JSON.stringify(endedTrust(1, 'expired'))
  await world.admin.send(
    new CreateRoleCommand({ RoleName: 'other', Path: grant.rolePath, AssumeRolePolicyDocument: trust }),
  )

  expect(await world.reader.list(world.prod, REPOSITORY)).toEqual([])
  expect(world.foreign.map(({ roleArn }) => roleArn)).toEqual([
    grant.roleArn,
    grant.roleArn.replace(grant.roleName, 'other'),
  ])
})

test('a refused read is unreadable, not empty, and names the account', async () => {
  world = await startAwsWorld()
  const refusal = await world.reader.list(world.prod, 4242).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(Unreadable)
  expect(String(refusal)).toContain('the roles of account prod (111122223333)')
})
