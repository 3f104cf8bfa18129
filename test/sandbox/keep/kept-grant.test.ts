import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../../support/world.ts'

const PATH = 'access-requests/prod/customer-exports/alice-inc-4211.yaml'
const KEY = 'exports/2026/11/orders.csv'

let dataDir: string
let request: MergedRequest
let world: TestWorld

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'daypass-kept-'))
  const before = await startWorld({ dataDir })
  const { protected: repository } = before.repositories
  request = await before.grant({ login: 'alice' }, repository, PATH, requestYaml({ duration: '4h' }))
  await before.advance('3h')
  await before.close()
})
afterAll(async () => {
  await world.close()
  await rm(dataDir, { recursive: true })
})

test('a grant outlasts a restart of the whole sandbox, and ends on time', async () => {
  world = await startWorld({ dataDir })
  await world.settled()
  expect(await world.readAs('alice', request, 'customer-exports', KEY)).toMatchObject({ kind: 'allowed' })
  expect((await world.grantCheck(request))?.conclusion).toBe('neutral')
  const role = await world.roleOf(request)

  await world.advance('61m')
  await world.settled()

  expect(await world.assume('alice', String(role))).toMatchObject({ kind: 'denied' })
  expect(await world.roles()).toEqual([])
  expect(await world.fileOnMain(request.repository, PATH)).toBeUndefined()
})
