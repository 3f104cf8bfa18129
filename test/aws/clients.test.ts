import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAccountClients } from '../../src/aws/clients.ts'
import { AccountRoleRefused, HubCredentialsRefused } from '../../src/aws/failures.ts'

import { createGrantReader } from '../../src/aws/grant-reader.ts'
import { listRoles } from '../../src/aws/list-roles.ts'

import { Unreadable } from '../../src/ports.ts'
import { type AwsWorld, REPOSITORY, startAwsWorld } from './aws-world.ts'

const HOUR = 3_600_000
let world: AwsWorld

beforeEach(async () => {
  world = await startAwsWorld()
})
afterEach(() => world.close())

function look(clients = world.clients, account = world.prod, repositoryId = REPOSITORY) {
  return clients.use(account, repositoryId, (iam) => listRoles(iam, '/daypass/'))
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
