import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { createAppProcess, runCommand } from '../../src/sandbox/app-process.ts'
import { iamSettings } from '../../src/sandbox/aws/consistency.ts'
import { createWorld } from '../../src/sandbox/aws/world.ts'
import { createCallLog } from '../../src/sandbox/calls.ts'
import { createClock } from '../../src/sandbox/clock.ts'
import { startControl } from '../../src/sandbox/control.ts'
import { createFaults } from '../../src/sandbox/faults.ts'
import type { DeliveryMode } from '../../src/sandbox/github/webhooks.ts'
import { freePort } from '../../src/sandbox/http.ts'

const STAND_IN = fileURLToPath(new URL('../support/stand-in-app.mjs', import.meta.url))
const ACCOUNT = {
  name: 'prod',
  id: '111122223333',
  users: [],
  roles: [],
  managedPolicies: [],
  buckets: [],
  keys: [],
}
const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startStandIn({ standIn = 'idle', pending = 0 } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'daypass-control-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const clock = createClock()
  const calls = createCallLog()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const app = await createAppProcess({
    run: runCommand(process.execPath, [STAND_IN]),
    environment: () => ({ PORT: String(port), DAYPASS_CLOCK_URL: `${control.url}/clock`, STAND_IN: standIn }),
    directory,
    url,
    logFile: join(directory, 'app.log'),
  })
  const control = await startControl({
    clock,
    calls,
    app,
    pendingDeliveries: () => pending,
    faults: createFaults(),
    deliveries: deliveryOrder(),
    accounts: { rename: () => undefined, join: () => undefined },
    iam: iamSettings(createWorld({ region: 'eu-central-1', accounts: [ACCOUNT] }, clock)),
    settleWithinMs: 400,
  })
  cleanups.push(control.close)
  cleanups.push(app.kill)
  return { url, control: control.url, clock, calls, app, logFile: join(directory, 'app.log') }
}

function deliveryOrder() {
  let current: DeliveryMode = 'normal'
  return {
    mode: () => current,
    setMode(mode: DeliveryMode) {
      current = mode
    },
  }
}

function post(url: string, body?: unknown, headers: Record<string, string> = {}) {
  return fetch(url, { method: 'POST', headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
}

async function json(response: Response | Promise<Response>): Promise<unknown> {
  return (await response).json()
}

test('shows the time, sets it and advances it', async () => {
  const { control } = await startStandIn()

  await post(`${control}/clock`, { set: '2030-01-01T00:00:00Z' })
  const advanced = await json(post(`${control}/clock`, { advance: '1d2h' }))
  const shown = await json(fetch(`${control}/clock`))

  expect(advanced).toMatchObject({ now: expect.stringMatching(/^2030-01-02T02:00:0/) })
  expect(shown).toMatchObject({
    now: expect.stringMatching(/^2030-01-02T02:00:0/),
    offset: expect.any(Number),
  })
})

test('lets a follower of the clock wait for the next move', async () => {
  const { control, clock } = await startStandIn()
  const waiting = json(fetch(`${control}/clock?changed-from=${clock.offset()}`))

  await post(`${control}/clock`, { advance: '4h' })

  expect(await waiting).toMatchObject({ offset: clock.offset() })
  expect(await json(fetch(`${control}/clock?changed-from=0`))).toMatchObject({ offset: clock.offset() })
})

test.each([
  { advance: '4 hours' },
  { advance: '' },
  { advance: '-1h' },
  { advance: '999999999d' },
  { set: '2026-02-30T00:00:00Z' },
  { set: 'tomorrow' },
  { set: '2026-11-24T09:00:00Z', advance: '1h' },
  {},
  'no object',
])('refuses to move the clock by %j, in a sentence', async (body) => {
  const { control, clock } = await startStandIn()

  const response = await post(`${control}/clock`, body)

  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({ message: expect.stringMatching(/^[A-Z].*\.$/) })
  expect(clock.offset()).toBe(0)
})

test('refuses a page of another site, whatever name it gives this machine', async () => {
  const { control, clock } = await startStandIn()

  const fromElsewhere = await post(`${control}/clock`, { advance: '4h' }, { origin: 'https://evil.example' })
  const fromItself = await post(`${control}/clock`, { advance: '1h' }, { origin: control })

  expect(fromElsewhere.status).toBe(403)
  expect(fromItself.status).toBe(200)
  expect(clock.offset()).toBeLessThanOrEqual(3_600_000)
})

test('starts the app, stops it and kills it', async () => {
  const { control, url, app } = await startStandIn()

  expect(await json(post(`${control}/app/start`))).toEqual({ app: 'up' })
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(await json(post(`${control}/app/stop`))).toEqual({ app: 'down' })
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  await Promise.all([post(`${control}/app/start`), post(`${control}/app/start`)])
  expect(app.state()).toEqual({ kind: 'up' })
  expect(await json(post(`${control}/app/kill`))).toEqual({ app: 'down' })
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
})

test('kills the app while it starts', async () => {
  const { app } = await startStandIn()
  const starting = app.start()

  await app.kill()

  await expect(starting).rejects.toThrow('ended while it started')
  expect(app.state()).toEqual({ kind: 'down' })
})

test('gives the app no environment but its own', async () => {
  const { app, url } = await startStandIn()
  await app.start()

  const environment = (await json(fetch(`${url}/environment`))) as object

  expect(Object.keys(environment).sort()).toEqual(['DAYPASS_CLOCK_URL', 'PORT', 'STAND_IN'])
})

test('says with the end of its log why an app does not come up', async () => {
  const { control, logFile } = await startStandIn({ standIn: 'broken' })

  const response = await post(`${control}/app/start`)

  expect(response.status).toBe(502)
  expect(await response.json()).toEqual({
    message: 'the app ended with code 1; its log ends:\nAPP_ID is missing',
  })
  expect(await readFile(logFile, 'utf8')).toBe('APP_ID is missing\n')
})

test('is settled when the app is idle at the time of the sandbox, also after a jump', async () => {
  const { control, app } = await startStandIn()
  await app.start()
  await post(`${control}/clock`, { advance: '30d' })

  expect(await json(fetch(`${control}/settled`))).toEqual({ settled: true })
})

test('is settled while the app is down', async () => {
  const { control } = await startStandIn()

  expect(await json(fetch(`${control}/settled`))).toEqual({ settled: true })
})

test('is not settled while the app works', async () => {
  const { control, app } = await startStandIn({ standIn: 'busy' })
  await app.start()

  const response = await fetch(`${control}/settled`)

  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({ settled: false, moving: ['the app is at work'] })
})

test('is not settled while the app has an older time', async () => {
  const { control, app, clock } = await startStandIn({ standIn: 'stuck' })
  await app.start()
  clock.set(Date.parse('2031-01-01T00:00:00Z'))

  expect(await json(fetch(`${control}/settled`))).toEqual({
    settled: false,
    moving: ["the app has not followed the sandbox's clock yet"],
  })
})

test('is not settled while a webhook or a call is under way', async () => {
  const { control, calls } = await startStandIn({ pending: 2 })
  calls.begin({ service: 'aws', method: 'POST', target: '/' })

  expect(await json(fetch(`${control}/settled`))).toEqual({
    settled: false,
    moving: ['webhook deliveries not answered yet: 2', 'calls in flight: 1'],
  })
})

test('is not settled after the app crashed, and says how it ended', async () => {
  const { control, app, url } = await startStandIn()
  await app.start()
  await fetch(`${url}/crash`).catch(() => {})

  await expect.poll(() => app.state().kind).toBe('crashed')
  expect(await json(fetch(`${control}/settled`))).toMatchObject({
    moving: [expect.stringContaining('the app ended with code 3')],
  })
  expect(await json(post(`${control}/app/start`))).toEqual({ app: 'up' })
})

test('lists the calls with who waited for whom, and forgets them when told to', async () => {
  const { control, calls } = await startStandIn()
  const first = calls.begin({ service: 'github', method: 'GET', target: '/repos/acme/access' })
  first.by('app')
  first.end(200)
  const second = calls.begin({ service: 'aws', method: 'POST', target: '/' })
  second.by('app')
  second.at('iam:ListRoles')
  second.end(200)

  const listed = await json(fetch(`${control}/calls`))
  const forgotten = await fetch(`${control}/calls`, { method: 'DELETE' })

  expect(listed).toMatchObject([
    { sequence: 1, caller: 'app', target: '/repos/acme/access', after: 0, status: 200 },
    { sequence: 2, caller: 'app', target: 'iam:ListRoles', after: 1, status: 200 },
  ])
  expect(forgotten.status).toBe(204)
  expect(await json(fetch(`${control}/calls`))).toEqual([])
})

test('answers what it does not know with what there is', async () => {
  const { control } = await startStandIn()

  const response = await post(`${control}/calls`)

  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({ message: expect.stringContaining('GET /calls') })
})

describe('trouble', () => {
  const latency = { service: 'github', path: '/repos/*', fault: { kind: 'latency', ms: 5 } }

  const NO_TROUBLE = {
    faults: [],
    webhooks: 'normal',
    iam: { delay: '0s', rolesQuotas: { prod: 1000 } },
  }

  test("sets how long IAM takes to follow, and each account's quota of roles", async () => {
    const { control } = await startStandIn()

    expect(await json(post(`${control}/iam`, { delay: '1m30s' }))).toMatchObject({ delay: '90s' })
    expect(await json(post(`${control}/iam`, { rolesQuota: 3 }))).toMatchObject({ rolesQuotas: { prod: 3 } })
    expect(await json(fetch(`${control}/iam`))).toEqual({ delay: '90s', rolesQuotas: { prod: 3 } })
  })

  test('is listed as it stands, and cleared at once, the webhooks and the delay of IAM too', async () => {
    const { control } = await startStandIn()
    await post(`${control}/faults`, latency)
    await post(`${control}/faults`, {
      service: 'aws',
      action: 'iam:Put*',
      times: 2,
      fault: { kind: 'reset' },
    })
    await post(`${control}/webhooks`, { deliver: 'twice' })
    await post(`${control}/iam`, { delay: '10s' })

    const listed = await json(fetch(`${control}/faults`))
    const cleared = await json(fetch(`${control}/faults`, { method: 'DELETE' }))

    expect(listed).toEqual({
      faults: [
        { id: 1, ...latency, caller: 'app', met: 0 },
        {
          id: 2,
          service: 'aws',
          action: 'iam:Put*',
          times: 2,
          fault: { kind: 'reset' },
          caller: 'app',
          met: 0,
        },
      ],
      webhooks: 'twice',
      iam: { delay: '10s', rolesQuotas: { prod: 1000 } },
    })
    expect(cleared).toEqual(NO_TROUBLE)
    expect(await json(fetch(`${control}/webhooks`))).toEqual({ deliver: 'normal' })
  })

  test.each([
    ['/faults', { ...latency, action: 'iam:PutRolePolicy' }],
    ['/faults', { service: 'aws', fault: { kind: 'secondary-limit' } }],
    ['/faults', { ...latency, fault: { kind: 'earthquake' } }],
    ['/faults', { ...latency, times: 0 }],
    ['/faults', 'trouble'],
    ['/webhooks', { deliver: 'sometimes' }],
    ['/iam', { delay: 'soon' }],
    ['/iam', { rolesQuota: -1 }],
    ['/iam', {}],
  ])('is refused at %s where it makes no sense: %j', async (path, body) => {
    const { control } = await startStandIn()

    const response = await post(`${control}${path}`, body)

    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      message: expect.stringMatching(/^(This is no fault|Send|A duration).*\.$/),
    })
    expect(await json(fetch(`${control}/faults`))).toEqual(NO_TROUBLE)
  })
})
