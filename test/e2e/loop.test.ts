import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Call } from '../../src/sandbox/calls.ts'
import { named } from '../../src/sandbox/tour-people.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const NOVEMBER = 'exports/2026/11/orders.csv'

let world: TestWorld
let repository: string
let request: MergedRequest

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.protected
  request = await world.grant({ login: 'alice' }, repository, `${FOLDER}/alice-1.yaml`, requestYaml({}))
  // One that waits for its approval, and one that was refused.
  await world.openRequest('alice', repository, `${FOLDER}/alice-2.yaml`, requestYaml({}))
  const { unprotected } = world.repositories
  await world.merge(
    'alice',
    await world.openRequest('alice', unprotected, `${FOLDER}/no.yaml`, requestYaml({})),
  )
  await world.settled()
})

beforeEach(() => world.clearCalls())

afterAll(() => world.close())

async function callsOfApp(): Promise<readonly Call[]> {
  return (await world.calls()).filter(
    ({ caller, target }) => caller === 'app' && !target.includes('/access_tokens'),
  )
}

/** What the app changed anywhere. */
async function writes(): Promise<string[]> {
  return (await callsOfApp())
    .filter(({ service, method, target }) =>
      service === 'github' ? method !== 'GET' : !/^(iam:(List|Get)|sts:)/.test(target),
    )
    .map(({ method, target }) => `${method} ${target}`)
}

test('a sweep over a world in order changes nothing', async () => {
  await world.advance('6m')
  await world.settled()

  expect((await callsOfApp()).length).toBeGreaterThan(0)
  expect(await writes()).toEqual([])
})

test('a push that has nothing to do with access changes nothing', async () => {
  await world.commit('root', repository, 'notes', { 'NOTES.md': 'Nothing here\n' })
  await world.commit('mallory', world.repositories.unprotected, 'main', { 'NOTES.md': 'Nothing here\n' })
  await world.settled()

  expect((await callsOfApp()).length).toBeGreaterThan(0)
  expect(await writes()).toEqual([])
})

test('starting again with active grants changes nothing', async () => {
  await world.app('kill')
  await world.app('start')
  await world.settled()

  expect((await callsOfApp()).length).toBeGreaterThan(0)
  expect(await writes()).toEqual([])
  expect(await world.readAs('alice', request, 'customer-exports', NOVEMBER)).toMatchObject({
    kind: 'allowed',
  })
})

test('what is known already is asked of GitHub without cost', async () => {
  await world.advance('6m')
  await world.settled()
  await world.clearCalls()
  await world.advance('6m')
  await world.settled()
  // The app's own list of deliveries counts against a limit of its own.
  const asked = (await callsOfApp()).filter(
    ({ service, target }) => service === 'github' && !target.startsWith('/api/v3/app/hook/deliveries'),
  )

  expect(asked.length).toBeGreaterThan(0)
  expect(
    asked.filter(({ status }) => status !== 304).map(({ target, status }) => `${status} ${target}`),
  ).toEqual([])
})

test('many webhooks at once make few looks', async () => {
  const at = named(repository)
  const { data } = await world.github('root').git.getRef({ ...at, ref: 'heads/main' })
  const { sha } = data.object
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      world.github('root').git.createRef({ ...at, ref: `refs/heads/many-${index}`, sha }),
    ),
  )
  await world.settled()
  const deliveries = world.exchanges.filter(
    (exchange) => exchange.kind === 'webhook' && JSON.stringify(exchange.payload).includes('many-'),
  )
  const looks = (await callsOfApp()).filter(({ target }) =>
    target.endsWith(`/repos/${repository}/pulls?state=open&per_page=100`),
  )

  expect(deliveries.length).toBeGreaterThanOrEqual(40)
  expect(looks.length).toBeLessThan(deliveries.length / 2)
})

test('an end is not missed although no webhook tells of it', async () => {
  await world.setClock(new Date(request.mergedAt + 4 * 3_600_000).toISOString())
  await world.settled()

  expect(await world.roles()).toEqual([])
  await world.clearCalls()
  await world.advance('6m')
  await world.settled()
  expect(await writes()).toEqual([])
})
