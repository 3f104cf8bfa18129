import { spawn } from 'node:child_process'
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gitLog } from '../support/git-log.ts'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))
const WITNESS = new URL('../support/secrets-witness.mjs', import.meta.url).href
const FOLDER = 'access-requests/prod/customer-exports'
const WEBHOOKS = '/api/github/webhooks'

/** What the app holds, makes or sends that nobody else may see. */
const KINDS = [
  'PRIVATE_KEY',
  'WEBHOOK_SECRET',
  'DAYPASS_RECEIPT_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'JWT',
  'installation token',
  'session token',
  'AWS secret key',
  'AWS signature',
  'webhook signature',
]

let directory: string
let world: TestWorld
let environment: Readonly<Record<string, string>>
/** Everything that the app said or wrote, by where. */
const written = new Map<string, string>()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-test-'))
  world = await startWorld({
    preload: WITNESS,
    appEnvironment: {
      WITNESS_TO: join(directory, 'secrets'),
      LOG_LEVEL: 'trace',
      DAYPASS_EVENTS_FILE: join(directory, 'events.jsonl'),
    },
  })
  environment = JSON.parse(await readFile(join(directory, 'secrets.environment'), 'utf8'))
})

afterAll(async () => {
  await world.close()
  await rm(directory, { recursive: true })
})

interface Seen {
  readonly kind: string
  readonly value: string
}

async function allSeen(): Promise<readonly Seen[]> {
  const lines = (await readFile(join(directory, 'secrets'), 'utf8')).trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Seen)
}

/** The kinds of secrets that a text holds: as they are, within JSON, in base 64, in an address, or a line of a key. */
function secretsIn(text: string, secrets: readonly Seen[]): string[] {
  return secrets
    .filter(({ value }) => formsOf(value).some((form) => text.includes(form)))
    .map(({ kind }) => kind)
}

function formsOf(secret: string): string[] {
  const lines = secret.split('\n').filter((line) => line.length >= 32 && !line.startsWith('-----'))
  const parts = lines.length > 0 ? lines : [secret]
  return parts.flatMap((part) => [
    part,
    JSON.stringify(part).slice(1, -1),
    encodeURIComponent(part),
    // The middle of it, whatever stands before.
    ...[0, 1, 2].map((offset) => Buffer.from(part.slice(offset)).toString('base64').slice(0, -4)),
  ])
}

/** What has the form of a secret, whosever it is. */
const SHAPES =
  /sha256=[0-9a-f]{64}|AWS4-HMAC-SHA256 Cred|\bSignature=[0-9a-f]{64}|[Bb]earer \w{8}|token gh|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[opsu]_\w{8}|\beyJ\w{8}/

async function deliver(headers: Readonly<Record<string, string>>, body: string): Promise<void> {
  const response = await fetch(world.ready.app.url + WEBHOOKS, { method: 'POST', headers, body })
  note('answers to webhooks', await response.text())
}

const note = (where: string, text: string) => written.set(where, `${written.get(where) ?? ''}\n${text}`)

function signed(body: string, secret: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  }
}

const PUSH = JSON.stringify({ ref: 'refs/heads/main', repository: { id: 1001 } })

async function wake(): Promise<void> {
  await deliver(signed(PUSH, environment.WEBHOOK_SECRET ?? ''), PUSH)
  await world.settled()
}

async function control(method: string, path: string, body?: object): Promise<unknown> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(world.ready.control.url + path, { method, ...sent })
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`)
  return response.json()
}

/** Lets each of these befall the next calls of the app, and wakes it until all have. */
async function suffer(service: 'github' | 'aws', faults: readonly object[]): Promise<void> {
  for (const fault of faults) await control('POST', '/faults', { service, times: 1, ...fault })
  const standing = async () => ((await control('GET', '/faults')) as { faults: unknown[] }).faults.length
  for (let tries = 0; tries < 20 && (await standing()) > 0; tries++) await wake()
  expect(await standing()).toBe(0)
}

/** Runs a second app with some settings changed until it said this, or ended. */
async function runWrongly(changes: Readonly<Record<string, string>>, until: RegExp): Promise<string> {
  const env = { ...environment, ...changes, PORT: '0' }
  const child = spawn(process.execPath, ['--import', WITNESS, SERVER], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const heard = (chunk: Buffer) => {
    said += chunk.toString()
    if (until.test(said)) child.kill('SIGTERM')
  }
  child.stdout.on('data', heard)
  child.stderr.on('data', heard)
  await new Promise((resolve) => child.once('close', resolve))
  note('the log of an app with wrong settings', said)
  return said
}

const failing = (status: number, code?: string) => ({ fault: { kind: 'status', status, code } })

describe('an app that meets failures of every kind', { timeout: 90_000 }, () => {
  test('grants and ends, with a receipt', async () => {
    const { unprotected: repository } = world.repositories
    const path = `${FOLDER}/secret.yaml`
    const request = await world.grant({ login: 'alice' }, repository, path, requestYaml({ duration: '30m' }))
    expect(await world.comment(request)).toContain('**Access is open until')
    note('IAM', JSON.stringify(await Promise.all((await world.roles()).map((arn) => world.role(arn)))))
    await world.advance('31m')
    await world.settled()
    expect(await world.comment(request)).toContain('**Access ended at')
  })

  test('is sent webhooks that are not signed, signed by another, altered, or make no sense', async () => {
    const genuine = signed(PUSH, environment.WEBHOOK_SECRET ?? '')
    await deliver({ 'content-type': 'application/json', 'x-github-event': 'push' }, PUSH)
    await deliver(signed(PUSH, 'not the secret at all'), PUSH)
    await deliver(genuine, PUSH.replace('1001', '1002'))
    await deliver({ ...genuine, 'x-hub-signature': genuine['x-hub-signature-256'] ?? '' }, PUSH)
    for (const body of ['{', 'null', '{"repository":null}'])
      await deliver(signed(body, environment.WEBHOOK_SECRET ?? ''), body)
    await world.settled()
  })

  test('is refused by GitHub, throttled, cut off and left without an answer', async () => {
    // What is tried again at once is followed by what is not: each repetition waits longer than the one before.
    await suffer('github', [
      failing(500),
      failing(401),
      failing(502),
      failing(403),
      { fault: { kind: 'reset' } },
      failing(404),
      { fault: { kind: 'answer-lost' } },
      failing(422),
      { fault: { kind: 'timeout', ms: 50 } },
      { fault: { kind: 'secondary-limit', retryAfter: 1 } },
    ])
    const tokens = { method: 'POST', path: '*/access_tokens' }
    await world.app('stop')
    await control('POST', '/faults', { service: 'github', times: 1, ...tokens, ...failing(403) })
    await world.app('start')
    await world.settled()
  })

  test('has its writes refused', async () => {
    for (const status of [403, 422]) {
      await control('POST', '/faults', { service: 'github', times: 1, method: 'POST', ...failing(status) })
      const path = `${FOLDER}/refused-${status}.yaml`
      await world.openRequest('alice', world.repositories.unprotected, path, requestYaml({}))
      await world.settled()
    }
    await control('DELETE', '/faults')
    await wake()
  })

  test('is refused by AWS, throttled, cut off and left without an answer', async () => {
    await suffer('aws', [
      failing(403, 'AccessDenied'),
      failing(403, 'ExpiredToken'),
      failing(403, 'InvalidClientTokenId'),
      failing(403, 'SignatureDoesNotMatch'),
      failing(409, 'LimitExceeded'),
      failing(500, 'InternalFailure'),
      { fault: { kind: 'throttle' } },
      { fault: { kind: 'reset' } },
      { fault: { kind: 'answer-lost' } },
      { fault: { kind: 'timeout', ms: 50 } },
    ])
    expect(await world.appLog()).toContain('Could not list the grants of an account')
  })

  test('is started with a wrong key of each kind', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const turned = (text = '') => `${text.slice(0, -8)}${[...text.slice(-8)].reverse().join('')}`
    const secret = turned(environment.AWS_SECRET_ACCESS_KEY)
    const token = turned(environment.AWS_SESSION_TOKEN)
    const half = environment.PRIVATE_KEY?.slice(0, 800) ?? ''
    const refused = /Could not list the grants of an account/
    const [stranger, other, broken] = await Promise.all([
      runWrongly({ PRIVATE_KEY: pem, AWS_SECRET_ACCESS_KEY: secret }, refused),
      runWrongly({ APP_ID: '4711', AWS_SESSION_TOKEN: token }, refused),
      runWrongly({ PRIVATE_KEY: half }, refused),
    ])
    expect(stranger).toContain('does not match the signature you provided')
    expect(other).toContain('The security token included in the request is invalid')
    for (const said of [stranger, other]) expect(said).toContain('Could not find the repository on GitHub')
    expect(broken).toContain('PRIVATE_KEY is not an RSA key')
  })
})

describe('of all that it wrote', () => {
  let secrets: readonly Seen[]

  beforeAll(async () => {
    note('the log', await world.appLog())
    note('the event stream', await readFile(join(directory, 'events.jsonl'), 'utf8'))
    const { protected: one, unprotected: other } = world.repositories
    for (const repository of [one, other])
      note(
        'git',
        (await gitLog(world.ready.github, repository, ['-p', '--all', '--format=fuller'])).join('\n'),
      )
    const told = world.exchanges.filter(
      (exchange) => exchange.kind !== 'rest' || !exchange.path.endsWith('/access_tokens'),
    )
    note('checks, comments, pull requests and whatever else went to and from GitHub', JSON.stringify(told))
    note('health', await (await fetch(`${world.ready.app.url}/healthz`)).text())
    secrets = await allSeen()
  })

  test('the search knows every secret that it could find, and would find it in any form', () => {
    expect([...new Set(secrets.map(({ kind }) => kind))].sort()).toEqual([...KINDS].sort())
    for (const { kind, value } of secrets) {
      expect(value.length, kind).toBeGreaterThanOrEqual(32)
      for (const text of [
        `x${value}y`,
        JSON.stringify({ value }),
        `?a=${encodeURIComponent(value)}`,
        Buffer.from(`xy${value}`).toString('base64'),
      ])
        expect(secretsIn(text, [{ kind, value }]), kind).toEqual([kind])
    }
  })

  test('it looks at everything: nothing of it is empty', () => {
    expect([...written.keys()]).toHaveLength(8)
    for (const [where, text] of written) expect(text.length, where).toBeGreaterThan(20)
    expect(written.get('git')).toContain('Daypass-')
  })

  test('nothing holds a secret, a token or a signature', () => {
    const leaks = [...written].flatMap(([where, text]) =>
      secretsIn(text, secrets).map((kind) => `${kind} in ${where}`),
    )
    expect([...new Set(leaks)]).toEqual([])
  })

  test('nothing looks like one either, whosever it is', () => {
    for (const [where, text] of written) expect(SHAPES.exec(text)?.[0], where).toBeUndefined()
  })
})
