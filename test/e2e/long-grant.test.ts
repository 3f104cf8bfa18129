import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseReceipt } from '../../src/core/receipt.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

/** GitHub completes by itself a check that is open for longer than two weeks. */
const DAYS = 86_400_000
const FOLDER = 'access-requests/prod/customer-exports'
const KEY = 'exports/2026/11/orders.csv'
const RULES = '.github/daypass.yml'

let world: TestWorld
let repository: string

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.unprotected
  const rules = (await world.fileOnMain(repository, RULES)) ?? ''
  const longer = rules.replace('max_duration: 12h', 'max_duration: 30d')
  await world.land(repository, { branch: 'longer', files: { [RULES]: longer } })
})

afterAll(() => world.close())

const grant = (name: string, fields: Parameters<typeof requestYaml>[0]) =>
  world.grant({ login: 'alice' }, repository, `${FOLDER}/${name}.yaml`, requestYaml(fields))

async function pass(milliseconds: number): Promise<void> {
  await world.setClock(new Date((await world.now()) + milliseconds).toISOString())
  await world.settled()
}

async function stateOf(request: MergedRequest) {
  const check = await world.grantCheck(request)
  const page = `${world.ready.github.url}/${repository}/runs/${check?.id}/actions`
  const { data } = await world.github('alice').request(`GET ${page}`)
  return {
    state: check?.external_id?.split(':')[0],
    conclusion: check?.conclusion,
    buttons: data.actions.map(({ label }: { readonly label: string }) => label),
  }
}

const STANDS = { state: 'granted', conclusion: 'neutral', buttons: ['End access now'] }
const ENDED = { state: 'ended', conclusion: 'neutral', buttons: [] }
const reads = async (request: MergedRequest) =>
  (await world.readAs('alice', request, 'customer-exports', KEY)).kind

/** Its comment names no role any more. */
async function expectEnded(request: MergedRequest, role: string | undefined, check: object): Promise<void> {
  expect((await world.assume('alice', role ?? '')).kind).toBe('denied')
  expect(await stateOf(request)).toEqual(check)
  expect(await world.comment(request)).toContain('because its window is over')
  expect(await world.roles()).toEqual([])
  const [receipt = ''] = await world.removals(repository, request.path)
  expect(parseReceipt(receipt)).toMatchObject({ endedBecause: 'expired' })
}

test('access of twenty days keeps its button all the time, and its end is on record', async () => {
  const request = await grant('twenty-days', { duration: '20d' })
  expect(await stateOf(request)).toEqual(STANDS)
  const check = await world.grantCheck(request)
  expect(await world.comment(request)).toContain(`(${check?.html_url})`)
  await pass(15 * DAYS)
  expect(await reads(request)).toBe('allowed')
  expect(await stateOf(request)).toEqual(STANDS)

  const role = await world.roleOf(request)
  await pass(5 * DAYS)
  await expectEnded(request, role, ENDED)
})

test('access that starts in twenty days can be given back while it waits, opens, and its end is on record', async () => {
  const start = new Date((await world.now()) + 20 * DAYS).toISOString().replace(/\.\d+Z$/, 'Z')
  const request = await grant('waits', { start, duration: '2d' })
  await pass(15 * DAYS)
  expect(await reads(request)).toBe('denied')
  expect(await stateOf(request)).toEqual(STANDS)
  await pass(6 * DAYS)
  expect(await reads(request)).toBe('allowed')

  const role = await world.roleOf(request)
  await pass(1 * DAYS)
  await expectEnded(request, role, ENDED)
})

test('what AWS has no room for during two weeks is granted then, and its end is on record', async () => {
  const setQuota = (rolesQuota: number) =>
    fetch(`${world.ready.control.url}/iam`, { method: 'POST', body: JSON.stringify({ rolesQuota }) })
  await setQuota(0)
  const request = await grant('no-room', { duration: '20d' })
  expect(await stateOf(request)).toEqual({ state: 'approved', conclusion: null, buttons: [] })
  await pass(15 * DAYS)
  expect(await stateOf(request)).toEqual({ state: 'approved', conclusion: 'stale', buttons: [] })

  await setQuota(1000)
  await pass(10 * 60_000)
  expect(await reads(request)).toBe('allowed')
  expect(await stateOf(request)).toEqual({ ...STANDS, conclusion: 'stale' })
  const role = await world.roleOf(request)
  await pass(5 * DAYS)
  await expectEnded(request, role, { ...ENDED, conclusion: 'stale' })
})
