import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseOperatorFile } from '../../src/operator-file.ts'
import { runCommand } from '../../src/sandbox/app-process.ts'
import { writeReadyFile } from '../../src/sandbox/ready.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { createPeople, named } from '../../src/sandbox/tour-people.ts'

const STAND_IN = fileURLToPath(new URL('../support/stand-in-app.mjs', import.meta.url))
const app = runCommand(process.execPath, [STAND_IN])

let sandbox: Sandbox
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-test-'))
  sandbox = await startSandbox({ app, dataDir: join(directory, 'data') })
})

afterAll(async () => {
  await sandbox.close()
  await rm(directory, { recursive: true })
})

test('says where everything is, and hands out the keys', () => {
  const { ready } = sandbox
  const key = { accessKeyId: expect.any(String), secretAccessKey: expect.any(String) }
  const token = expect.stringMatching(/^ghp_\w{36}$/)
  const url = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)

  expect(ready).toEqual({
    github: {
      url,
      repository: 'acme/access',
      unprotected: 'acme/access-open',
      tokens: { alice: token, bob: token, olivia: token, oscar: token, mallory: token, root: token },
    },
    aws: {
      endpoint: url,
      region: 'eu-central-1',
      accounts: { prod: { id: '111122223333' }, analytics: { id: '444455556666' } },
      keys: {
        alice: key,
        bob: { ...key, sessionToken: expect.any(String) },
        olivia: key,
        oscar: key,
        mallory: key,
        root: key,
      },
    },
    app: { url, receiptPublicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/) },
    control: { url },
  })
})

test('writes the ready file whole, for nobody else to read', async () => {
  const file = join(directory, 'ready.json')

  await writeReadyFile(file, sandbox.ready)

  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(sandbox.ready)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(directory)).toEqual(['data', 'ready.json'])
})

describe('the app', () => {
  test('runs with what an operator would set, and nothing else', async () => {
    const environment = (await (await fetch(`${sandbox.ready.app.url}/environment`)).json()) as Record<
      string,
      string
    >

    expect(environment).toMatchObject({
      GITHUB_API_URL: `${sandbox.ready.github.url}/api/v3`,
      AWS_ENDPOINT_URL: sandbox.ready.aws.endpoint,
      DAYPASS_CLOCK_URL: `${sandbox.ready.control.url}/clock`,
      PRIVATE_KEY: expect.stringContaining('BEGIN PRIVATE KEY'),
    })
    expect(Object.keys(environment).sort()).toMatchInlineSnapshot(`
      [
        "APP_ID",
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "DAYPASS_CLOCK_URL",
        "DAYPASS_OPERATOR_FILE",
        "DAYPASS_RECEIPT_KEY",
        "GITHUB_API_URL",
        "HOME",
        "HOST",
        "LOG_LEVEL",
        "PATH",
        "PORT",
        "PRIVATE_KEY",
        "WEBHOOK_SECRET",
      ]
    `)
  })

  test('is given both accounts in both repositories, and trusts the commits they began with', async () => {
    const operator = parseOperatorFile(
      'operator.yml',
      await readFile(join(directory, 'data/operator.yml'), 'utf8'),
    )
    const people = createPeople(sandbox.ready)
    const at = named(sandbox.ready.github.unprotected)
    const { data: history } = await people.github('root').repos.listCommits(at)

    expect(operator.ok && operator.value.get(1001)?.accounts.get('prod')).toEqual({
      alias: 'prod',
      id: '111122223333',
      partition: 'aws',
      region: 'eu-central-1',
      role: 'arn:aws:iam::111122223333:role/DaypassAccountRole',
      boundary: 'arn:aws:iam::111122223333:policy/DaypassBoundary',
    })
    expect(operator.ok && operator.value.get(1002)?.accounts.get('analytics')?.id).toBe('444455556666')
    expect(operator.ok && operator.value.get(1002)?.trustedCommit).toBe(history.at(-1)?.sha)
  })

  test('is killed and started again by the control', async () => {
    const { control, app } = sandbox.ready
    await fetch(`${control.url}/app/kill`, { method: 'POST' })
    await expect(fetch(`${app.url}/healthz`)).rejects.toThrow()

    await fetch(`${control.url}/app/start`, { method: 'POST' })

    expect((await fetch(`${app.url}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${control.url}/settled`)).json()).toEqual({ settled: true })
  })
})

describe('the people', () => {
  test('alice may open a request; only an owner can let it into the protected repository', async () => {
    const people = createPeople(sandbox.ready)
    const path = 'access-requests/prod/customer-exports/alice-1.yaml'
    const request = await people.openRequest(
      'alice',
      sandbox.ready.github.repository,
      path,
      'requester: alice\n',
    )

    await expect(people.approve('alice', request)).rejects.toMatchObject({ status: 422 })
    await expect(people.merge('alice', request)).rejects.toMatchObject({ status: 405 })
    await people.approve('olivia', request)
    // The app's check is required, and the app of this test never writes it.
    await expect(people.merge('olivia', request)).rejects.toMatchObject({ status: 405 })
  })

  test('anyone with write access may merge anything in the unprotected repository', async () => {
    const people = createPeople(sandbox.ready)
    const path = 'access-requests/prod/customer-exports/mallory-1.yaml'
    const request = await people.openRequest(
      'mallory',
      sandbox.ready.github.unprotected,
      path,
      'requester: mallory\n',
    )

    expect(await people.merge('mallory', request)).toMatchObject({
      sha: expect.stringMatching(/^[0-9a-f]{40}$/),
    })
  })
})

test('takes no directory in which there is something already', async () => {
  await expect(startSandbox({ dataDir: directory })).rejects.toThrow('is not empty')
})

test('comes down whole when the app does not come up', async () => {
  const broken = startSandbox({ app, appEnvironment: { STAND_IN: 'broken' } })

  await expect(broken).rejects.toThrow('APP_ID is missing')
})
