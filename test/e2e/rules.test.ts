import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { named } from '../../src/sandbox/tour-people.ts'
import { type Check, type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const NOVEMBER = 'exports/2026/11/orders.csv'
const RULES = '.github/daypass.yml'

let world: TestWorld
/** Here owners can merge what the app's check refuses. */
let repository: string
let rules: string
let standing: MergedRequest

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.unprotected
  rules = (await world.fileOnMain(repository, RULES)) ?? ''
  standing = await grant('standing', '4h')
})

afterAll(() => world.close())

const grant = (name: string, duration: string) =>
  world.grant({ login: 'alice' }, repository, `${FOLDER}/${name}.yaml`, requestYaml({ duration }))

const setRules = (branch: string, text: string) =>
  world.land(repository, { branch, files: { [RULES]: text } })

const reads = async (request: MergedRequest) =>
  (await world.readAs('alice', request, 'customer-exports', NOVEMBER)).kind

/** `Daypass / rules` on every commit of main. */
async function brokenRulesChecks(): Promise<Check[]> {
  const { data } = await world.github('root').repos.listCommits({ ...named(repository), per_page: 100 })
  const found = await Promise.all(data.map(({ sha }) => world.check(repository, sha, 'Daypass / rules')))
  return found.filter((check) => check !== undefined)
}

describe('paused', () => {
  let waiting: MergedRequest

  beforeAll(async () => {
    await setRules('pause', rules.replace('paused: false', 'paused: true'))
    waiting = await grant('while-paused', '4h')
  })

  test('nothing new is granted, and the comment says why', async () => {
    expect(await world.roles()).toEqual([await world.roleOf(standing)])
    expect(await world.comment(waiting)).toContain('(`paused`)')
    expect(await world.grantCheck(waiting)).toMatchObject({ status: 'queued' })
    expect(await world.revertOf(waiting)).toBeUndefined()
  })

  test('what stands goes on', async () => {
    expect(await reads(standing)).toBe('allowed')
  })

  test('what waited is granted when it is taken out', async () => {
    await setRules('go-on', rules)

    expect(await reads(waiting)).toBe('allowed')
  })
})

describe('broken', () => {
  let broken: MergedRequest
  let waiting: MergedRequest

  beforeAll(async () => {
    broken = await setRules('break', rules.replaceAll('max_duration', 'max'))
    // Longer than what stands, whose end is waited for before the rules are mended.
    waiting = await grant('while-broken', '8h')
  })

  test('nothing new is granted, and nothing is refused for it', async () => {
    expect(await world.comment(waiting)).toContain('(`rules-broken`)')
    expect(await world.roleOf(waiting)).toBeUndefined()
    expect(await world.revertOf(waiting)).toBeUndefined()
  })

  test('it is reported once, on the commit that broke them, with each problem on its line', async () => {
    await world.app('kill')
    await world.app('start')
    await world.settled()
    const checks = await brokenRulesChecks()

    expect(checks).toMatchObject([{ head_sha: broken.head, conclusion: 'failure' }])
    expect(checks[0]?.output.annotations_count).toBeGreaterThanOrEqual(3)
  })

  test('what stands ends at its end all the same', async () => {
    const role = (await world.roleOf(standing)) ?? ''
    await world.setClock(new Date(standing.mergedAt + 4 * 3_600_000).toISOString())
    await world.settled()

    expect(await world.fileOnMain(repository, standing.path)).toBeUndefined()
    expect(await world.role(role)).toBeUndefined()
    expect(await world.comment(standing)).toContain('**Access ended at')
  })

  test('what waited for them to be mended is judged then', async () => {
    const late = await grant('late', '4h')
    await setRules('mend', rules)

    expect(await reads(late)).toBe('allowed')
    expect(await reads(waiting)).toBe('allowed')
  })
})
