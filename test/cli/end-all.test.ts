import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Grant } from '../../src/core/grant.ts'
import { type AwsWorld, grantIn, startAwsWorld } from '../aws/aws-world.ts'
import { denied, GRANTED, get } from '../aws/s3-reads.ts'
import { ANALYTICS } from '../core/grant-samples.ts'
import { type Ran, runAlone, runCli } from './run-cli.ts'

let world: AwsWorld
let folder: string
let grants: readonly Grant[]

beforeAll(async () => {
  world = await startAwsWorld()
  folder = await mkdtemp(join(tmpdir(), 'daypass-end-all-'))
  await writeFile(join(folder, 'operator.yml'), operatorFile())
  const path = 'access-requests/prod/customer-exports/bob.yaml'
  grants = [grantIn(world), grantIn(world, { identity: { path, pull: 13 } })]
  for (const grant of grants) await world.writer.write(world.prod, grant)
})
afterAll(async () => {
  await world.close()
  await rm(folder, { recursive: true })
})

const operatorFile = () => `repositories:
  - id: ${grantIn(world).identity.repositoryId}
    name: acme/access
    trusted_commit: 4b825dc642cb6eb9a060e54bf8d69288fbee4904
    accounts:
      prod:
        id: "${world.prod.id}"
        region: ${world.prod.region}
        role: ${world.prod.role}
        boundary: ${world.prod.boundary}
      analytics:
        id: "${ANALYTICS.id}"
        region: ${ANALYTICS.region}
        role: ${ANALYTICS.role}
        boundary: ${ANALYTICS.boundary}
`

const endAll = (...args: string[]) => endAllAs('hub', args)

function endAllAs(person: 'hub' | 'alice', args: readonly string[], run = runCli): Promise<Ran> {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = world.secrets.keys[person]
  return run(['end-all', '--operator', 'operator.yml', ...args], {
    cwd: folder,
    env: {
      AWS_ENDPOINT_URL: world.settings.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    },
  })
}

test('ends nothing before somebody says what, and confirms it', async () => {
  expect(await endAll('--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('--repository') })
  const asked = await endAll('--account', 'prod')
  expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
  for (const { identity } of grants) expect(asked.stdout).toContain(identity.path)
  expect(await endAll('--account', 'staging', '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('acme/access (1001) with prod'),
  })
  const s3 = await world.s3For('alice', grants[0]?.roleArn ?? '')
  expect(await get(s3, GRANTED)).toBeDefined()
})

test('takes the number of a repository for its name', async () => {
  const id = String(grantIn(world).identity.repositoryId)
  const asked = await endAll('--repository', id, '--account', 'prod')

  for (const { identity } of grants) expect(asked.stdout).toContain(identity.path)
  expect(await endAll('--repository', `${id}1`)).toMatchObject({ code: 2, stdout: '' })
})

test('ends every grant of an account from AWS alone, sessions in use included, and for good', async () => {
  const s3 = await world.s3For('alice', grants[0]?.roleArn ?? '')
  const ended = await endAllAs('hub', ['--account', 'prod', '--yes', '--json'], runAlone)

  expect(ended.code).toBe(0)
  expect(
    ended
      .json<{ ended: readonly { role: string }[] }>()
      .ended.map(({ role }) => role)
      .sort(),
  ).toEqual(grants.map(({ roleArn }) => roleArn).sort())
  await expect(get(s3, GRANTED)).rejects.toEqual(denied)
  for (const grant of grants) {
    await expect(world.s3For('alice', grant.roleArn)).rejects.toEqual(denied)
    // What the app would do if it ran on: the tombstone keeps it from granting anew.
    await expect(world.writer.write(world.prod, grant)).rejects.toThrow('ended-by-operator')
  }
  const { grants: standing } = await world.reader.list(world.prod, grantIn(world).identity.repositoryId)
  expect(standing.map(({ state }) => state.kind)).toEqual(['ended', 'ended'])
})

test('ends the rest where one account can not be reached, and says what could not', async () => {
  const grant = grantIn(world, { identity: { pull: 14 } })
  await world.writer.write(world.prod, grant)
  const ended = await endAll('--repository', 'acme/access', '--yes')

  expect(ended.code).toBe(3)
  expect(ended.stdout).toContain('Ended 1 of 1')
  expect(ended.stdout).toContain(
    'Could not look at acme/access in analytics: whatever is lent there goes on.',
  )
  expect(ended.stderr).toContain('acme/access in analytics')
  await expect(world.s3For('alice', grant.roleArn)).rejects.toEqual(denied)
})

test('never says that nothing is lent where it could not look', async () => {
  const ended = await endAllAs('alice', ['--account', 'prod', '--yes'])
  const told = await endAllAs('alice', ['--account', 'prod', '--yes', '--json'])

  expect([ended.code, told.code]).toEqual([3, 3])
  expect(ended.stdout).toBe('Could not look at acme/access in prod: whatever is lent there goes on.\n')
  expect(ended.stderr).toContain('run it with the credentials of the hub role')
  expect(ended.stderr).not.toContain('Run it again')
  expect(told.json()).toMatchObject({ ended: [], failed: [{ where: 'acme/access in prod' }] })
})

test('has nothing to do the second time', async () => {
  expect(await endAll('--account', 'prod')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing is lent there'),
  })
})

test('ends in full what stands ended already, where somebody took its denial away', async () => {
  const [{ roleName: RoleName = '' } = {}] = grants
  const ended = await world.roleState(RoleName)
  await world.admin.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'daypass-ended' }))
  expect(await endAll('--account', 'prod')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Made sure of 3 of 3 that stood ended already.'),
  })
  expect(await world.roleState(RoleName)).toEqual(ended)
})
