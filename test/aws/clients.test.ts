import { setImmediate as breathe } from 'node:timers/promises'
import { PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AwsSettings, createAccountClients } from '../../src/aws/clients.ts'
import { AccountRoleRefused, ActionRefused, HubCredentialsRefused } from '../../src/aws/failures.ts'

import { createGrantReader } from '../../src/aws/grant-reader.ts'
import { listRoles } from '../../src/aws/list-roles.ts'

import { formatInstant } from '../../src/core/window.ts'
import { Unreadable } from '../../src/ports.ts'
import { type AwsWorld, REPOSITORY, secondsOf, startAwsWorld } from './aws-world.ts'
import { policy } from './s3-reads.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
let world: AwsWorld

beforeEach(async () => {
  world = await startAwsWorld()
})
afterEach(() => world.close())

function look(clients = world.clients, account = world.prod, repositoryId = REPOSITORY) {
  return clients.use(account, repositoryId, (iam) => listRoles(iam, '/daypass/'))
}

/** As the console's button does it: whoever signs in again is let in. */
const revokeSessions = () =>
  putOnAccountRole({ DateLessThan: { 'aws:TokenIssueTime': formatInstant(secondsOf(world.clock)()) } })

const denyEverything = () => putOnAccountRole({})

async function putOnAccountRole(condition: object): Promise<void> {
  const deny = { Effect: 'Deny', Action: '*', Resource: '*', Condition: condition }
  await world.admin.send(
    new PutRolePolicyCommand({
      RoleName: world.prod.role.split('/').at(-1),
      PolicyName: 'AWSRevokeOlderSessions',
      PolicyDocument: JSON.stringify(policy(deny)),
    }),
  )
}

function sessions(): number {
  return world.calls.list().filter(({ target }) => target === 'sts:AssumeRole').length
}

test('each account is reached through the role that it offers the app', async () => {
  expect(await look()).toEqual([])
  expect(await look(world.clients, world.analytics)).toEqual([])
})

test('a repository that the account does not lend to is refused, and the refusal says what to put where', async () => {
  const refusal = await look(world.clients, world.prod, 4242).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(AccountRoleRefused)
  expect(String(refusal)).toContain('account prod (111122223333)')
  expect(String(refusal)).toContain(world.prod.role)
  expect(String(refusal)).toContain('ExternalId daypass/4242')
})

test('an app that AWS does not know is told to mend its own credentials', async () => {
  const hubCredentials = { ...world.secrets.keys.hub, accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' }
  const refusal = look(createAccountClients({ ...world.settings, hubCredentials }))
  await expect(refusal).rejects.toBeInstanceOf(HubCredentialsRefused)
})

test('tasks at the same time share one session, and later ones do until shortly before it expires', async () => {
  await Promise.all([look(), look(), look()])
  world.clock.set(world.clock.now() + HOUR / 2)
  await look()
  expect(sessions()).toBe(1)
  world.clock.set(world.clock.now() + HOUR / 2)
  await Promise.all([look(), look(), look()])
  expect(sessions()).toBe(2)
})

test('repositories never share a session', async () => {
  await Promise.all([look(), look(world.clients, world.prod, REPOSITORY + 1)])
  expect(sessions()).toBe(2)
})

test('a session that turns out to have expired is thrown away and the task is run again', async () => {
  const stopped = world.clock.now()
  const clients = createAccountClients({ ...world.settings, now: () => stopped })
  await look(clients)
  world.clock.set(stopped + 2 * HOUR)
  expect(await look(clients)).toEqual([])
  expect(sessions()).toBe(2)
})

test('a session that somebody revoked is thrown away, and a lack of permission renews none twice', async () => {
  await look()
  world.clock.set(world.clock.now() + 5 * MINUTE)
  await revokeSessions()
  expect(await look()).toEqual([])
  expect(sessions()).toBe(2)

  await denyEverything()
  for (const _ of [1, 2]) await expect(look()).rejects.toBeInstanceOf(ActionRefused)
  expect(sessions(), 'the one of just now').toBe(2)
  world.clock.set(world.clock.now() + 5 * MINUTE)
  for (const _ of [1, 2]) await expect(look()).rejects.toBeInstanceOf(ActionRefused)
  expect(sessions()).toBe(3)
})

test('however many tasks there are, a few at once go to AWS', async () => {
  let [running, most] = [0, 0]
  const tasks = Array.from({ length: 40 }, () =>
    world.clients.use(world.prod, REPOSITORY, async () => {
      running += 1
      most = Math.max(most, running)
      await breathe()
      running -= 1
    }),
  )
  await Promise.all(tasks)
  expect([most, running]).toEqual([16, 0])
})

test.each([
  ['eu-central-1', 'sts.eu-central-1.amazonaws.com'],
  ['af-south-1', 'sts.us-east-1.amazonaws.com'],
  ['eu-central-2', 'sts.us-east-1.amazonaws.com'],
  ['cn-northwest-1', 'sts.cn-northwest-1.amazonaws.com.cn'],
  ['us-gov-east-1', 'sts.us-gov-east-1.amazonaws.com'],
])('for an account in %s it is %s that is asked', async (region, host) => {
  const asked: string[] = []
  const requestHandler: AwsSettings['requestHandler'] = {
    async handle({ hostname }: { readonly hostname: string }) {
      asked.push(hostname)
      throw new Error('no network')
    },
  }
  const { endpoint: _, ...settings } = world.settings
  const clients = createAccountClients({ ...settings, requestHandler })
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
  await expect(look(clients, { ...world.prod, region, partition })).rejects.toThrow('no network')
  expect(asked[0]).toBe(host)
})

test('a failure to get a session is not remembered', async () => {
  const { hub } = world.secrets.keys
  let hubCredentials = async (): Promise<typeof hub> => {
    throw new Error('the machine has no network yet')
  }
  const clients = createAccountClients({ ...world.settings, hubCredentials: () => hubCredentials() })
  await expect(look(clients)).rejects.toThrow('no network yet')
  hubCredentials = async () => hub
  expect(await look(clients)).toEqual([])
})

test('an AWS that can not be reached is unreadable, not empty', async () => {
  await world.close()
  const reader = createGrantReader({ clients: world.clients, onForeign: () => {} })
  await expect(reader.list(world.prod, REPOSITORY)).rejects.toBeInstanceOf(Unreadable)
})
