import { CreateRoleCommand, GetRoleCommand, TagRoleCommand, UpdateRoleCommand } from '@aws-sdk/client-iam'
import { afterEach, expect, test } from 'vitest'
import { endedPolicy, endedTrust } from '../../src/core/grant.ts'
import { Unreadable } from '../../src/ports.ts'
import { type AwsWorld, grantIn, REPOSITORY, standingOf, startAwsWorld } from './aws-world.ts'

/** Lets everybody in. */
const OPEN = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
})

let world: AwsWorld
afterEach(() => world.close())

test('reads every grant of the repository, however short the pages are', async () => {
  world = await startAwsWorld({ longestPage: 2 })
  const grants = [1, 2, 3, 4, 5].map((pull) => grantIn(world, { identity: { pull } }))
  for (const grant of grants) await world.writer.write(world.prod, grant)
  await world.writer.write(world.prod, grantIn(world, { identity: { repositoryId: REPOSITORY + 1 } }))

  const standing = (await world.reader.list(world.prod, REPOSITORY)).grants
  const byName = (a: { roleName: string }, b: { roleName: string }) => (a.roleName < b.roleName ? -1 : 1)
  expect([...standing].sort(byName)).toEqual(
    grants.map((grant) => ({ ...standingOf(grant), trust: expect.any(String) })).sort(byName),
  )
})

test('reads when and why a grant ended', async () => {
  world = await startAwsWorld()
  const grant = grantIn(world)
  await world.writer.write(world.prod, grant)
  await world.writer.deny(world.prod, standingOf(grant), 1_795_512_000, 'file-removed')

  const end = { kind: 'ended', at: 1_795_512_000, because: 'file-removed' } as const
  const ended = { ...standingOf(grant, end), trust: expect.any(String) }
  expect(await world.reader.list(world.prod, REPOSITORY)).toEqual({ grants: [ended], strays: [] })
})

test('knows by its tags whose role it is whose description somebody changed', async () => {
  world = await startAwsWorld()
  const grant = grantIn(world)
  await world.writer.write(world.prod, grant)
  await world.admin.send(new UpdateRoleCommand({ RoleName: grant.roleName, Description: 'mine now' }))

  const altered = { ...standingOf(grant), blob: '', altered: true }
  expect(await world.reader.list(world.prod, REPOSITORY)).toEqual({ grants: [altered], strays: [] })
  expect(world.foreign.map(({ roleArn }) => roleArn)).toEqual([grant.roleArn])
})

test('takes a role for a stray whose tags speak of another request, and one that says nothing', async () => {
  world = await startAwsWorld()
  const grant = grantIn(world)
  await world.writer.write(world.prod, grant)
  const { roleName, rolePath } = grant
  await world.admin.send(new UpdateRoleCommand({ RoleName: roleName, Description: '' }))
  const Tags = [{ Key: 'daypass:pull', Value: '999' }]
  await world.admin.send(new TagRoleCommand({ RoleName: roleName, Tags }))
  await world.admin.send(
    new CreateRoleCommand({ RoleName: 'other', Path: rolePath, AssumeRolePolicyDocument: OPEN }),
  )

  const { grants, strays } = await world.reader.list(world.prod, REPOSITORY)
  expect(grants).toEqual([])
  expect(strays.map((stray) => stray.roleName)).toEqual([roleName, 'other'].sort())
})

test('a stray is denied once, and left alone from then on; none of another repository is touched', async () => {
  world = await startAwsWorld()
  const { rolePath } = grantIn(world)
  await world.admin.send(
    new CreateRoleCommand({ RoleName: 'other', Path: rolePath, AssumeRolePolicyDocument: OPEN }),
  )
  const [stray] = (await world.reader.list(world.prod, REPOSITORY)).strays
  if (stray === undefined) throw new Error('there is no stray')
  await expect(world.writer.denyStray(world.prod, REPOSITORY + 1, stray, 1)).rejects.toThrow('not the app')
  await world.writer.denyStray(world.prod, REPOSITORY, stray, 1_795_512_000)

  const { Role: role } = await world.admin.send(new GetRoleCommand({ RoleName: 'other' }))
  const trust = JSON.parse(decodeURIComponent(role?.AssumeRolePolicyDocument ?? ''))
  expect(trust).toEqual(endedTrust(1_795_512_000, 'role-altered'))
  expect(await world.reader.list(world.prod, REPOSITORY)).toEqual({ grants: [], strays: [] })
})

test('a stray in a folder below the path of the repository is denied like any other', async () => {
  world = await startAwsWorld()
  const { rolePath } = grantIn(world)
  await world.admin.send(
    new CreateRoleCommand({ RoleName: 'evil', Path: `${rolePath}x/`, AssumeRolePolicyDocument: OPEN }),
  )
  const [stray] = (await world.reader.list(world.prod, REPOSITORY)).strays
  if (stray === undefined) throw new Error('there is no stray')
  await world.writer.denyStray(world.prod, REPOSITORY, stray, 1_795_512_000)

  expect(await world.roleState('evil')).toMatchObject({
    trust: endedTrust(1_795_512_000, 'role-altered'),
    policies: { 'daypass-ended': endedPolicy(1_795_512_000, 'role-altered') },
  })
  expect(await world.reader.list(world.prod, REPOSITORY)).toEqual({ grants: [], strays: [] })
})

test('a stray that says that it is ended is one until it denies everything', async () => {
  world = await startAwsWorld()
  const { rolePath } = grantIn(world)
  const AssumeRolePolicyDocument = JSON.stringify(endedTrust(1_795_512_000, 'role-altered'))
  await world.admin.send(
    new CreateRoleCommand({ RoleName: 'other', Path: rolePath, AssumeRolePolicyDocument }),
  )
  const [stray] = (await world.reader.list(world.prod, REPOSITORY)).strays
  if (stray === undefined) throw new Error('there is no stray')
  await world.writer.denyStray(world.prod, REPOSITORY, stray, 1_795_512_060)

  expect(await world.roleState('other')).toMatchObject({
    policies: { 'daypass-ended': endedPolicy(1_795_512_060, 'role-altered') },
  })
  expect(await world.reader.list(world.prod, REPOSITORY)).toEqual({ grants: [], strays: [] })
})

test('a refused read is unreadable, not empty, and names the account', async () => {
  world = await startAwsWorld()
  const refusal = await world.reader.list(world.prod, 4242).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(Unreadable)
  expect(String(refusal)).toContain('the roles of account prod (111122223333)')
})

test('tells whether the boundary that is installed lets a grant do what it is to do', async () => {
  world = await startAwsWorld()
  const within = (sample?: Parameters<typeof grantIn>[1]) =>
    world.reader.isWithinBoundary(world.prod, grantIn(world, sample))
  expect(await within()).toBe(true)
  expect(await within({ request: { prefixes: [] } })).toBe(true)
  expect(await within({ identity: { path: 'access-requests/prod/not-lent/alice.yaml' } })).toBe(false)
  expect(await within({ kmsKey: `arn:aws:kms:eu-central-1:${world.prod.id}:key/not-lent` })).toBe(false)
})

test('does not know that of a boundary that is not there', async () => {
  world = await startAwsWorld()
  const boundary = `arn:aws:iam::${world.prod.id}:policy/Gone`
  expect(await world.reader.isWithinBoundary(world.prod, { ...grantIn(world), boundary })).toBeUndefined()
})
