import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AttachRolePolicyCommand, CreateRoleCommand } from '@aws-sdk/client-iam'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccessEvent } from '../../src/core/event.ts'
import { named } from '../../src/sandbox/tour-people.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const RULES = '.github/daypass.yml'

let directory: string
let file: string
let world: TestWorld
let repository: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'daypass-events-'))
  file = join(directory, 'events.jsonl')
  world = await startWorld({ isAlone: true, appEnvironment: { DAYPASS_EVENTS_FILE: file } })
  repository = world.repositories.unprotected
})

afterAll(async () => {
  await world.close()
  rmSync(directory, { recursive: true })
})

function linesOf(text: string): readonly AccessEvent[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AccessEvent)
}

const told = () => linesOf(readFileSync(file, 'utf8'))

/** What was told of one request. */
function lifeOf({ path, pull }: { readonly path: string; readonly pull: number }): readonly AccessEvent[] {
  return told().filter(
    (event) => 'request' in event && event.request.path === path && event.request.pull === pull,
  )
}

const kindsOf = (events: readonly AccessEvent[]) => events.map(({ event }) => event)

const grant = (name: string, duration = '4h') =>
  world.grant({ login: 'alice' }, repository, `${FOLDER}/${name}.yaml`, requestYaml({ duration }))

const nameOf = (role = '') => role.slice(role.lastIndexOf('/') + 1)

describe('the life of a request that was approved, altered and is over', () => {
  let request: MergedRequest
  let role: string | undefined

  beforeAll(async () => {
    request = await grant('whole-life')
    role = await world.roleOf(request)
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
    await world.iam('root').send(new AttachRolePolicyCommand({ RoleName: nameOf(role), PolicyArn }))
    await world.advance('1h')
    await world.settled()
    await world.advance('4h')
    await world.settled()
  })

  test('is told in exactly these lines', () => {
    const { path, pull } = request
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const until = new Date(request.mergedAt + 4 * 3_600_000).toISOString().replace('.000', '')
    const common = {
      version: 1,
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      at,
      repository: { id: expect.any(Number), name: repository },
      request: { id: nameOf(role).slice(-20), path, pull, blob: expect.stringMatching(/^[0-9a-f]{40}$/) },
      account: { alias: 'prod', id: world.ready.aws.accounts.prod?.id },
    }
    const place = { ...common, bucket: 'customer-exports' }
    const alice = { login: 'alice', id: expect.any(Number) }
    const olivia = { login: 'olivia', id: expect.any(Number) }
    const window = { from: new Date(request.mergedAt).toISOString().replace('.000', ''), until }
    expect(lifeOf(request)).toEqual([
      {
        ...place,
        event: 'approved',
        requester: alice,
        reason: expect.any(String),
        access: 'read',
        prefixes: ['exports/2026/11/'],
        window,
        approvals: [{ ...olivia, commit: request.head, at }],
        mergedBy: olivia,
      },
      { ...place, event: 'granted', requester: alice, role, window },
      {
        ...common,
        event: 'repaired',
        role,
        found: [expect.stringContaining('AdministratorAccess')],
      },
      { ...place, event: 'ended', role, window, endedAt: until, because: 'expired' },
    ])
  })
})

test('an end before its time says who ended it', async () => {
  const request = await grant('given-back')
  const comment = { ...named(repository), issue_number: request.pull, body: '/daypass revoke' }
  await world.github('alice').issues.createComment(comment)
  await world.settled()

  const life = lifeOf(request)
  expect(kindsOf(life)).toEqual(['approved', 'granted', 'ended'])
  expect(life[2]).toMatchObject({ because: 'given-back', by: { login: 'alice' } })
})

test('a refusal is told once, whatever becomes of the file', async () => {
  const path = `${FOLDER}/nobody-approved.yaml`
  const request = await world.openRequest('mallory', repository, path, requestYaml({ requester: 'mallory' }))
  await world.settled()
  await world.merge('mallory', request)
  await world.settled()
  await world.advance('10m')
  await world.settled()

  const life = lifeOf(request)
  expect(kindsOf(life)).toEqual(['rejected'])
  expect(life[0]).toMatchObject({ code: expect.any(String), message: expect.stringMatching(/\.$/) })
})

test('a file that was pushed past everything is told of, though there is no pull request', async () => {
  const path = `${FOLDER}/pushed.yaml`
  await world.commit('mallory', repository, 'main', { [path]: requestYaml({ requester: 'mallory' }) })
  await world.settled()

  expect(kindsOf(lifeOf({ path, pull: 0 }))).toEqual(['rejected'])
})

test('what can not be judged yet is told with its reason, and the verdict when it comes', async () => {
  const rules = (await world.fileOnMain(repository, RULES)) ?? ''
  await world.land(repository, {
    branch: 'pause',
    files: { [RULES]: rules.replace('paused: false', 'paused: true') },
  })
  const request = await grant('while-paused')
  await world.land(repository, { branch: 'go-on', files: { [RULES]: rules } })

  const life = lifeOf(request)
  expect(kindsOf(life)).toEqual(['unknown', 'approved', 'granted'])
  expect(life[0]).toMatchObject({ code: 'paused' })
})

test('a role that nobody asked for is told of', async () => {
  const request = await grant('beside-a-stray')
  const role = (await world.roleOf(request)) ?? ''
  const path = role.slice(role.indexOf('/daypass/'), role.lastIndexOf('/') + 1)
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
  }
  const made = new CreateRoleCommand({
    Path: path,
    RoleName: 'nobodys',
    AssumeRolePolicyDocument: JSON.stringify(trust),
  })
  await world.iam('root').send(made)
  await world.advance('10m')
  await world.settled()

  const strays = told().filter(({ event }) => event === 'stray-denied')
  expect(strays).toMatchObject([{ role: `${role.slice(0, role.lastIndexOf('/'))}/nobodys` }])
})

describe('an app that is killed', () => {
  test('right after it recorded the verdict has told all of it once it is up again, doubles with the same id', async () => {
    const path = `${FOLDER}/killed.yaml`
    const request = await world.openRequest('alice', repository, path, requestYaml({ duration: '1h' }))
    await world.settled()
    await world.approve('olivia', request)
    const killed = world.endAfter(
      'kill',
      ({ method, path: to, requestBody }) =>
        method === 'POST' &&
        to.endsWith('/check-runs') &&
        JSON.stringify(requestBody).includes('Daypass / grant'),
    )
    await world.merge('olivia', request)
    await killed
    await world.app('start')
    await world.settled()
    const life = lifeOf(request)
    const once = new Map(life.map((event) => [event.id, event.event]))

    expect([...once.values()]).toEqual(['approved', 'granted'])
    expect(kindsOf(life).at(-1)).toBe('granted')
  })

  test('at rest tells nothing anew when it starts', async () => {
    const before = told().length
    await world.app('kill')
    await world.app('start')
    await world.settled()

    expect(told()).toHaveLength(before)
  })
})

describe('a stream that can not be written', () => {
  test('ends access all the same, shows the line in the log, and gets it when it can', async () => {
    const request = await grant('full-disk', '30m')
    const role = (await world.roleOf(request)) ?? ''
    const kept = `${file}.kept`
    renameSync(file, kept)
    mkdirSync(file)
    await world.advance('30m')
    await world.settled()

    expect((await world.assume('alice', role)).kind).toBe('denied')
    expect(await world.comment(request)).toContain('**Access ended at')
    const log = await world.appLog()
    expect(log).toContain('Could not write to the event stream')
    expect(log).toContain(`\\"event\\":\\"ended\\"`)

    rmdirSync(file)
    await world.advance('1m')
    await world.settled()
    expect(lifeOf(request)).toMatchObject([{ event: 'ended', role, because: 'expired' }])
    const rest = readFileSync(file, 'utf8')
    renameSync(kept, file)
    expect(
      linesOf(readFileSync(file, 'utf8') + rest).filter(({ event }) => event === 'ended').length,
    ).toBeGreaterThan(2)
  })

  test('is found when the app starts, which it does not do then', () => {
    const server = new URL('../../dist/server.js', import.meta.url).pathname
    const refusedAt = (path: string) =>
      spawnSync(process.execPath, [server], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, DAYPASS_EVENTS_FILE: path },
      })
    for (const path of [directory, '/dev/null']) {
      const { status, stderr } = refusedAt(path)
      expect(status, path).toBe(1)
      expect(stderr, path).toContain("The file that DAYPASS_EVENTS_FILE names can't be written (E")
    }
  })
})

describe('every line', () => {
  test('holds against the schema that the documentation has, and nobody else may read the file', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../docs/schemas/event.schema.json', import.meta.url), 'utf8'),
    )
    const validate = new Ajv({ allErrors: true }).compile(schema)
    for (const event of told()) expect(validate(event) ? [] : [event, validate.errors]).toEqual([])
    expect(new Set(kindsOf(told()))).toEqual(
      new Set(['approved', 'rejected', 'unknown', 'granted', 'ended', 'repaired', 'stray-denied']),
    )
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(existsSync(`${file}.kept`)).toBe(false)
  })
})
