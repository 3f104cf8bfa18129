import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const PATH = `${FOLDER}/alice-2.yaml`

let world: TestWorld
let repository: string
/** Granted before anything happened to CODEOWNERS. */
let standing: MergedRequest

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.unprotected
  const yaml = requestYaml({ duration: '1h' })
  standing = await world.grant({ login: 'alice' }, repository, `${FOLDER}/alice-1.yaml`, yaml)
})

afterAll(() => world.close())

test('nothing is granted under a CODEOWNERS that somebody pushed past its owners, and the app says so aloud', async () => {
  const owners = { '.github/CODEOWNERS': '* @acme/data-owners\n/access-requests/ @mallory\n' }
  await world.commit('mallory', repository, 'main', owners)
  const request = await world.openRequest('alice', repository, PATH, requestYaml({}))
  await world.settled()
  const preview = await world.requestCheck(request)
  await world.approve('mallory', request)
  const merged = await world.mergeAs('mallory', request, 'merge')
  await world.settled()

  expect(await world.roles()).toEqual([await world.roleOf(standing)])
  expect(preview).toMatchObject({ conclusion: 'failure' })
  expect(preview?.output.summary).toContain('trust-root-broken')
  const comment = await world.comment(merged)
  expect(comment).toContain('**Not granted yet.**')
  expect(comment).toContain('.github/CODEOWNERS was not changed by a merged pull request')
  expect(await world.grantCheck(merged)).toMatchObject({ status: expect.not.stringMatching('completed') })
})

test('it is not a refusal: the file stays, and no revert pull request is opened', async () => {
  expect(await world.fileOnMain(repository, PATH)).toBe(requestYaml({}))
  expect(await world.reverts(repository)).toEqual([])
})

test('an access that stands already goes on, and ends at its end', async () => {
  const key = 'exports/2026/11/orders.csv'
  expect(await world.readAs('alice', standing, 'customer-exports', key)).toMatchObject({ kind: 'allowed' })
  await world.setClock(new Date(standing.mergedAt + 3_600_000).toISOString())
  await world.settled()

  expect(await world.roles()).toEqual([])
  expect(await world.comment(standing)).toContain('**Access ended at')
})
