import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const PATH = 'access-requests/prod/customer-exports/alice-inc-4211.yaml'
const KEY = 'exports/2026/11/orders.csv'

let world: TestWorld

beforeAll(async () => {
  world = await startWorld()
})

afterAll(() => world.close())

test('moves the time of app, GitHub and AWS together, from the grant to after its end', async () => {
  const { protected: repository } = world.repositories
  const request = await world.grant({ login: 'alice' }, repository, PATH, requestYaml({ duration: '4h' }))
  expect(await world.readAs('alice', request, 'customer-exports', KEY)).toMatchObject({ kind: 'allowed' })
  expect(await world.readAs('mallory', request, 'customer-exports', KEY)).toMatchObject({ kind: 'denied' })

  await world.advance('3h59m')
  await world.settled()
  expect(await world.readAs('alice', request, 'customer-exports', KEY)).toMatchObject({ kind: 'allowed' })

  const role = (await world.roleOf(request)) ?? ''
  const session = await world.assume('alice', role)
  await world.clearCalls()
  await world.advance('2m')
  await world.settled()

  expect(
    session.kind === 'allowed' && (await world.read(session.value, 'customer-exports', KEY).catch(String)),
  ).toMatch(/InvalidAccessKeyId|AccessDenied/)
  expect(await world.roles()).toEqual([])
  expect(await world.reverts(repository)).toMatchObject([{ state: 'closed', merged_at: expect.any(String) }])
  const calls = await world.calls()
  expect(calls.filter(({ caller }) => caller === 'app').map(({ target }) => target)).toContain(
    'iam:DeleteRole',
  )
})

test('keeps a grant through a restart of the app', async () => {
  const { unprotected: repository } = world.repositories
  const request = await world.grant({ login: 'alice', approver: 'oscar' }, repository, PATH, requestYaml({}))

  await world.app('kill')
  await world.app('start')
  await world.settled()

  expect(await world.readAs('alice', request, 'customer-exports', KEY)).toMatchObject({ kind: 'allowed' })
  expect(await world.roles()).toEqual([await world.roleOf(request)])
})
