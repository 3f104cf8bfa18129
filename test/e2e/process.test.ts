import { execFile } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from 'js-yaml'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))
const FOLDER = 'access-requests/prod/customer-exports'

let directory: string
let world: TestWorld
let environment: Readonly<Record<string, string>>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-test-'))
  world = await startWorld({ isAlone: true, appEnvironment: { LOG_LEVEL: 'trace' } })
  environment = world.appEnvironment
})

afterAll(async () => {
  await world.close()
  await rm(directory, { recursive: true })
})

interface Ended {
  readonly code: number | string | undefined
  readonly said: string
}

/** Runs the server with this environment alone, until it ends. */
function run(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH, ...env }, timeout: 50_000 }
    execFile(process.execPath, [SERVER, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? undefined) : 0, said: stdout + stderr }),
    )
  })
}

describe('started on real GitHub and AWS', () => {
  test('with settings missing and wrong, it names them all and does not start', async () => {
    const { code, said } = await run({
      APP_ID: 'Iv23-not-a-number',
      PRIVATE_KEY: 'hunter2',
      PORT: '99999999',
      DAYPASS_EVENTS_FILE: join(directory, 'nowhere', 'events.jsonl'),
    })

    expect(code).toBe(1)
    for (const name of [
      'APP_ID',
      'PRIVATE_KEY',
      'WEBHOOK_SECRET',
      'DAYPASS_OPERATOR_FILE',
      'PORT',
      'DAYPASS_EVENTS_FILE',
    ])
      expect(said).toMatch(new RegExp(`^  ${name}: `, 'm'))
    expect(said).not.toContain('hunter2')
  })

  test('on a port where another program listens, it says so and ends', async () => {
    const { code, said } = await run(environment)

    expect(code).toBe(1)
    expect(said).toContain(
      `Can't listen on 127.0.0.1 port ${environment.PORT}: another program listens there.`,
    )
    expect(said).not.toContain('    at ')
  })

  test('in production nothing at all starts the sandbox', async () => {
    const silent = await run({ NODE_ENV: 'production' })
    const asked = await run({ NODE_ENV: 'production' }, '--no-tour')

    expect(silent).toMatchObject({ code: 1, said: expect.stringContaining('WEBHOOK_SECRET is not set') })
    expect(asked).toMatchObject({ code: 1, said: expect.stringContaining('NODE_ENV=production') })
  })
})

const WEBHOOKS = '/api/github/webhooks'

interface Delivery {
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

async function deliver({ body, headers = {} }: Delivery): Promise<number> {
  const response = await fetch(world.ready.app.url + WEBHOOKS, { method: 'POST', body, headers })
  await response.arrayBuffer()
  return response.status
}

function signed(body: string, secret: string, event = 'push'): Delivery {
  const headers = {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  }
  return { body, headers }
}

async function callsOfApp(): Promise<number> {
  return (await world.calls()).filter(({ caller }) => caller === 'app').length
}

describe('a webhook', () => {
  const push = JSON.stringify({ ref: 'refs/heads/main', repository: { id: 1001 } })

  beforeEach(async () => {
    await world.settled()
    await world.clearCalls()
  })

  test('without a signature, or with one of another secret, is refused and wakes nothing', async () => {
    const genuine = signed(push, environment.WEBHOOK_SECRET ?? '')
    const refused = [
      await deliver({ body: push }),
      await deliver(signed(push, 'not the secret at all')),
      await deliver({ ...genuine, body: push.replace('1001', '1002') }),
    ]
    await world.settled()

    expect(refused).toEqual([400, 401, 401])
    expect(await callsOfApp()).toBe(0)
  })

  test('that is signed wakes the loop, and doubled it changes nothing', async () => {
    const genuine = signed(push, environment.WEBHOOK_SECRET ?? '')
    const taken = await Promise.all([deliver(genuine), deliver(genuine), deliver(genuine)])
    await world.settled()

    expect(taken).toEqual([202, 202, 202])
    expect(await callsOfApp()).toBeGreaterThan(0)
    const writes = (await world.calls()).filter(
      ({ caller, service, method }) => caller === 'app' && service === 'github' && method !== 'GET',
    )
    expect(writes).toEqual([])
  })

  test('of a repository that was changed has the app ask anew where it is, and which branch is its own', async () => {
    const edited = JSON.stringify({ action: 'edited', repository: { id: 1001 } })
    await deliver(signed(edited, environment.WEBHOOK_SECRET ?? '', 'repository'))
    await world.settled()

    const asked = (await world.calls()).map(({ target }) => target)
    expect(asked).toContainEqual(expect.stringMatching(/\/installation\/repositories/))
  })

  test('that is signed and makes no sense does no harm', async () => {
    const secret = environment.WEBHOOK_SECRET ?? ''
    for (const body of ['{', 'null', '[]', '{"repository":{"id":"1001"}}', '{"repository":null}'])
      expect(await deliver(signed(body, secret))).toBeLessThanOrEqual(500)
    await world.settled()

    expect((await fetch(`${world.ready.app.url}/healthz`)).status).toBe(200)
  })

  test('with a body beyond what GitHub sends is refused before it is read', async () => {
    const tooLarge = 26 * 1024 * 1024
    const { headers = {} } = signed('', environment.WEBHOOK_SECRET ?? '')
    const status = await new Promise((resolve, reject) => {
      const call = httpRequest(world.ready.app.url + WEBHOOKS, {
        method: 'POST',
        headers: { ...headers, 'content-length': tooLarge },
      })
      call.on('response', (response) => {
        resolve(response.statusCode)
        call.destroy()
      })
      call.on('error', reject)
      call.write('{')
    })

    expect(status).toBe(413)
  })
})

test('what many send at once, signed by nobody, is cut off beyond what the process can hold, and GitHub is heard', async () => {
  const { headers = {} } = signed('', environment.WEBHOOK_SECRET ?? '')
  const size = 24 * 1024 * 1024
  const half = Buffer.alloc(size, ' ')
  const begun = [1, 2, 3].map(() => {
    const call = httpRequest(world.ready.app.url + WEBHOOKS, {
      method: 'POST',
      headers: { ...headers, 'content-length': size + 1 },
    })
    const cutOff = new Promise((resolve) => call.on('error', resolve).on('response', resolve))
    call.write(half)
    return { call, cutOff }
  })
  await Promise.race(begun.map(({ cutOff }) => cutOff))

  const genuine = signed(JSON.stringify({}), environment.WEBHOOK_SECRET ?? '', 'ping')
  expect(await deliver(genuine)).toBe(202)
  for (const { call } of begun) call.destroy()
})

test('elsewhere it answers only how it is', async () => {
  const { url } = world.ready.app

  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({
    idle: expect.any(Boolean),
    now: expect.any(String),
  })
  expect((await fetch(url)).status).toBe(404)
  expect((await fetch(url + WEBHOOKS)).status).toBe(404)
})

test('the app holds exactly what its manifest asks for', async () => {
  const manifest = load(await readFile(new URL('../../app.yml', import.meta.url), 'utf8')) as {
    default_permissions: unknown
  }
  const tokens = world.exchanges.flatMap((exchange) =>
    exchange.kind === 'rest' && exchange.path.endsWith('/access_tokens') ? [exchange.responseBody] : [],
  )

  expect(tokens.length).toBeGreaterThan(0)
  for (const token of tokens) expect(token).toMatchObject({ permissions: manifest.default_permissions })
})

test('told to end, it finishes what it is at and leaves nothing half done', async () => {
  const { protected: repository } = world.repositories
  const request = await world.openRequest('alice', repository, `${FOLDER}/drained.yaml`, requestYaml({}))
  await world.settled()
  await world.approve('olivia', request)
  await world.settled()
  const ended = world.endAfter(
    'stop',
    ({ method, path }) => method === 'POST' && path.endsWith('/check-runs'),
  )
  await world.merge('olivia', request)
  await ended

  expect(await world.comment(request)).toContain('**Access is open until')
  expect(
    await world.readAs('alice', request, 'customer-exports', 'exports/2026/11/orders.csv'),
  ).toMatchObject({
    kind: 'allowed',
  })
  await expect(fetch(`${world.ready.app.url}/healthz`)).rejects.toThrow()
  await world.app('start')
  await world.settled()
})
