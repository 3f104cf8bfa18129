/** The app is not alone: a second process on the same repositories, and somebody at a terminal who ends everything. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../src/sandbox/http.ts'
import { named } from '../../src/sandbox/tour-people.ts'
import { runAlone } from '../cli/run-cli.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))
const FOLDER = 'access-requests/prod/customer-exports'

let directory: string
let world: TestWorld
let environment: Readonly<Record<string, string>>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daypass-test-'))
  world = await startWorld({ isAlone: true })
  environment = world.appEnvironment
})
afterAll(async () => {
  await world.close()
  await rm(directory, { recursive: true })
})

describe('two processes on the same repositories', () => {
  let other: ChildProcess
  let url: string
  let request: MergedRequest

  /** Both have come to rest. */
  async function rest(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await world.settled()
      const health = await fetch(`${url}/healthz`).then(
        (answer) => answer.json() as Promise<{ idle: boolean }>,
        () => ({ idle: false }),
      )
      quiet = health.idle ? quiet + 1 : 0
      await pause(50)
    }
  }

  beforeAll(async () => {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const path = `${FOLDER}/twice.yaml`
    const opened = await world.openRequest(
      'alice',
      world.repositories.unprotected,
      path,
      requestYaml({ duration: '30m' }),
    )
    await world.settled()
    await world.approve('olivia', opened)
    const merged = await world.mergeAs('olivia', opened, 'merge')
    // It looks at everything as soon as it is up, as the first one does for the merge.
    other = spawn(process.execPath, [SERVER], {
      env: { ...environment, PORT: String(port) },
      stdio: 'ignore',
    })
    await rest()
    request = merged
  }, 60_000)
  afterAll(async () => {
    other.kill('SIGTERM')
    if (other.exitCode === null) await once(other, 'exit')
  })

  const said = async () => {
    const { data } = await world.github('root').issues.listComments({
      ...named(request.repository),
      issue_number: request.pull,
    })
    return data.filter(({ user }) => user?.type === 'Bot').map(({ body }) => body)
  }
  const records = async () => {
    const { data } = await world
      .github('root')
      .checks.listForRef({ ...named(request.repository), ref: request.sha, check_name: 'Daypass / grant' })
    return data.check_runs
      .map(({ external_id }) => external_id?.split(':')[0])
      .filter((id) => id !== 'double')
  }

  test('grant once, in one role, with one record and one comment', async () => {
    expect(await world.roles()).toHaveLength(1)
    expect(await records()).toEqual(['granted'])
    expect(await said()).toEqual([expect.stringContaining('**Access is open until')])
    expect(
      await world.readAs('alice', request, 'customer-exports', 'exports/2026/11/orders.csv'),
    ).toMatchObject({ kind: 'allowed' })
  })

  test('end it at the same second, once, with one receipt', async () => {
    await world.advance('30m')
    await rest()

    expect(await world.roles()).toEqual([])
    expect(await records()).toEqual(['ended'])
    expect(await said()).toEqual([expect.stringContaining('**Access ended at')])
    expect(await world.reverts(request.repository)).toMatchObject([{ state: 'closed' }])
    expect(await world.fileOnMain(request.repository, request.path)).toBeUndefined()
    expect(await world.removals(request.repository, request.path)).toEqual([
      expect.stringContaining('Daypass-'),
    ])
  })
})

test('what somebody ends from AWS alone stays ended, and the running app tells so and takes the file out', async () => {
  const { protected: repository } = world.repositories
  const request = await world.grant({ login: 'alice' }, repository, `${FOLDER}/stopped.yaml`, requestYaml({}))
  const role = (await world.roleOf(request)) ?? ''
  expect(await world.assume('alice', role)).toMatchObject({ kind: 'allowed' })
  const ended = await runAlone(
    ['end-all', '--operator', environment.DAYPASS_OPERATOR_FILE ?? '', '--repository', repository, '--yes'],
    { cwd: directory, env: environment },
  )
  expect(ended).toMatchObject({ code: 0 })
  expect(await world.assume('alice', role)).toMatchObject({ kind: 'denied' })

  // No event tells of it: the next look finds it.
  await world.advance('6m')
  await world.settled()
  expect(await world.comment(request)).toMatch(/\*\*Access ended at .*\*\* because .*whoever runs Daypass/)
  expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
  expect(await world.assume('alice', role)).toMatchObject({ kind: 'denied' })
})
