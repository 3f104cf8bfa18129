import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { named } from '../../src/sandbox/tour-people.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'

describe("GitHub's rate limit", () => {
  let world: TestWorld
  beforeAll(async () => {
    world = await startWorld()
  })
  afterAll(() => world.close())

  const ask = (name: string) =>
    world.openRequest('alice', world.repositories.unprotected, `${FOLDER}/${name}.yaml`, requestYaml({}))
  const refused = async () =>
    (await world.calls()).filter(
      ({ service, target, status }) =>
        service === 'github' && target.startsWith('/api/v3/repos/') && (status === 403 || status === 429),
    )

  test.each([
    { fault: { kind: 'throttle', status: 429 }, wait: '61m' },
    { fault: { kind: 'secondary-limit', retryAfter: 900 }, wait: '16m' },
  ] as const)(
    'once it is used up ($fault.kind), nothing is asked before the time that was told, and all goes on then',
    async ({ fault, wait }) => {
      await world.settled()
      await world.order({ service: 'github', caller: 'app', fault })
      await world.clearCalls()
      const request = await ask(`limited-${fault.kind}`)
      await world.settled()
      const first = (await refused()).length
      await world.advance('5m')
      await world.settled()

      expect(first).toBeGreaterThan(0)
      expect((await refused()).length).toBe(first)
      await world.clearFaults()
      await world.advance(wait)
      await world.settled()
      expect(await world.requestCheck(request)).toMatchObject({ conclusion: 'success' })
    },
  )

  test('does not keep the app from ending what IAM alone can end', async () => {
    const request = await world.grant(
      { login: 'alice' },
      world.repositories.unprotected,
      `${FOLDER}/ends.yaml`,
      requestYaml({ duration: '30m' }),
    )
    const role = (await world.roleOf(request)) ?? ''
    await world.order({ service: 'github', caller: 'app', fault: { kind: 'throttle' } })
    await world.advance('30m')
    await world.settled()

    expect(JSON.stringify((await world.role(role))?.trust)).toContain('Expired')
    await world.clearFaults()
    await world.advance('61m')
    await world.settled()
    expect(await world.role(role)).toBeUndefined()
  })
})

describe('a grant that can not be removed after its end', () => {
  let world: TestWorld
  beforeAll(async () => {
    world = await startWorld()
  })
  afterAll(() => world.close())

  const metric = async () => (await fetch(`${world.ready.app.url}/metrics`)).text()
  const issues = async () => {
    const listed = await world
      .github('root')
      .issues.listForRepo({ ...named(world.repositories.unprotected), state: 'all' })
    return listed.data.filter(({ pull_request }) => !pull_request)
  }
  const alarms = async () =>
    (await world.appLog()).split('\n').filter((line) => line.includes('"alarm":"grant-not-removed"'))

  test('is tried for ever and shouted about, though AWS lets nobody in, until it is gone', async () => {
    const { unprotected } = world.repositories
    const request = await world.grant(
      { login: 'alice' },
      unprotected,
      `${FOLDER}/stays.yaml`,
      requestYaml({ duration: '30m' }),
    )
    const role = (await world.roleOf(request)) ?? ''
    const refuse = { kind: 'status', status: 403, code: 'AccessDenied' }
    await world.order({ service: 'aws', caller: 'app', action: 'iam:DeleteRole', fault: refuse })
    await world.advance('30m')
    await world.settled()
    expect(await alarms()).toEqual([])
    expect(await world.assume('alice', role)).toMatchObject({ kind: 'denied' })
    await world.advance('11m')
    await world.settled()

    const [alarm = '{}'] = await alarms()
    expect(JSON.parse(alarm)).toMatchObject({
      level: 50,
      repository: 1002,
      role,
      path: request.path,
      pull: request.pull,
      denied: true,
    })
    expect(await metric()).toContain('daypass_grants_not_removed{repository="1002"} 1\n')
    expect(await metric()).toContain('daypass_grants_not_removed{repository="1001"} 0\n')

    expect(await issues()).toMatchObject([
      {
        state: 'open',
        title: 'Access that is over could not be removed from AWS',
        user: { type: 'Bot' },
        body: expect.stringContaining(`- #${request.pull}: \`${request.path}\`, over since`),
      },
    ])
    const unread = { kind: 'status', status: 400, code: 'OutOfOrder' }
    await world.order({ service: 'aws', caller: 'app', action: 'iam:ListRoles', fault: unread })
    await world.advance('1m')
    await world.settled()
    expect(await metric()).toContain('daypass_grants_not_removed{repository="1002"} 1\n')
    await world.app('kill')
    await world.app('start')
    await world.settled()
    expect(await issues()).toMatchObject([{ state: 'open' }])

    await world.clearFaults()
    await world.advance('1m')
    await world.settled()
    expect(await world.role(role)).toBeUndefined()
    expect(await metric()).toContain('daypass_grants_not_removed{repository="1002"} 0\n')
    expect(await issues()).toMatchObject([{ state: 'closed' }])
  })

  test('that somebody put into an instance profile holds up neither the word of its end nor the receipt', async () => {
    const { unprotected } = world.repositories
    const path = `${FOLDER}/held.yaml`
    const request = await world.grant({ login: 'alice' }, unprotected, path, requestYaml({ duration: '30m' }))
    const role = (await world.roleOf(request)) ?? ''
    const held = { kind: 'status', status: 409, code: 'DeleteConflict' }
    await world.order({ service: 'aws', caller: 'app', action: 'iam:DeleteRole', fault: held })
    await world.advance('30m')
    await world.settled()

    expect(await world.comment(request)).toContain('Access ended at')
    expect(await world.fileOnMain(unprotected, path)).toBeUndefined()
    expect(await world.appLog()).toContain('Take it out of its instance profile')
    expect(Object.keys((await world.role(role))?.policies ?? {})).toEqual(['daypass-ended'])

    await world.clearFaults()
    await world.advance('1m')
    await world.settled()
    expect(await world.role(role)).toBeUndefined()
  })
})

describe('a machine whose clock is fast by five minutes', () => {
  let world: TestWorld
  let clock: Server
  let request: MergedRequest
  let role: string
  const FAST = 5 * 60 * 1000
  let fastBy = 0

  beforeAll(async () => {
    // What the app goes by: the sandbox's clock, and something on top of it.
    clock = createServer((asked, response) => {
      const from = new URL(asked.url ?? '', 'http://localhost').searchParams.get('changed-from')
      const answer = () => response.end(JSON.stringify({ offset: fastBy }))
      if (from === null || Number(from) !== fastBy) answer()
      else setTimeout(answer, 200)
    })
    await new Promise<void>((resolve) => clock.listen(0, '127.0.0.1', resolve))
    const { port } = clock.address() as AddressInfo
    world = await startWorld({ appEnvironment: { DAYPASS_CLOCK_URL: `http://127.0.0.1:${port}/clock` } })
    request = await world.grant(
      { login: 'alice' },
      world.repositories.unprotected,
      `${FOLDER}/before.yaml`,
      requestYaml({ duration: '4m' }),
    )
    role = (await world.roleOf(request)) ?? ''
    await world.app('stop')
    fastBy = FAST
    await world.app('start')
    await world.settled()
  })
  afterAll(async () => {
    await world.close()
    clock.close()
    clock.closeAllConnections()
  })

  test('does not end what AWS goes on to allow', async () => {
    expect(
      await world.readAs('alice', request, 'customer-exports', 'exports/2026/11/orders.csv'),
    ).toMatchObject({
      kind: 'allowed',
    })
  })

  test('grants nothing, and says so where it is waited for', async () => {
    const opened = await world.openRequest(
      'alice',
      world.repositories.unprotected,
      `${FOLDER}/waits.yaml`,
      requestYaml({}),
    )
    await world.settled()
    await world.approve('olivia', opened)
    await world.merge('olivia', opened)
    await world.settled()

    expect(await world.comment(opened)).toMatch(/is (?:4m5\ds|5m\d?s?) fast, so nothing is granted by it/)
    expect(await world.appLog()).toContain('ClockWrong')
    expect(await world.roles()).toEqual([role])
    fastBy = 0
    await world.app('stop')
    await world.app('start')
    await world.settled()
    expect(await world.comment(opened)).toContain('**Access is open until')
  })
})
